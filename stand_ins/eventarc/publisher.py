"""The gRPC edge: the two methods of google.pubsub.v1.Publisher that a storage server's notifications use."""

import time
import uuid
from dataclasses import dataclass

import grpc
import structlog
from google.pubsub_v1.types import GetTopicRequest, PublishRequest, PublishResponse, PubsubMessage, Topic

from stand_ins.eventarc.outbox import Event, Outbox

FINALIZED = "OBJECT_FINALIZE"
log = structlog.get_logger()


@dataclass(frozen=True)
class Trigger:
    """Finalize events of ``bucket`` go to ``url``."""

    bucket: str
    url: str


def serve(server: grpc.Server, outbox: Outbox, triggers: list[Trigger]) -> None:
    """Start to answer; Publish answers only when every event it causes is on disk."""

    def publish(request: PublishRequest, context: grpc.ServicerContext) -> PublishResponse:
        ids = [str(uuid.uuid4().int % 10**17) for _ in request.messages]  # Pub/Sub's are decimal numbers
        for message in request.messages:
            if not {"eventType", "bucketId", "objectId", "eventTime"} <= set(message.attributes):
                reason = f"not a Cloud Storage notification: attributes {dict(message.attributes)}"
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, reason)
        outbox.add([event for id_, m in zip(ids, request.messages, strict=True) for event in events(id_, m, triggers)])
        return PublishResponse(message_ids=ids)

    methods = {
        "Publish": grpc.unary_unary_rpc_method_handler(
            publish, request_deserializer=PublishRequest.deserialize, response_serializer=PublishResponse.serialize
        ),
        "GetTopic": grpc.unary_unary_rpc_method_handler(
            lambda request, _: Topic(name=request.topic),
            request_deserializer=GetTopicRequest.deserialize,
            response_serializer=Topic.serialize,
        ),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", methods)])
    server.start()


def events(message_id: str, message: PubsubMessage, triggers: list[Trigger]) -> list[Event]:
    """One event for each trigger that a notification matches."""
    attributes, now = message.attributes, time.time()
    fields = {"id": message_id, "object": f"gs://{attributes['bucketId']}/{attributes['objectId']}"}
    if attributes["eventType"] != FINALIZED:
        log.info("ignored: not a finalize event", **fields, type=attributes["eventType"])
        return []
    urls = [trigger.url for trigger in triggers if trigger.bucket == attributes["bucketId"]]
    log.info("received", **fields, urls=urls)
    return [
        Event(
            number=0,
            id=message_id,
            bucket=attributes["bucketId"],
            object=attributes["objectId"],
            event_time=attributes["eventTime"],
            data=message.data,
            url=url,
            received=now,
            attempts=0,
            next_attempt=now,
            dead=False,
            last_answer="",
        )
        for url in urls
    ]
