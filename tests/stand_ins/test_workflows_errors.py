"""Errors, retries and limits of an execution, under https://cloud.google.com/workflows/docs/reference/syntax."""

from collections.abc import Callable
from typing import Any

import pytest

from stand_ins.workflows.failures import WorkflowError

from .conftest import ScaledClock


def test_recursion_deeper_than_twenty_calls_is_an_error(run: Callable[..., Any]) -> None:
    """https://cloud.google.com/workflows/quotas"""
    source = """
    main: {steps: [{c: {call: f, args: {n: 0}}}]}
    f:
      params: [n]
      steps: [{c: {call: f, args: {n: "${n + 1}"}}}]
    """
    with pytest.raises(WorkflowError) as error:
        run(source)
    assert "RecursionError" in error.value.payload["tags"]


def test_a_retry_waits_as_its_backoff_says_and_then_gives_up(run: Callable[..., Any], clock: ScaledClock) -> None:
    """.../syntax/retrying"""
    source = """
    main:
      steps:
        - t:
            try: {raise: {code: 503}}
            retry:
              predicate: ${is_503}
              max_retries: 4
              backoff: {initial_delay: 1, max_delay: 5, multiplier: 2}
            except: {as: e, steps: [{r: {return: "${e.code}"}}]}
    is_503:
      params: [e]
      steps: [{r: {return: "${e.code == 503}"}}]
    """
    assert run(source) == 503
    assert clock.slept == [1, 2, 4, 5]


def test_a_retry_whose_predicate_is_false_does_not_wait(run: Callable[..., Any], clock: ScaledClock) -> None:
    source = """
    - t:
        try: {raise: {code: 404, tags: ["HttpError"]}}
        retry: ${http.default_retry}
    """
    with pytest.raises(WorkflowError):
        run(source)
    assert clock.slept == []


def test_an_error_in_a_branch_is_listed_in_unhandled_branch_error(run: Callable[..., Any]) -> None:
    """.../syntax/parallel-steps"""
    source = """
    - t:
        try:
          steps:
            - p:
                parallel:
                  exception_policy: continueAll
                  branches:
                    - good: {steps: [{a: {assign: [{x: 1}]}}]}
                    - bad: {steps: [{b: {raise: "broken"}}]}
        except: {as: e, steps: [{r: {return: "${e}"}}]}
    """
    error = run(source)
    assert "UnhandledBranchError" in error["tags"]
    assert [(branch["id"], branch["error"]["payload"]) for branch in error["branches"]] == [("bad", "broken")]


def test_an_endless_loop_ends_at_the_step_limit(run: Callable[..., Any]) -> None:
    with pytest.raises(WorkflowError) as error:
        run("- a: {assign: [{x: 1}]}\n- b: {next: a}")
    assert "ResourceLimitError" in error.value.payload["tags"]


def test_variables_larger_than_the_limit_end_the_execution(run: Callable[..., Any]) -> None:
    source = """
    - a: {assign: [{s: "xxxxxxxxxxxxxxxx"}]}
    - loop: {for: {value: v, range: [1, 20], steps: [{b: {assign: [{s: "${s + s}"}]}}]}}
    """
    with pytest.raises(WorkflowError) as error:
        run(source)
    assert "ResourceLimitError" in error.value.payload["tags"]


def test_every_branch_runs_though_one_fails(run: Callable[..., Any]) -> None:
    """.../syntax/parallel-steps: continueAll is the default and the only policy."""
    source = """
    - a: {assign: [{ran: []}]}
    - t:
        try:
          steps:
            - p:
                parallel:
                  shared: [ran]
                  concurrency_limit: 1
                  for:
                    value: v
                    in: [1, 2, 3]
                    steps:
                      - note: {assign: [{ran: "${list.concat(ran, v)}"}]}
                      - fail: {switch: [{condition: "${v == 1}", raise: "first"}]}
        except: {as: e, steps: [{r: {return: ["${ran}", "${e.tags}", "${e.branches[0].id}"]}}]}
    """
    assert run(source) == [[1, 2, 3], ["UnhandledBranchError", "RuntimeError"], "0"]


def test_parallel_steps_nested_too_deep_through_a_subworkflow_are_an_error(run: Callable[..., Any]) -> None:
    """https://cloud.google.com/workflows/quotas"""
    source = """
    main: {steps: [{c: {call: f, args: {n: 1}}}]}
    f:
      params: [n]
      steps: [{p: {parallel: {for: {value: v, in: [1], steps: [{c: {call: f, args: {n: "${n + 1}"}}}]}}}}]
    """
    with pytest.raises(WorkflowError) as error:
        run(source)
    assert "ParallelNestingError" in str(error.value.payload)


def test_twenty_calls_deep_is_allowed(run: Callable[..., Any]) -> None:
    """https://cloud.google.com/workflows/quotas"""
    source = """
    main: {steps: [{r: {return: "${f(20)}"}}]}
    f: {params: [n], steps: [{s: {switch: [{condition: "${n == 1}", return: done}]}}, {r: {return: "${f(n - 1)}"}}]}
    """
    assert run(source) == "done"


def test_memory_of_a_failed_attempt_is_given_back(run: Callable[..., Any]) -> None:
    """.../syntax/variables#memory-usage"""
    source = """
    main:
      steps:
        - a: {assign: [{n: 0}]}
        - t:
            try:
              steps: [{count: {assign: [{n: "${n + 1}"}]}}, {c: {call: big, args: {n: "${n}"}}}]
            retry:
              predicate: ${retry.always}
              max_retries: 20
              backoff: {initial_delay: 0, max_delay: 0, multiplier: 1}
        - r: {return: "${n}"}
    big:
      params: [n]
      steps:
        - a: {assign: [{s: "0123456789abcdef"}]}
        - grow: {for: {value: v, range: [1, 13], steps: [{b: {assign: [{s: "${s + s}"}]}}]}}
        - fail: {switch: [{condition: "${n < 10}", raise: "again"}]}
    """
    assert run(source) == 10


def test_the_context_of_an_error_names_the_innermost_step_of_every_routine(run: Callable[..., Any]) -> None:
    """https://cloud.google.com/workflows/docs/reference/rest/Shared.Types/Error; the texts are the service's own."""
    source = """\
    main:
      steps:
        - outer: {steps: [{call_it: {call: f}}]}
    f:
      steps:
        - broken: {raise: "no"}
    """
    with pytest.raises(WorkflowError) as error:
        run(source)
    assert error.value.context.splitlines() == [
        'RuntimeError: "no"',
        'in step "broken", routine "f", line: 6',
        'in step "call_it", routine "main", line: 3',
    ]
