"""Mistakes on purpose: each change of ``mutations.py`` is refused by terraform, or fails a test or a policy.

A seeded sample runs each time (BIAAC_SEED repeats one); BIAAC_MUTATIONS=all runs the whole list.
"""

import inspect
import os
import queue
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure import (
    policies,
    terraform,
    test_build_is_cloud,
    test_database,
    test_delivery,
    test_identities,
    test_monitoring,
    test_network,
    test_order,
    test_pipeline,
    test_sizes,
    test_storage,
    test_variables,
)
from tests.infrastructure.deployment import Deployment, Values
from tests.infrastructure.mutations import MUTATIONS, Mutation
from tests.infrastructure.terraform import TerraformError, Workspace

SAMPLE = 10  # about 15 s on two cores; the whole list takes about 3 minutes
WORKERS = 2  # terraform keeps one core busy
WIRING = (
    test_build_is_cloud,
    test_database,
    test_delivery,
    test_identities,
    test_monitoring,
    test_network,
    test_order,
    test_pipeline,
    test_sizes,
    test_storage,
    test_variables,
)


def wiring_tests() -> Iterator[tuple[str, Callable[[Deployment], None]]]:
    """The tests that look at a plan, by name. Each takes the plan and nothing else, so that it can be asked here."""
    for module in WIRING:
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                assert list(inspect.signature(test).parameters) == ["cloud"], f"{name} takes more than a plan"
                yield name, test


def caught_by_tests(cloud: Deployment) -> list[str]:
    """The names of the tests that fail over a plan."""
    failed = []
    for name, test in wiring_tests():
        try:
            test(cloud)
        except Exception:  # whatever it raises, it has failed
            failed.append(name)
    return failed


class Laboratory:
    """Plans changed copies, one at a time for each of its workers."""

    def __init__(self, pristine: Workspace, folder: Path, providers: "queue.Queue[dict[str, str]]") -> None:
        self.pristine = pristine
        self.folder = folder
        self.providers = providers
        self.plans: dict[str, Values] = {}  # of what no test can catch: policies will look at them

    def try_out(self, mutation: Mutation, values: dict[str, Any]) -> list[str]:
        """Everything that catches a mutation: terraform's complaint, or names of tests."""
        mine = self.providers.get()
        try:
            copy = self.pristine.again(self.folder / str(MUTATIONS.index(mutation)), mine)
            mutation.apply(copy.folder)
            try:
                plan = copy.plan(values)
            except TerraformError as error:
                return [" ".join(str(error).split("Error:", 1)[-1].split())]
            finally:
                shutil.rmtree(copy.folder.parent)
        finally:
            self.providers.put(mine)
        if mutation.by.startswith("CKV_"):
            self.plans[str(MUTATIONS.index(mutation))] = plan
        return caught_by_tests(Deployment(plan, values))


def chosen(seed: int) -> list[Mutation]:
    """The mutations of this run."""
    if os.environ.get("BIAAC_MUTATIONS") == "all":
        return MUTATIONS
    return random.Random(seed).sample(MUTATIONS, SAMPLE)  # noqa: S311


@pytest.fixture(scope="module")
def results(
    pristine: Workspace,
    values: Callable[[str], dict[str, Any]],
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, list[str]]:
    """What caught each mutation of this run, by what is wrong."""
    mutations = chosen(seed)
    folder = tmp_path_factory.mktemp("mutations")
    with ExitStack() as stack:
        providers: queue.Queue[dict[str, str]] = queue.Queue()
        for _ in range(WORKERS):
            standing = terraform.standing_providers(pristine.configuration, terraform.EVERYTHING_KNOWN)
            providers.put(stack.enter_context(standing))
        laboratory = Laboratory(pristine, folder, providers)
        with ThreadPoolExecutor(WORKERS) as workers:
            caught = list(workers.map(lambda one: laboratory.try_out(one, values(one.variant)), mutations))
    found = {one.what: by for one, by in zip(mutations, caught, strict=True)}
    if laboratory.plans:
        for number, verdict in policies.check(laboratory.plans, folder, ours_only=True).items():
            found[MUTATIONS[int(number)].what] += list(verdict.failed)
    return found


@pytest.mark.timeout(900)
def test_every_mistake_is_caught_by_what_is_there_to_catch_it(results: dict[str, list[str]]) -> None:
    by = {one.what: one.by for one in MUTATIONS}
    missed = {what: caught for what, caught in results.items() if not any(by[what] in one for one in caught)}
    assert missed == {}, "wrong, expected to be caught, and caught by these only"


def test_every_mistake_can_be_made(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "terraform", tmp_path / "terraform")
    faults = []
    for mutation in MUTATIONS:
        text = (tmp_path / "terraform" / mutation.file).read_text()
        try:
            mutation.apply(tmp_path / "terraform")
        except ValueError as error:
            faults.append(str(error))
        (tmp_path / "terraform" / mutation.file).write_text(text)
    assert faults == [], "mutations.py names text that terraform/ does not hold once"
    assert [what for what, count in Counter(one.what for one in MUTATIONS).items() if count > 1] == []
