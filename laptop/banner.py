"""What the supervisor prints for people: where everything is once the stack runs, and each new release."""

import os
import time
from pathlib import Path

from biaac import company, connections
from biaac.releases import Release, passed
from laptop.plan import DATA, LOGS, Laptop


def welcome(laptop: Laptop, folder: Path) -> str:
    """Addresses, password and commands for the company in ``folder``; one without data or charts reads what is next."""
    superset = f"http://localhost:{laptop.superset_port}"
    slugs = sorted(path.stem for path in (folder / "superset/dashboards").glob("*.yaml"))
    pages = [f"{superset}/superset/dashboard/{slug}/" for slug in slugs] or [f"{superset}/dashboard/list/"]
    name = next(iter(connections.load(folder / "connections")), "NAME")
    password = (DATA / "superset/admin_password").read_text().strip()
    rows = [
        *zip(["dashboards", *[""] * len(pages)], [*pages, f"user admin, password {password}"], strict=True),
        ("logs", f"{os.path.relpath(LOGS)}/<service>.log"),
        ("commands", f'bin/biaac status | sync {name} | runs | releases | query "SELECT ..."'),
        ("ask", "docs/clients.md: pandas, Polars, DuckDB, a notebook, a spreadsheet"),
        ("stop", "Ctrl-C"),
    ]
    if step := company.next_step(folder):
        rows.append(("next", step))
    return "\n" + "".join(f"  {label:<11} {text}\n" for label, text in rows)


def describe(release: Release) -> str:
    """One line on a release that readers now see."""
    as_of = f"data as of {release.data_as_of:%Y-%m-%d}" if release.data_as_of else "no dated data"
    line = f"release {release.id}: {len(release.tables)} tables, {as_of}, {passed(release.audits)} audits passed"
    return f"[green]✓[/] {time.strftime('%H:%M:%S')} {line}"
