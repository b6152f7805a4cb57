"""Storage -> Pub/Sub -> Eventarc -> HTTP receiver: every finalized object arrives, whatever is killed in between."""

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudevents.http
import functions_framework
import grpc
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from stand_ins.eventarc.outbox import undelivered

from .servers import Process, Receiver, Request, Start, wait_for

TOPIC = "projects/p/topics/finalized"


def name_of(request: Request) -> str:
    name: str = json.loads(request.body)["name"]
    return name


@dataclass
class Plane:
    receiver: Receiver
    eventarc: Process
    state: Path
    topic: PublisherClient

    @property
    def names(self) -> list[str]:
        """Of the objects whose events arrived, in the order of their arrival."""
        return [name_of(request) for request in list(self.receiver.requests)]

    def publish(self, *names: str, bucket: str = "photos", **changed: str) -> None:
        """What the storage server sends for an object."""
        attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": bucket, "eventTime": "2026-11-24T08:00:00Z"}
        messages = [
            {"data": json.dumps({"name": name}).encode(), "attributes": {**attributes, "objectId": name, **changed}}
            for name in names
        ]
        self.topic.publish(topic=TOPIC, messages=messages, timeout=60, retry=None)


@pytest.fixture
def plane(receiver: Receiver, tmp_path: Path, start: Start) -> Iterator[Plane]:
    """Eventarc at a hundredth of its waits: 0.1 s to 6 s, dead after 14 minutes."""
    state = tmp_path / "eventarc"
    trigger = f"bucket=photos,url={receiver.url}"
    eventarc = start("stand_ins.eventarc", "--state", state, "--trigger", trigger, "--time-scale", "0.01")
    with grpc.insecure_channel(f"127.0.0.1:{eventarc.port}") as channel:
        yield Plane(receiver, eventarc, state, PublisherClient(transport=PublisherGrpcTransport(channel=channel)))


@pytest.fixture
def stored(plane: Plane, tmp_path: Path, start: Start) -> tuple[Process, storage.Bucket]:
    """A storage server that publishes to the stand-in, and its bucket."""
    options = ("--root", tmp_path / "storage", "--buckets", "photos,other")
    server = start("stand_ins.storage", *options, "--publish-to", f"127.0.0.1:{plane.eventarc.port}")
    client = storage.Client(
        project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": server.url}
    )
    return server, client.bucket("photos")


def test_a_finalized_object_arrives_as_the_cloud_event_of_a_real_trigger(
    plane: Plane, stored: tuple[Process, storage.Bucket]
) -> None:
    blob = stored[1].blob("2026/november/1.png")
    blob.upload_from_string(b"data", content_type="application/octet-stream")
    wait_for(lambda: plane.receiver.requests, what="the event arrives")
    headers = plane.receiver.requests[0].headers
    event = cloudevents.http.from_http(headers, plane.receiver.requests[0].body)
    assert event["type"] == "google.cloud.storage.object.v1.finalized"
    assert event["source"] == "//storage.googleapis.com/projects/_/buckets/photos"
    assert event["subject"] == "objects/2026/november/1.png"
    assert event["specversion"] == "1.0"
    assert event["id"].isdecimal()
    assert event["time"].startswith("20")
    assert event["bucket"] == "photos"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert (event.data["bucket"], event.data["name"]) == ("photos", blob.name)
    assert (event.data["generation"], event.data["size"]) == (str(blob.generation), "4")  # numbers are strings


def test_functions_framework_reads_the_event(plane: Plane, tmp_path: Path) -> None:
    code = "import functions_framework\n@functions_framework.cloud_event\ndef seen(event): print(event.data['name'])\n"
    (tmp_path / "main.py").write_text(code)
    client = functions_framework.create_app("seen", str(tmp_path / "main.py")).test_client()
    plane.publish("a name")
    wait_for(lambda: plane.receiver.requests, what="the event arrives")
    request = plane.receiver.requests[0]
    assert client.post("/", headers=request.headers, data=request.body).status_code == 200


@pytest.mark.parametrize("name", ["a b/ç/漢字.txt", 'quote"percent%20', "n" * 200])
def test_any_object_name_reaches_the_receiver(plane: Plane, stored: tuple[Process, storage.Bucket], name: str) -> None:
    stored[1].blob(name).upload_from_string(b"x")
    wait_for(lambda: plane.names == [name], what="the event arrives")
    assert plane.receiver.requests[0].headers["ce-subject"].isascii()


def test_an_event_is_redelivered_until_the_receiver_answers_2xx(plane: Plane) -> None:
    answers = iter([503, 500, 422, 302, 204])
    plane.receiver.answer = lambda _: next(answers)
    plane.publish("a")
    wait_for(lambda: not undelivered(plane.state), what="the event is delivered")
    assert plane.names == ["a"] * 5
    assert len({request.headers["ce-id"] for request in plane.receiver.requests}) == 1


def test_an_undelivered_event_tells_its_attempts_and_the_last_answer(plane: Plane) -> None:
    plane.receiver.answer = lambda _: 503
    plane.publish("a")
    wait_for(lambda: undelivered(plane.state)[0].attempts >= 2, what="two attempts")
    owed = undelivered(plane.state)[0]
    assert (owed.bucket, owed.object, owed.url, owed.dead) == ("photos", "a", plane.receiver.url, False)
    assert owed.last_answer == "503"
    assert owed.next_attempt > owed.received


