"""Steps: each case cites the page of its semantics, under https://cloud.google.com/workflows/docs/reference/syntax."""

from collections.abc import Callable
from typing import Any

import pytest

from local.workflows.errors import Refused, WorkflowError
from tests.unit.workflows.conftest import ScaledClock

CASES = {
    "variables: assign into maps and lists": (
        """
        - a: {assign: [{m: {x: [1, 2]}}, {"m.x[1]": 5}, {m.y.z: 7}]}
        - r: {return: "${m}"}
        """,
        {"x": [1, 5], "y": {"z": 7}},
    ),
    "steps: next jumps, end stops": (
        """
        - a: {assign: [{n: 0}]}
        - again: {assign: [{n: "${n + 1}"}]}
        - test:
            switch:
              - {condition: "${n < 3}", next: again}
              - {condition: true, next: done}
        - never: {raise: "not reached"}
        - done: {return: "${n}"}
        """,
        3,
    ),
    "conditions: the first true branch wins, its own steps run": (
        """
        - s:
            switch:
              - {condition: false, return: 1}
              - condition: true
                steps: [{inner: {assign: [{v: 2}]}}]
              - {condition: true, return: 3}
        - r: {return: "${v}"}
        """,
        2,
    ),
    "conditions: next of the step is the default": (
        """
        - s:
            switch: [{condition: false, return: 1}]
            next: other
        - skipped: {return: 2}
        - other: {return: 3}
        """,
        3,
    ),
    "iteration: list with index, continue and break": (
        """
        - a: {assign: [{out: []}]}
        - loop:
            for:
              value: v
              index: i
              in: [10, 20, 30, 40]
              steps:
                - skip: {switch: [{condition: "${i == 1}", next: continue}, {condition: "${i == 3}", next: break}]}
                - take: {assign: [{out: "${list.concat(out, v + i)}"}]}
        - r: {return: "${out}"}
        """,
        [10, 32],
    ),
    "iteration: a range includes both ends": (
        """
        - a: {assign: [{sum: 0}]}
        - loop:
            for: {value: v, range: [1, 9, 2], steps: [{add: {assign: [{sum: "${sum + v}"}]}}]}
        - r: {return: "${sum}"}
        """,
        25,
    ),
    "parallel: branches write what is shared": (
        """
        - a: {assign: [{x: 0}, {y: 0}]}
        - p:
            parallel:
              shared: [x, y]
              branches:
                - one: {steps: [{s: {assign: [{x: 1}]}}]}
                - two: {steps: [{s: {assign: [{y: 2}]}}]}
        - r: {return: "${x + y}"}
        """,
        3,
    ),
    "parallel: iterations add up": (
        """
        - a: {assign: [{sum: 0}]}
        - p:
            parallel:
              shared: [sum]
              concurrency_limit: 3
              for: {value: v, range: [1, 20], steps: [{add: {assign: [{sum: "${sum + v}"}]}}]}
        - r: {return: "${sum}"}
        """,
        210,
    ),
    "raise: a map is caught whole": (
        """
        - t:
            try: {raise: {code: 55, why: "x"}}
            except: {as: e, steps: [{r: {return: "${e.code}"}}]}
        """,
        55,
    ),
    "steps: a workflow without return ends with null": ("- a: {assign: [{x: 1}]}", None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_construct_has_its_documented_effect(run: Callable[..., Any], name: str) -> None:
    source, value = CASES[name]
    assert run(source) == value


def test_subworkflows_take_named_and_positional_arguments_and_defaults(run: Callable[..., Any]) -> None:
    """.../syntax/subworkflows"""
    source = """
    main:
      params: [args]
      steps:
        - named: {call: join, args: {first: "${args.name}"}, result: a}
        - r: {return: '${a + " " + join("x", "y")}'}
    join:
      params: [first, last: "Doe"]
      steps: [{r: {return: '${first + "-" + last}'}}]
    """
    assert run(source, {"name": "Ann"}) == "Ann-Doe x-y"


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
                    - bad: {steps: [{a: {raise: "broken"}}]}
        except: {as: e, steps: [{r: {return: "${e}"}}]}
    """
    error = run(source)
    assert "UnhandledBranchError" in error["tags"]
    assert [(branch["id"], branch["error"]["payload"]) for branch in error["branches"]] == [("bad", "broken")]


def test_a_branch_may_not_write_what_is_not_shared(run: Callable[..., Any]) -> None:
    source = """
    - a: {assign: [{x: 0}]}
    - p: {parallel: {branches: [{one: {steps: [{s: {assign: [{x: 1}]}}]}}]}}
    """
    with pytest.raises(WorkflowError, match="UnhandledBranchError") as error:
        run(source)
    assert "not listed in shared" in str(error.value.payload)


def test_a_loop_variable_is_gone_after_its_loop(run: Callable[..., Any]) -> None:
    source = """
    - loop: {for: {value: v, in: [1], steps: [{a: {assign: [{inner: 1}]}}]}}
    - r: {return: "${inner}"}
    """
    with pytest.raises(WorkflowError) as error:
        run(source)
    assert "KeyError" in error.value.payload["tags"]


def test_an_endless_loop_ends_at_the_step_limit(run: Callable[..., Any]) -> None:
    with pytest.raises(WorkflowError) as error:
        run("- a: {assign: [{x: 1}]}\n- b: {next: a}")
    assert "ResourceLimitError" in error.value.payload["tags"]


def test_variables_larger_than_the_limit_end_the_execution(run: Callable[..., Any]) -> None:
    source = """
    - a: {assign: [{s: "xxxxxxxxxxxxxxxx"}]}
    - loop: {for: {value: v, range: [1, 20], steps: [{a: {assign: [{s: "${s + s}"}]}}]}}
    """
    with pytest.raises(WorkflowError) as error:
        run(source)
    assert "ResourceLimitError" in error.value.payload["tags"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("- a: {asign: [{x: 1}]}", "one of assign"),
        ("- a: {call: sys.log, arg: {text: x}}", "unknown key 'arg'"),
        ("- a: {call: nobody}", "'nobody'"),
        ("- a: {call: googleapis.bigquery.v2.jobs.insert}", "googleapis.bigquery.v2.jobs.insert"),
        ("- a: {call: sys.log, args: {txt: x}}", "unknown argument 'txt'"),
        ("- a: {next: nowhere}", "there is no step 'nowhere'"),
        ("- a: {next: break}", "outside of a loop"),
        ("- a: {assign: [{x: 1}]}\n- a: {return: 1}", "two steps are named 'a'"),
        ("- a: {try: {raise: x}}", "try has retry, except or both"),
        ("- a: {for: {value: v, steps: [{b: {return: 1}}]}}", "either in or range"),
        ("- a: {return: 1, next: end}", "unknown key 'next'"),
        ("main: {params: [a, b], steps: [{r: {return: 1}}]}", "at most one parameter"),
        ("main: {stepz: []}", "unknown key 'stepz'"),
        ("- a: {return: 'x ${y}'}", "an expression must be the whole value"),
        ("[", "not YAML"),
        ("", "empty"),
    ],
)
def test_a_wrong_file_is_refused_by_name(load: Callable[[str], Any], source: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        load(source)
    assert reason in str(refused.value)
