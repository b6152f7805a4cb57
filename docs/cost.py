"""docs/cost.md from docs/prices.yaml: python docs/cost.py > docs/cost.md

No price and no assumption stands here, only how they are multiplied. Free tiers are those of a billing account that
uses them for nothing else.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("prices.yaml")
PROFILES = ("small", "team")
AIRBYTE = {"job": "our own, on Cloud Run", "cloud": "Airbyte Cloud", "self_managed": "an Airbyte of yours, on a VM"}
USE = {False: "at rest", True: "in use"}
HOUR_S = 3600
WORDS = {
    "database": "Cloud SQL",
    "storage": "Cloud Storage",
    "services": "services and functions (Cloud Run)",
    "jobs": "jobs (Cloud Run)",
    "registry": "images (Artifact Registry)",
    "small things": "secrets, schedules, workflow, builds",
    "airbyte": "Airbyte, where it is not ours",
}

Amounts = dict[str, float]


class Month:
    """One month of one way to deploy."""

    def __init__(self, facts: dict[str, Any], profile: str, airbyte: str, *, in_use: bool) -> None:
        self.prices, self.month = facts["prices"], facts["month"]
        self.sizes = facts["sizes"]["both"] | facts["sizes"][profile]
        self.ours, self.airbyte = airbyte == "job", airbyte
        self.syncs = self.month["syncs"] if in_use else 0
        self.days = self.month["working_days"] if in_use else 0
        self.in_use = in_use

    def items(self) -> Amounts:
        """What each part costs, in USD."""
        return {
            "database": self._cost(self._database()),
            "storage": self._cost(self._storage()),
            "services": self._cost(self._services()),
            "jobs": self._cost(self._jobs()),
            "registry": self._cost({"registry": self.month["images_gib"]}),
            "small things": self._cost(self._small_things()),
            "airbyte": self._cost(self._airbyte()),
        }

    def total(self) -> float:
        """All of it."""
        return sum(self.items().values())

    def _cost(self, amounts: Amounts) -> float:
        prices = self.prices
        return float(
            sum(max(0.0, amount - prices[name]["free"]) * prices[name]["usd"] for name, amount in amounts.items())
        )

    def _database(self) -> Amounts:
        size, hours = self.sizes["database"], self.month["hours"]
        copies = 2 if size["regional"] else 1
        amounts = {"sql_disk": size["disk_gib"] * copies, "sql_backup": self.month["backups_gib"]}
        if size["tier"] == "db-f1-micro":
            return amounts | {"sql_f1_micro": hours}
        return amounts | {"sql_cpu": size["cpu"] * hours * copies, "sql_memory": size["memory_gib"] * hours * copies}

    def _storage(self) -> Amounts:
        month = self.month
        writes, reads = self.syncs * month["storage_writes"], self.syncs * month["storage_reads"]
        return {"storage": month["stored_gib"], "storage_writes": writes, "storage_reads": reads}

    def _services(self) -> Amounts:
        """Seconds in which a request is being answered; minimum instances are paid, at less, while they wait, too."""
        month, syncs = self.month, self.syncs
        sweeps = self.sizes["sweeps_per_hour"] * month["hours"]
        watched_s = month["sync_s"] + month["files_per_sync"]  # one event watches, the others take a second
        functions_s = sweeps * month["sweep_s"] + syncs * (watched_s + month["warm_s"] + month["promote_s"])
        active = {
            "function": functions_s,
            "ingestion": (sweeps * month["sweep_s"] + syncs * month["sync_s"] * month["airbyte_api_share"])
            if self.ours
            else 0,
            "cache": syncs * month["warm_s"] + self.days * month["cache_active_s"],
            "superset": self.days * month["superset_active_s"],
        }
        amounts: Amounts = defaultdict(float)
        for name, seconds in active.items():
            size = self.sizes[name]
            waiting = max(0.0, size.get("min_instances", 0) * month["hours"] * HOUR_S - seconds)
            for part, kind in (("cpu", "cpu"), ("memory_gib", "memory")):
                amounts[f"run_{kind}"] += size[part] * seconds
                amounts[f"run_idle_{kind}"] += size[part] * waiting
        requests = sweeps * month["requests_per_sweep"] + syncs * month["requests_per_sync"]
        amounts["run_requests"] = requests + self.days * month["people"] * month["requests_per_person"]
        return amounts

    def _jobs(self) -> Amounts:
        month = self.month
        seconds = {"transform": month["transform_s"], "superset_refresh": month["refresh_s"]}
        if self.ours:
            seconds["ingest"] = month["sync_s"]
        cpu = sum(self.syncs * lasting * self.sizes[name]["cpu"] for name, lasting in seconds.items())
        memory = sum(self.syncs * lasting * self.sizes[name]["memory_gib"] for name, lasting in seconds.items())
        return {"run_job_cpu": cpu, "run_job_memory": memory}

    def _small_things(self) -> Amounts:
        month = self.month
        return {
            "secrets": month["secrets"] + (0 if self.ours else 2),
            "schedules": month["connections"] + 1,
            "workflow_steps": self.syncs * month["workflow_steps"],
            "build_minutes": month["build_minutes"] if self.in_use else 0,
        }

    def _airbyte(self) -> Amounts:
        month = self.month
        match self.airbyte:
            case "cloud":
                return {"airbyte_cloud": 1, "airbyte_cloud_gb": month["airbyte_cloud_gb"] if self.in_use else 0}
            case "self_managed":
                return {"vm": month["hours"], "vm_disk": month["vm_disk_gib"]}
        return {}


def page(facts: dict[str, Any]) -> str:
    """The whole page; its first line is the total."""
    totals = {
        (profile, airbyte, use): Month(facts, profile, airbyte, in_use=use).total()
        for profile in PROFILES
        for airbyte in AIRBYTE
        for use in USE
    }
    least, busy = totals["small", "job", False], totals["small", "job", True]
    month = facts["month"]
    rows = facts["prices"]["airbyte_cloud_rows"]["usd"] * 1e6
    lines = [
        f"**About USD {least:.0f} a month at rest and USD {busy:.0f} with hourly syncs and {month['people']} people: "
        'the whole stack, ingestion included (profile `small`, `airbyte = "job"`).**',
        "",
        "Computed by `docs/cost.py` from `docs/prices.yaml`, where each price has its source and the day it was read.",
        "List prices, no tax, an estimate: nothing here was ever billed. *At rest*: no sync, nobody looks, the sweep",
        f"goes on. *In use*: {month['syncs']} syncs a month, {month['people']} people on {month['working_days']} "
        "working days.",
        "",
        "# What each choice costs",
        "",
        "USD a month, everything included:",
        "",
        "| Airbyte | `small`, at rest | `small`, in use | `team`, at rest | `team`, in use |",
        "|---|---:|---:|---:|---:|",
        *(_row(airbyte, totals) for airbyte in AIRBYTE),
        "",
        "What a choice means and what works with it: [airbyte.md](airbyte.md). Airbyte Cloud is paid by volume: the",
        f"figure is {month['airbyte_cloud_gb']} GB of databases a month; an API or a source of your own costs USD "
        f"{rows:.0f} a million",
        "rows, and a stream that is sent whole counts whole at every sync. A VM for Airbyte, and what makes it",
        "reachable and safe, is yours to run.",
        "",
        "# Where it goes",
        "",
        '`airbyte = "job"`, USD a month:',
        "",
        "| part | `small`, at rest | `small`, in use | `team`, at rest | `team`, in use |",
        "|---|---:|---:|---:|---:|",
        *_parts(facts),
        "",
        "`small` has nothing that runs at rest but the smallest database, which has no SLA. `team` keeps one cache and",
        "one Superset started, so that nobody waits for them, and a database with a standby.",
        "",
        "Without the free tiers (another project of the billing account has used them up) it is USD "
        f"{_unaided(facts, in_use=False):.0f} at rest and {_unaided(facts, in_use=True):.0f} in",
        f"use. Not counted: a sync that runs for hours (USD {_hour_of_sync(facts):.2f} an hour), data that leaves the "
        "region, support,",
        "a key of your own (USD 0.06 a version), and alert policies, for which Google will charge from September 2027.",
        "",
        "# The prices",
        "",
        "`page`: read on the vendor's page, in a stored copy. `quoted`: in a public cost sheet that names the page and",
        "the day. `memory`: in neither; check it before you rely on it.",
        "",
        "| USD | per | free | read | how | source |",
        "|---:|---|---:|---|---|---|",
        *map(_price, facts["prices"].values()),
        "",
        "# The month",
        "",
        "| taken to be | |",
        "|---|---:|",
        *(f"| {name.replace('_', ' ')} | {value:,} |" for name, value in month.items()),
    ]
    return "\n".join(lines) + "\n"


def _row(airbyte: str, totals: dict[tuple[str, str, bool], float]) -> str:
    amounts = (f"{totals[profile, airbyte, use]:.0f}" for profile in PROFILES for use in USE)
    return f"| `{airbyte}`: {AIRBYTE[airbyte]} | {' | '.join(amounts)} |"


def _parts(facts: dict[str, Any]) -> list[str]:
    months = [Month(facts, profile, "job", in_use=use) for profile in PROFILES for use in USE]
    items = [month.items() for month in months]
    rows = [f"| {WORDS[part]} | " + " | ".join(f"{each[part]:.2f}" for each in items) + " |" for part in items[0]]
    total = "| **total** | " + " | ".join(f"**{month.total():.2f}**" for month in months) + " |"
    return [*(row for row in rows if WORDS["airbyte"] not in row), total]


def _price(price: dict[str, Any]) -> str:
    usd = f"{price['usd']:.10f}".rstrip("0").rstrip(".")
    return f"| {usd} | {price['per']} | {price['free']:,} | {price['seen']} | {price['how']} | {price['source']} |"


def _unaided(facts: dict[str, Any], *, in_use: bool) -> float:
    bare = {name: {**price, "free": 0} for name, price in facts["prices"].items()}
    return Month({**facts, "prices": bare}, "small", "job", in_use=in_use).total()


def _hour_of_sync(facts: dict[str, Any]) -> float:
    prices, size = facts["prices"], facts["sizes"]["both"]["ingest"]
    return float(
        HOUR_S * (size["cpu"] * prices["run_job_cpu"]["usd"] + size["memory_gib"] * prices["run_job_memory"]["usd"])
    )


def read() -> dict[str, Any]:
    """Prices, sizes and the month."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


if __name__ == "__main__":
    print(page(read()), end="")
