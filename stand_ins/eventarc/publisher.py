"""The gRPC edge: the two methods of google.pubsub.v1.Publisher that a storage server's notifications use."""

import time
import uuid
from dataclasses import dataclass
from functools import partial

import grpc
import structlog
from google.api_core import exceptions
from google.pubsub_v1.types import GetTopicRequest, PublishRequest, PublishResponse, PubsubMessage, Topic

from stand_ins import google_grpc
from stand_ins.eventarc.outbox import Event, Outbox

FINALIZED = "OBJECT_FINALIZE"
log = structlog.get_logger()


@dataclass(frozen=True)
class Trigger:
    """Finalize events of ``bucket`` go to ``url``."""

    bucket: str
    url: str


def serve(server: grpc.Server, outbox: Outbox, triggers: list[Trigger]) -> None:
    """Start to answer."""
    methods: dict[str, google_grpc.Method] = {
        "Publish": (partial(_publish, outbox, triggers), PublishRequest, PublishResponse),
        "GetTopic": (lambda request: Topic(name=request.topic), GetTopicRequest, Topic),
    }
    google_grpc.serve(server, "google.pubsub.v1.Publisher", methods)


def _publish(outbox: Outbox, triggers: list[Trigger], request: PublishRequest) -> PublishResponse:
    """Answer only when every event that the messages cause is on disk."""
    for message in request.messages:
        if not {"eventType", "bucketId", "objectId", "eventTime"} <= set(message.attributes):
            raise exceptions.InvalidArgument(f"not a Cloud Storage notification: {dict(message.attributes)}")
    ids = [str(uuid.uuid4().int % 10**17) for _ in request.messages]  # Pub/Sub's are decimal numbers
    outbox.add([event for id_, m in zip(ids, request.messages, strict=True) for event in _events(id_, m, triggers)])
    return PublishResponse(message_ids=ids)


def _events(message_id: str, message: PubsubMessage, triggers: list[Trigger]) -> list[Event]:
    """One event for each trigger that a notification matches."""
    attributes, now = message.attributes, time.time()
    fields = {"id": message_id, "object": f"gs://{attributes['bucketId']}/{attributes['objectId']}"}
    if attributes["eventType"] != FINALIZED:
        log.info("ignored: not a finalize event", **fields, type=attributes["eventType"])
        return []
    urls = [trigger.url for trigger in triggers if trigger.bucket == attributes["bucketId"]]
    log.info("received", **fields, urls=urls)
    bucket, name, time_ = (attributes[key] for key in ("bucketId", "objectId", "eventTime"))
    return [Event(0, message_id, bucket, name, time_, message.data, url, now, 0, now, False, "") for url in urls]
