"""Checkov over plans, with the policies of ``terraform/policies`` and its own."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from biaac.settings import ROOT
from tests.infrastructure.deployment import Values
from tests.infrastructure.terraform import environment

OURS = "CKV_BIAAC_"


@dataclass
class Verdict:
    """What checkov says of one plan: check -> the resources that passed or failed it."""

    passed: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)


def check(plans: Mapping[str, Values], folder: Path, *, ours_only: bool = False) -> dict[str, Verdict]:
    """The verdict on each plan by name. One process for all: it takes seconds to start.

    Checkov reads the plan, not the files, since dynamic blocks show there only; from the files it takes the comments
    that skip a check for a reason.
    """
    command: list[str | Path] = [
        environment("checkov") / "bin/checkov",
        "--framework",
        "terraform_plan",
        "--skip-download",
    ]
    command += ["--external-checks-dir", ROOT / "terraform/policies", "--output", "json"]
    command += ["--repo-root-for-plan-enrichment", ROOT / "terraform"]
    command += ["--check", f"{OURS}*"] if ours_only else []
    for name, plan in plans.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(plan))
        command += ["--file", path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    verdicts = {name: Verdict() for name in plans}
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise AssertionError(f"checkov did not answer: {done.stdout[-2000:]}{done.stderr[-2000:]}") from None
    for report in answer if isinstance(answer, list) else [answer]:
        assert not report["summary"]["parsing_errors"], report["results"].get("parsing_errors")
        for kind in ("passed", "failed"):
            for one in report["results"][f"{kind}_checks"]:
                name = Path(one["repo_file_path"]).stem
                getattr(verdicts[name], kind).setdefault(one["check_id"], []).append(one["resource"])
    return verdicts


def plan_of(kind: str, values: Values) -> Values:
    """A plan that makes one resource."""
    address = f"{kind}.only"
    resource = {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": "only",
        "provider_name": "registry.terraform.io/hashicorp/google",
        "schema_version": 0,
        "values": values,
        "sensitive_values": {},
    }
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [resource]}},
        "resource_changes": [{**resource, "change": change}],
        "configuration": {"root_module": {}},
    }
