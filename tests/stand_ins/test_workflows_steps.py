"""Steps: each case cites the page of its semantics, under https://cloud.google.com/workflows/docs/reference/syntax."""

from collections.abc import Callable
from typing import Any

import pytest

from stand_ins.workflows.failures import WorkflowError
from stand_ins.yaml_file import Refused

from .conftest import ScaledClock

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
            for: {value: v, range: [1, 9], steps: [{add: {assign: [{sum: "${sum + v}"}]}}]}
        - r: {return: "${sum}"}
        """,
        45,
    ),
    "parallel: branches write what is shared": (
        """
        - a: {assign: [{x: 0}, {y: 0}]}
        - p:
            parallel:
              shared: [x, y]
              branches:
                - one: {steps: [{s: {assign: [{x: 1}]}}]}
                - two: {steps: [{t: {assign: [{y: 2}]}}]}
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
    "subworkflows: next end returns null to the caller": (
        """
        main:
          steps:
            - c: {call: f, result: x}
            - r: {return: ["${x}", "after"]}
        f: {steps: [{a: {assign: [{y: 1}], next: end}}, {b: {return: 1}}]}
        """,
        [None, "after"],
    ),
    "subworkflows: one of the file's own goes before a function of the library": (
        """
        main: {steps: [{c: {call: double, args: {n: 4}, result: x}}, {r: {return: ["${x}", "${double(5)}"]}}]}
        double: {params: [n], steps: [{r: {return: "${n * 2}"}}]}
        """,
        [8, 10],
    ),
    "steps: nested steps share the variables of their routine": (
        """
        - outer:
            steps:
              - inner: {assign: [{x: 1}]}
        - r: {return: "${x}"}
        """,
        1,
    ),
    "jumps: a nested step jumps to one around it": (
        """
        - a: {assign: [{n: 0}]}
        - outer:
            steps:
              - b: {switch: [{condition: "${n == 0}", next: found}]}
              - never: {raise: "not reached"}
        - also_never: {raise: "not reached"}
        - found: {return: "here"}
        """,
        "here",
    ),
    "variables: a copy, not a reference": (
        """
        - a: {assign: [{x: {k: 1}}, {y: "${x}"}, {y.k: 2}]}
        - r: {return: ["${x}", "${y}"]}
        """,
        [{"k": 1}, {"k": 2}],
    ),
    "variables: assignments of one step follow each other": (
        """
        - a: {assign: [{x: 1}, {y: "${x + 1}"}, {x: "${y + 10}"}]}
        - r: {return: ["${x}", "${y}"]}
        """,
        [12, 2],
    ),
    "variables: a map with dynamic keys": (
        """
        - a: {assign: [{k: key}, {m: {"${k + 1}": "${k}"}}, {'m[k + "2"]': 2}]}
        - r: {return: "${m}"}
        """,
        {"key1": "key", "key2": 2},
    ),
    "variables: one made in a loop lives until the loop ends, one of around keeps its change": (
        """
        - a: {assign: [{seen: 0}]}
        - loop:
            for:
              value: v
              in: [1, 2, 3]
              steps:
                - first: {switch: [{condition: "${v == 1}", assign: [{inner: 10}]}]}
                - add: {assign: [{seen: "${seen + inner}"}]}
        - r: {return: "${seen}"}
        """,
        30,
    ),
    "iteration: an empty list and an empty range run nothing": (
        """
        - none: {for: {value: v, in: [], steps: [{a: {raise: "not reached"}}]}}
        - nor_this: {for: {value: v, range: [2, 1], steps: [{b: {raise: "not reached"}}]}}
        """,
        None,
    ),
    "iteration: a return in a loop ends the routine": (
        """
        - loop: {for: {value: v, in: [1, 2], steps: [{r: {return: "${v}"}}]}}
        - after: {return: "not reached"}
        """,
        1,
    ),
    "iteration: the list is the one of the beginning": (
        """
        - a: {assign: [{l: [1, 2]}, {n: 0}]}
        - loop: {for: {value: v, in: "${l}", steps: [{b: {assign: [{l: "${list.concat(l, 9)}"}, {n: "${n + 1}"}]}}]}}
        - r: {return: "${n}"}
        """,
        2,
    ),
    "conditions: a branch holds any kind of step": (
        """
        - a: {assign: [{n: 0}]}
        - s:
            switch:
              - condition: true
                for: {value: v, in: [1, 2], steps: [{b: {assign: [{n: "${n + v}"}]}}]}
        - t:
            switch:
              - condition: true
                try: {raise: "x"}
                except: {as: e, steps: [{c: {assign: [{n: "${n + 10}"}]}}]}
        - r: {return: "${n}"}
        """,
        13,
    ),
    "parallel: an iteration is left by continue": (
        """
        - a: {assign: [{out: []}]}
        - p:
            parallel:
              shared: [out]
              for:
                value: v
                in: [1, 2, 3]
                steps:
                  - skip: {switch: [{condition: "${v == 2}", next: continue}]}
                  - take: {assign: [{out: "${list.concat(out, v)}"}]}
        - r: {return: "${len(out)}"}
        """,
        2,
    ),
    "parallel: two deep": (
        """
        - a: {assign: [{n: 0}]}
        - p:
            parallel:
              shared: [n]
              for:
                value: v
                in: [1, 2]
                steps:
                  - q:
                      parallel:
                        shared: [n]
                        for: {value: w, in: [10, 20], steps: [{b: {assign: [{n: "${n + v * w}"}]}}]}
        - r: {return: "${n}"}
        """,
        90,
    ),
    "raising-errors: a string is caught as a string": (
        """
        - t:
            try: {raise: "x"}
            except: {as: e, steps: [{r: {return: "${e}"}}]}
        """,
        "x",
    ),
    "catching-errors: an error of a subworkflow is caught by its caller, tags and all": (
        """
        main:
          steps:
            - t:
                try: {call: f}
                except: {as: e, steps: [{r: {return: "${e.tags}"}}]}
        f: {steps: [{a: {assign: [{x: {}}, {y: "${x.absent}"}]}}]}
        """,
        ["KeyError", "LookupError"],
    ),
    "catching-errors: what is raised again is the same error": (
        """
        - t:
            try:
              steps:
                - u:
                    try: {raise: {code: 7}}
                    except: {as: e, steps: [{again: {raise: "${e}"}}]}
            except: {as: f, steps: [{r: {return: "${f.code}"}}]}
        """,
        7,
    ),
    "retrying: the whole try runs again": (
        """
        - a: {assign: [{n: 0}]}
        - t:
            try:
              steps:
                - b: {assign: [{n: "${n + 1}"}]}
                - c: {switch: [{condition: "${n < 3}", raise: {code: 503}}]}
            retry: ${http.default_retry}
        - r: {return: "${n}"}
        """,
        3,
    ),
    "completing: JSON source is as good as YAML": (
        '[{"a": {"return": {"x": [1, null, true]}}}]',
        {"x": [1, None, True]},
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


PARALLEL = """
- a: {{assign: [{{x: 0}}]}}
- p: {{parallel: {{branches: [{{one: {0}}}, {{two: {{steps: [{{z: {{next: z}}}}]}}}}]{1}}}}}
"""


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
        ("- a: {for: {value: v, range: [1, 2, 3], steps: [{b: {return: 1}}]}}", "range is [begin, end]"),
        ("- a: {for: {value: v, in: 5, steps: [{b: {return: 1}}]}}", "a list or an expression is expected"),
        (
            "- a: {for: {value: v, in: [1], steps: [{b: {assign: [{x: 1}]}}]}}\n- r: {return: '${x}'}",
            "'x' is never assigned",
        ),
        (
            "- a: {for: {value: v, in: [1], steps: [{b: {next: break}}]}}\n- r: {return: '${v}'}",
            "'v' is never assigned",
        ),
        ("- a: {assign: [{v: 1}]}\n- b: {for: {value: v, in: [1], steps: [{c: {next: break}}]}}", "loop variable 'v'"),
        (
            "- a: {try: {raise: x}, except: {as: e, steps: [{b: {assign: [{x: 1}]}}]}}\n- r: {return: '${e}'}",
            "'e' is never",
        ),
        ("- a: {return: '${varC}'}", "'varC' is never assigned"),
        ("- a: {assign: [{x.y: 1}]}", "'x' is never assigned"),
        ("- a: {switch: [{condition: 'yes', return: 1}]}", "true, false or an expression"),
        ("- a: {switch: [{next: end}]}", "has a condition"),
        ("- a: {steps: [{b: {next: end}}]}\n- b: {return: 1}", "two steps are named 'b'"),
        ("- a: {call: sys.log, args: {text: x}, result: a.b}", "result is a name"),
        ("- a: {call: http.get, args: {timeout: 3}}", "argument 'url' is missing"),
        ("- a: {call: http.get, args: {url: u, ca_certificate: c}}", "unknown argument 'ca_certificate'"),
        ("- a: {call: events.await_callback}", "events.await_callback"),
        ("- a: {call: experimental.executions.run}", "experimental.executions.run"),
        ("- a: {try: {raise: x}, retry: {max_retries: 1}}", "'backoff' is missing"),
        (
            "- a: {try: {raise: x}, retry: {predicate: '${p}', max_retries: 1, "
            "backoff: {initial_delay: 1, max_delay: 1, multiplier: 1}}}",
            "'p' is never assigned",
        ),
        (
            "main: {steps: [{a: {call: f, args: {x: 1, y: 2}}}]}\nf: {params: [x], steps: [{r: {return: 1}}]}",
            "argument 'y'",
        ),
        ("main: {steps: [{a: {call: f}}]}\nf: {params: [x], steps: [{r: {return: 1}}]}", "argument 'x' is missing"),
        (
            "main: {steps: [{a: {return: '${f(1, 2)}'}}]}\nf: {params: [x], steps: [{r: {return: 1}}]}",
            "takes 1 arguments",
        ),
        (
            PARALLEL.format("{steps: [{b: {assign: [{x: 1}]}}]}", ""),
            "'x' is of an enclosing scope and not listed in shared",
        ),
        (PARALLEL.format("{steps: [{b: {return: 1}}]}", ""), "return cannot leave a parallel step"),
        (PARALLEL.format("{steps: [{b: {next: end}}]}", ""), "next: end cannot leave a parallel step"),
        (PARALLEL.format("{steps: [{b: {next: a}}]}", ""), "there is no step 'a' here"),
        (PARALLEL.format("{steps: [{b: {next: b}}]}", ", shared: [nowhere]"), "'nowhere' is never assigned"),
        (PARALLEL.format("{steps: [{b: {next: b}}]}", ", exception_policy: stop"), "continueAll is the only one"),
        ("- p: {parallel: {for: {value: v, in: [1], steps: [{b: {next: break}}]}}}", "break cannot leave"),
        ("- p: {parallel: {branches: [{one: {steps: [{b: {next: b}}]}}]}}", "2 to 10 branches"),
        ("- a: {assign: [" + ", ".join(["{x: 1}"] * 51) + "]}", "one step has 1 to 50"),
        ("- a: {switch: [" + ", ".join(["{condition: true, return: 1}"] * 51) + "]}", "1 to 50 conditions"),
        ("- a: {return: 1, return: 2}", "is there twice"),
        ("- a: {return: 99999999999999999999}", "does not fit 64 bits"),
        ("- a: {return: '" + "x" * 131_072 + "'}", "the limit of a workflow is 131072"),
        ("- a: {return: 1, next: end}", "unknown key 'next'"),
        ("main: {params: [a, b], steps: [{r: {return: 1}}]}", "at most one parameter"),
        ("main: {stepz: []}", "unknown key 'stepz'"),
        ("- a: {return: 'x ${y}'}", "an expression must be the whole value"),
        ("[", "not YAML"),
        ("", "empty"),
    ],
)
def test_a_wrong_file_is_refused_by_name(load: Callable[[str], Any], source: str, reason: str) -> None:
    """As a deployment would: https://cloud.google.com/workflows/docs/troubleshooting#deployment-errors"""
    with pytest.raises(Refused) as refused:
        load(source)
    assert reason in str(refused.value)


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


def test_main_without_an_argument_gets_null_or_its_default(run: Callable[..., Any]) -> None:
    """https://cloud.google.com/workflows/docs/passing-runtime-arguments"""
    assert run("main: {params: [args], steps: [{r: {return: '${args}'}}]}") is None
    assert run("main: {params: [{args: 5}], steps: [{r: {return: '${args}'}}]}") == 5
