"""Expressions: https://cloud.google.com/workflows/docs/reference/syntax/expressions and .../syntax/datatypes."""

from collections.abc import Callable
from typing import Any

import pytest

from local.workflows.errors import Refused, WorkflowError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("6 / 2", 3.0),
        ("7 // 2", 3),
        ("7 % 4", 3),
        ("-2 + 5", 3),
        ("2 - -2", 4),
        ("1.5 + 1", 2.5),
        ('"a" + "b"', "ab"),
        ('"n=" + 5', "n=5"),
        ("1 == 1.0", True),
        ('1 == "1"', False),
        ("null == null", True),
        ("1 < 2 and 2 < 3", True),
        ("1 > 2 or 2 > 1", True),
        ("not (1 > 2)", True),
        ("true and not false", True),
        ("1 in [1, 2]", True),
        ("3 not in [1, 2]", True),
        ("[1, [2, 3]][1][0]", 2),
        ("len([1, 2, 3])", 3),
        ('len("four")', 4),
        ("default(null, 5)", 5),
        ("default(0, 5)", 0),
        ("if(1 == 1, 2, 3)", 2),
        ('int("42")', 42),
        ("int(3.9)", 3),
        ('double("2.5")', 2.5),
        ("string(12)", "12"),
        ("string(true)", "true"),
        ("get_type(1.0)", "double"),
        ('text.to_upper("abc")', "ABC"),
        ('text.split("a,b", ",")', ["a", "b"]),
        ("list.concat([1], 2)", [1, 2]),
        ("math.max(2, 3)", 3),
        ('json.decode("[1, 2]")', [1, 2]),
        ('sys.get_env("GOOGLE_CLOUD_PROJECT_ID")', "p"),
        ('"quote: \\" and tab: \\t"', 'quote: " and tab: \t'),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_an_expression_has_the_documented_value(evaluate: Callable[[str], Any], expression: str, value: Any) -> None:
    found = evaluate(expression)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "tag"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("1 % 0", "ZeroDivisionError"),
        ('1 - "a"', "TypeError"),
        ("not 1", "TypeError"),
        ("1 and true", "TypeError"),
        ("[1][5]", "IndexError"),
        ("[1][-1]", "IndexError"),
        ('json.decode("{").x', "ValueError"),
        ('int("x")', "ValueError"),
        ("9223372036854775807 + 1", "ValueError"),
        ("1 in 5", "TypeError"),
        ("len(5)", "TypeError"),
    ],
)
def test_an_error_carries_its_documented_tag(evaluate: Callable[[str], Any], expression: str, tag: str) -> None:
    with pytest.raises(WorkflowError) as error:
        evaluate(expression)
    assert tag in error.value.payload["tags"]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("foo(1)", "'foo'"),
        ("events.create_callback_endpoint(1)", "events.create_callback_endpoint"),
        ("1 +", "unexpected"),
        ("a b", "unexpected"),
        ('{"a": 1}', "a map cannot be written inside an expression"),
        ("1 ** 2", "unexpected"),
        ('http.get("http://x")', "call step of its own"),
        ("len()", "takes 1 to 1 arguments"),
        ("nowhere + 1", "never assigned"),
        ("+".join(["1"] * 300), "the limit is 400"),
        ("9223372036854775809", "64 bits"),
    ],
)
def test_what_is_unknown_is_refused_when_the_file_is_loaded(
    evaluate: Callable[[str], Any], expression: str, reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        evaluate(expression)
    assert reason in str(refused.value)
    assert "case.workflows.yaml:3" in str(refused.value)
