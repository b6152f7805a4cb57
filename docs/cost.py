"""docs/cost.md from docs/prices.yaml and docs/cost.template.md: python docs/cost.py > docs/cost.md

No price and no assumption stands here, only how they are multiplied. Free tiers are those of a billing account that
uses them for nothing else.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
AIRBYTE = {"job": "our own, on Cloud Run", "cloud": "Airbyte Cloud", "self_managed": "an Airbyte of yours, on a VM"}
COLUMNS = [(profile, in_use) for profile in ("small", "team") for in_use in (False, True)]
HOUR_S = 3600

Amounts = dict[str, float]


class Month:
    """One month of one way to deploy: amounts of what is paid for, by part."""

    def __init__(
        self, facts: dict[str, Any], profile: str, airbyte: str, *, in_use: bool, at_most: bool = False
    ) -> None:
        self.prices, self.month = facts["prices"], facts["month"] | (facts["at_most"] if at_most else {})
        self.sizes = facts["sizes"]["both"] | facts["sizes"][profile]
        self.airbyte, self.in_use = airbyte, in_use
        self.syncs = self.month["syncs"] if in_use else 0
        self.days = self.month["working_days"] if in_use else 0

    def costs(self) -> Amounts:
        """USD of each part."""
        amounts: dict[str, Amounts] = {
            "Cloud SQL": self._database(),
            "Cloud Storage": self._storage(),
            "services and functions (Cloud Run)": self._services(),
            "jobs (Cloud Run)": self._jobs(),
            "pages and charts to browsers": {"egress": self.month["egress_gib"] if self.in_use else 0},
            "images (Artifact Registry)": {"registry": self.month["images_gib"]},
            "secrets, schedules, workflow, builds": self._small_things(),
        }
        if self.airbyte != "job":
            amounts["Airbyte"] = self._airbyte()
        return {part: sum(self._cost(*each) for each in of_part.items()) for part, of_part in amounts.items()}

    def total(self) -> float:
        """USD of all parts."""
        return sum(self.costs().values())

    def _cost(self, name: str, amount: float) -> float:
        price = self.prices[name]
        return float(max(0.0, amount - price["free"]) * price["usd"])

    def _database(self) -> Amounts:
        size, hours = self.sizes["database"], self.month["hours"] * self.month["machines"]
        copies = 2 if size["regional"] else 1
        amounts = {"sql_disk": size["disk_gib"] * copies, "sql_backup": self.month["backups_gib"]}
        if size["tier"] == "db-f1-micro":
            return amounts | {"sql_f1_micro": hours}
        return amounts | {"sql_cpu": size["cpu"] * hours * copies, "sql_memory": size["memory_gib"] * hours * copies}

    def _storage(self) -> Amounts:
        writes, reads = (self.syncs * self.month[f"storage_{kind}"] for kind in ("writes", "reads"))
        return {
            "storage": self.month["stored_gib"],
            "storage_nearline": self.month["nearline_gib"],
            "storage_moves": self.syncs * self.month["files_per_sync"],
            "storage_retrieval": self.month["retrieved_gib"] if self.in_use else 0,
            "storage_writes": writes,
            "storage_reads": reads,
        }

    def _services(self) -> Amounts:
        """Seconds in which a request is being answered; minimum instances are paid, at less, while they wait, too."""
        month, syncs = self.month, self.syncs
        sweeps = self.sizes["sweeps_per_hour"] * month["hours"]
        watched_s = month["sync_s"] + month["files_per_sync"]  # one event watches, the others take a second
        active_s = {
            "function": sweeps * month["sweep_s"] + syncs * (watched_s + month["warm_s"] + month["promote_s"]),
            "cache": syncs * month["warm_s"] + self.days * month["cache_active_s"],
            "superset": self.days * month["superset_active_s"],
        }
        if self.airbyte == "job":
            active_s["ingestion"] = sweeps * month["sweep_s"] + syncs * month["sync_s"] * month["airbyte_api_share"]
        amounts: Counter[str] = Counter()
        for name, seconds in active_s.items():
            size = self.sizes[name]
            waiting_s = max(0.0, size.get("min_instances", 0) * month["hours"] * HOUR_S - seconds)
            for part, kind in (("cpu", "cpu"), ("memory_gib", "memory")):
                amounts[f"run_{kind}"] += size[part] * seconds
                amounts[f"run_idle_{kind}"] += size[part] * waiting_s
        amounts["run_requests"] = sweeps * month["requests_per_sweep"] + syncs * month["requests_per_sync"]
        amounts["run_requests"] += self.days * month["people"] * month["requests_per_person"]
        return dict(amounts)

    def _jobs(self) -> Amounts:
        seconds = {"transform": self.month["transform_s"], "superset_refresh": self.month["refresh_s"]}
        if self.airbyte == "job":
            seconds["ingest"] = self.month["sync_s"]
        cpu, memory = (
            sum(self.syncs * each * self.sizes[name][part] for name, each in seconds.items())
            for part in ("cpu", "memory_gib")
        )
        return {"run_job_cpu": cpu, "run_job_memory": memory}

    def _small_things(self) -> Amounts:
        month = self.month
        return {
            "secrets": month["secrets"] + (0 if self.airbyte == "job" else 2),
            "schedules": month["connections"] + 1,
            "workflow_steps": self.syncs * month["workflow_steps"],
            "build_minutes": month["build_minutes"] if self.in_use else 0,
        }

    def _airbyte(self) -> Amounts:
        if self.airbyte == "cloud":
            return {"airbyte_cloud": 1, "airbyte_cloud_gb": self.month["airbyte_cloud_gb"] if self.in_use else 0}
        return {"vm": self.month["hours"], "vm_disk": self.month["vm_disk_gib"]}


def page(facts: dict[str, Any]) -> str:
    """The whole page; its first line is the total."""
    unaided = {**facts, "prices": {name: {**price, "free": 0} for name, price in facts["prices"].items()}}
    least, busy = (_range(facts, "small", "job", in_use=in_use) for in_use in (False, True))
    least_unaided, busy_unaided = (_range(unaided, "small", "job", in_use=in_use) for in_use in (False, True))
    ingest, prices = facts["sizes"]["both"]["ingest"], facts["prices"]
    per_second = ingest["cpu"] * prices["run_job_cpu"]["usd"] + ingest["memory_gib"] * prices["run_job_memory"]["usd"]
    return (
        (HERE / "cost.template.md")
        .read_text()
        .format(
            least=least,
            busy=busy,
            least_unaided=least_unaided,
            busy_unaided=busy_unaided,
            month=facts["month"],
            choices="\n".join(_choice(facts, airbyte) for airbyte in AIRBYTE),
            million_rows=prices["airbyte_cloud_rows"]["usd"] * 1e6,
            parts="\n".join(_parts(facts)),
            hour_of_sync=HOUR_S * per_second,
            prices="\n".join(map(_price, prices.values())),
            assumptions="\n".join(
                f"| {name.replace('_', ' ')} | {value:,} | {facts['at_most'].get(name, value):,} |"
                for name, value in facts["month"].items()
            ),
        )
    )


def _range(facts: dict[str, Any], profile: str, airbyte: str, *, in_use: bool) -> str:
    """A month as it is taken to be, to one where it goes less well."""
    month, worse = (Month(facts, profile, airbyte, in_use=in_use, at_most=at_most).total() for at_most in (False, True))
    return f"{month:.0f} to {worse:.0f}"


def _choice(facts: dict[str, Any], airbyte: str) -> str:
    totals = (_range(facts, profile, airbyte, in_use=in_use) for profile, in_use in COLUMNS)
    return f"| `{airbyte}`: {AIRBYTE[airbyte]} | {' | '.join(totals)} |"


def _parts(facts: dict[str, Any]) -> list[str]:
    costs = [Month(facts, profile, "job", in_use=in_use).costs() for profile, in_use in COLUMNS]
    rows = [f"| {part} | {' | '.join(f'{each[part]:.2f}' for each in costs)} |" for part in costs[0]]
    return [*rows, f"| **total** | {' | '.join(f'**{sum(each.values()):.2f}**' for each in costs)} |"]


def _price(price: dict[str, Any]) -> str:
    usd = f"{price['usd']:.10f}".rstrip("0").rstrip(".")
    return f"| {usd} | {price['per']} | {price['free']:,} | {price['seen']} | {price['how']} | {price['source']} |"


if __name__ == "__main__":
    print(page(yaml.safe_load((HERE / "prices.yaml").read_text())), end="")
