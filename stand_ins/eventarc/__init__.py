"""Eventarc on one machine: finalize events in by Pub/Sub, CloudEvents out by HTTP.

    python -m stand_ins.eventarc --port 9002 --state DIR --trigger bucket=first,url=http://127.0.0.1:8080/

The port takes google.pubsub.v1.Publisher over gRPC: what a storage server with Pub/Sub notifications calls. As in the
cloud, delivery is at least once and in no order, and every answer but 2xx (4xx included) is retried with exponential
backoff until the event is 24 hours old; then it is dead. Undelivered and dead events are rows of DIR/events.sqlite:
they survive a crash, and `stand_ins.eventarc.outbox.undelivered` reads them beside the running stand-in.
"""
