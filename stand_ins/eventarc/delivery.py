"""Delivery: each event becomes a CloudEvent in binary HTTP mode, as Eventarc sends it to Cloud Run."""

import threading
from urllib.parse import quote

import httpx
import structlog

from stand_ins.eventarc.outbox import Event, Outbox

CONCURRENT = 8  # one slow receiver must not hold up the other events
# Longest acknowledgement deadline of the Pub/Sub subscription under a trigger; functions have it.
DEADLINE = httpx.Timeout(600, connect=10)
log = structlog.get_logger()


def deliver_for_ever(outbox: Outbox) -> None:
    """Start the deliverers. They end with the process, in the middle of a request if need be."""
    client = httpx.Client(timeout=DEADLINE)
    for number in range(CONCURRENT):
        threading.Thread(target=_deliver, args=(outbox, client), name=f"delivery {number}", daemon=True).start()


def _deliver(outbox: Outbox, client: httpx.Client) -> None:
    while True:
        event = outbox.take()
        fields = {"id": event.id, "object": f"gs://{event.bucket}/{event.object}", "attempt": event.attempts + 1}
        try:
            response = client.post(event.url, content=event.data, headers=headers(event))
            success, text = response.is_success, f"{response.status_code} {response.text[:200]}".strip()
        except httpx.HTTPError as error:
            success, text = False, f"{type(error).__name__}: {error}"
        if success:
            outbox.delivered(event)
            log.info("delivered", **fields, response=text)
        else:
            after = outbox.failed(event, text)
            log.warning("dead" if after.dead else "not delivered", **fields, response=text)


def headers(event: Event) -> dict[str, str]:
    """CloudEvents attributes as headers; body and names follow the real trigger for google.cloud.storage."""
    attributes = {
        "ce-id": event.id,
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{event.bucket}",
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-subject": f"objects/{event.object}",
        "ce-time": event.event_time,
        "ce-bucket": event.bucket,
    }
    encoded = {name: quote(value, safe="!#$&'()*+,-./:;<=>?@[\\]^_`{|}~") for name, value in attributes.items()}
    return {**encoded, "content-type": "application/json; charset=utf-8"}
