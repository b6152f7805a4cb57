"""``biaac status``: what runs, how fresh it is, and what readers see."""

from datetime import timedelta
from typing import Any

from rich.markup import escape

from biaac import company, releases
from cli import follow, state
from cli.session import Json, Session, console, print_json

COLOURS = {"fresh": "green", "late": "yellow", "stale": "red", "never": "dim"}


def status(json: Json = False) -> None:
    """Show services, syncs, the current release and its freshness.

    Example: biaac status
    """
    session = Session.open()
    services, events = [], []
    if session.on_laptop:
        from laptop import services as laptop

        services, events = laptop.states(), laptop.refused_events()
        if not json:
            _print_services(services)  # first: they say why what follows may fail
    connections = state.connections_now(session)
    pointer, release = state.current(session)
    if json:
        print_json(
            {
                "services": [vars(service) for service in services],
                "connections": [_values(each) for each in connections],
                "pointer": pointer.model_dump(mode="json") if pointer else None,
                "data_as_of": release.data_as_of if release else None,
                "undelivered_events": events,
            }
        )
        return
    _print_connections(session, connections)
    _print_release(pointer, release, "; next: biaac sync NAME" if connections else "")
    if step := company.next_step(session.settings.company):
        console.print(f"next        {step}")
    if events:
        console.print(f"[yellow]undelivered[/] {len(events)} events, the oldest for {events[0]}")


def _values(each: state.ConnectionState) -> dict[str, object]:
    return {
        "name": each.connection.name,
        "freshness": each.freshness,
        "last_sync": vars(each.synced) if each.synced else None,
        "newest_job": vars(each.newest) if each.newest else None,
    }


def _print_connections(session: Session, connections: list[state.ConnectionState]) -> None:
    for each in connections:
        newest = each.newest
        job = f"job {newest.id} {newest.state}, {newest.rows or 0:,} rows" if newest else "no job yet"
        age = f", synced {_short(each.age)} ago" if each.age is not None else ""
        colour = COLOURS[each.freshness]
        console.print(f"{each.connection.name:<11} [{colour}]{each.freshness}[/]{age}; {job}")
        for loss in follow.losses(session, each.synced.id) if each.synced else ():
            console.print(f"            [yellow]![/] {escape(loss)}")


def _print_release(pointer: releases.Pointer | None, release: releases.Release | None, hint: str) -> None:
    if release is None:
        console.print(f"release     none yet{hint}")
        return
    as_of = f", data as of {release.data_as_of:%Y-%m-%d %H:%M}" if release.data_as_of else ""
    console.print(f"release     {release.id}{as_of}, {releases.passed(release.audits)} audits passed")
    if pointer and pointer.held:
        reason = escape(pointer.held.reason)
        console.print(f"[yellow]held[/]        by {pointer.held.by}: {reason}; next: biaac releases resume")


def _print_services(services: list[Any]) -> None:
    for service in services:
        mark = "[green]up[/]  " if service.alive else "[red]down[/]"
        console.print(f"{service.name:<11} {mark} 127.0.0.1:{service.port:<6} {service.log}")
    if not services:
        console.print("services    none run on this machine; next: make run")


def _short(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
