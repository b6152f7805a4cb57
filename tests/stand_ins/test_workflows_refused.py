"""Files that a deployment refuses are refused by name when they are loaded."""

from collections.abc import Callable
from typing import Any

import pytest

from stand_ins.yaml_file import Refused

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