def test_a_slow_receiver_does_not_hold_up_other_events(plane: Plane) -> None:
    release = threading.Event()

    def slow_for_one(request: Request) -> int:
        return 200 if name_of(request) != "slow" or release.wait(240) else 500

    plane.receiver.answer = slow_for_one
    plane.publish("slow")
    wait_for(lambda: "slow" in plane.names, what="the slow request is held")
    others = [f"object {n}" for n in range(50)]
    plane.publish(*others)
    wait_for(lambda: set(plane.names) == {"slow", *others}, what="the others arrive")
    wait_for(lambda: [event.object for event in undelivered(plane.state)] == ["slow"], what="only the slow one is owed")
    release.set()
    wait_for(lambda: not undelivered(plane.state), what="the slow one is delivered")


def test_an_event_too_old_is_dead_and_stays_visible(receiver: Receiver, tmp_path: Path, start: Start) -> None:
    receiver.answer = lambda _: 500
    state = tmp_path / "eventarc"
    arguments = ("--state", state, "--trigger", f"bucket=photos,url={receiver.url}", "--time-scale", "0.00001")
    eventarc = start("stand_ins.eventarc", *arguments)  # 24 h are 0.9 s
    with grpc.insecure_channel(f"127.0.0.1:{eventarc.port}") as channel:
        topic = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        Plane(receiver, eventarc, state, topic).publish("a")
        wait_for(lambda: undelivered(state)[0].dead, what="the event is dead")
    attempts = undelivered(state)[0].attempts
    eventarc.restart()
    assert undelivered(state)[0].dead
    assert undelivered(state)[0].attempts == attempts == len(receiver.requests)


def test_events_survive_a_crash_before_they_were_delivered(plane: Plane) -> None:
    plane.receiver.answer = lambda _: 503
    names = [f"object {n}" for n in range(20)]
    plane.publish(*names)
    plane.eventarc.kill()
    assert {event.object for event in undelivered(plane.state)} == set(names)
    plane.receiver.answer = lambda _: 200
    plane.eventarc.start()
    wait_for(lambda: not undelivered(plane.state), what="all are delivered")
    assert set(plane.names) == set(names)


def test_an_event_in_delivery_when_the_process_dies_is_delivered_again(plane: Plane) -> None:
    release = threading.Event()
    plane.receiver.answer = lambda _: 200 if release.wait(240) else 500
    plane.publish("a")
    wait_for(lambda: plane.names == ["a"], what="the request is held")
    plane.eventarc.kill()
    release.set()
    plane.eventarc.start()
    wait_for(lambda: plane.names == ["a", "a"], what="it comes again")


def test_only_finalize_events_of_a_triggered_bucket_are_delivered(plane: Plane) -> None:
    plane.publish("elsewhere", bucket="other")
    plane.publish("deleted", eventType="OBJECT_DELETE")
    plane.publish("finalized")
    wait_for(lambda: not undelivered(plane.state) and plane.names, what="what is owed is delivered")
    assert plane.names == ["finalized"]


def test_a_message_that_is_no_storage_notification_is_refused_whole(plane: Plane) -> None:
    messages: list[dict[str, Any]] = [{"data": b"{}", "attributes": {"hello": "world"}}]
    with pytest.raises(exceptions.InvalidArgument, match="hello"):
        plane.topic.publish(topic=TOPIC, messages=messages, timeout=60, retry=None)
    assert undelivered(plane.state) == []


def test_each_trigger_of_a_bucket_is_owed_every_event(receiver: Receiver, tmp_path: Path, start: Start) -> None:
    triggers = ("--trigger", f"bucket=b,url={receiver.url}one", "--trigger", f"bucket=b,url={receiver.url}two")
    eventarc = start("stand_ins.eventarc", "--state", tmp_path / "state", *triggers)
    with grpc.insecure_channel(f"127.0.0.1:{eventarc.port}") as channel:
        topic = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        Plane(receiver, eventarc, tmp_path / "state", topic).publish("a", bucket="b")
        wait_for(lambda: {request.path for request in receiver.requests} == {"/one", "/two"}, what="both arrive")


def test_no_event_is_lost_through_crashes_of_eventarc_and_storage(
    plane: Plane, stored: tuple[Process, storage.Bucket], stand_ins_seed: int
) -> None:
    server, bucket = stored
    chance = random.Random(stand_ins_seed)  # noqa: S311
    refused: set[str] = set()

    def refuse_a_third_once(request: Request) -> int:
        name = name_of(request)
        if name in refused or chance.random() > 1 / 3:
            return 200
        refused.add(name)
        return 503

    def arrived_or_owed() -> set[str]:
        return set(plane.names) | {event.object for event in undelivered(plane.state)}

    plane.receiver.answer = refuse_a_third_once
    written = [str(number) for number in range(60)]
    crashes = chance.sample(written, 3)
    for name in written:
        bucket.blob(name).upload_from_string(b"x")
        if name in crashes:
            plane.eventarc.restart()  # meanwhile the storage server publishes in vain, and tries again
        if name == "30":
            # what it has not published yet dies with it: unlike the cloud's, its notifications are not durable
            wait_for(lambda: arrived_or_owed() == set(written[:31]), seconds=120, what="all is published")
            server.restart()
    wait_for(lambda: set(plane.names) == set(written), seconds=120, what="every object's event arrives")
    wait_for(lambda: not undelivered(plane.state), what="nothing is owed")
