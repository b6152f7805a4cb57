"""Mistakes on purpose: each change of ``mutations.yaml`` fails a test over its plan, or a policy."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.infrastructure import policies, test_build_is_cloud, test_identities, test_laptop_is_cloud, test_wiring
from tests.infrastructure.deployment import Deployment
from tests.infrastructure.terraform import Workspace

pytestmark = pytest.mark.longest
PLAN_TESTS = (test_build_is_cloud, test_identities, test_laptop_is_cloud, test_wiring)


class Mutation(NamedTuple):
    """One mistake; what its fields mean stands in the file."""

    what: str
    file: str
    old: str
    new: str
    by: str
    variant: str = "small"


MUTATIONS = [Mutation(**one) for one in yaml.safe_load(Path(__file__).with_name("mutations.yaml").read_text())]


def failed_tests(cloud: Deployment) -> Iterator[str]:
    """The tests that fail over a plan, of those that take a plan and nothing else."""
    for module in PLAN_TESTS:
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_") and list(inspect.signature(test).parameters) == ["cloud"]:
                try:
                    test(cloud)
                except Exception:  # whatever it raises, it has failed
                    yield name


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[one.what for one in MUTATIONS])
def test_a_mistake_is_caught(
    mutation: Mutation, workspace: Workspace, values: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    copy = workspace.again(tmp_path / "copy", workspace.variables)
    file = copy.folder / mutation.file
    assert file.read_text().count(mutation.old) == 1, f"{mutation.file} does not hold the text once: {mutation.old}"
    file.write_text(file.read_text().replace(mutation.old, mutation.new))
    plan = copy.plan(values(mutation.variant))
    if mutation.by.startswith(policies.OURS):
        assert mutation.by in policies.check({"mutated": plan}, tmp_path, ours_only=True)["mutated"].failed
    else:
        assert mutation.by in failed_tests(Deployment(plan, values(mutation.variant)))
