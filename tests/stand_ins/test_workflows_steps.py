"""Steps: each case cites the page of its semantics, under https://cloud.google.com/workflows/docs/reference/syntax."""

from collections.abc import Callable
from typing import Any

import pytest

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
              - b: {switch: [{condition: "${n == 0}", next: here}]}
              - never: {raise: "not reached"}
        - also_never: {raise: "not reached"}
        - here: {return: "here"}
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


def test_main_without_an_argument_gets_null_or_its_default(run: Callable[..., Any]) -> None:
    """https://cloud.google.com/workflows/docs/passing-runtime-arguments"""
    assert run("main: {params: [args], steps: [{r: {return: '${args}'}}]}") is None
    assert run("main: {params: [{args: 5}], steps: [{r: {return: '${args}'}}]}") == 5
