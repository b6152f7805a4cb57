"""Expressions: https://cloud.google.com/workflows/docs/reference/syntax/expressions and .../syntax/datatypes."""

from collections.abc import Callable
from typing import Any

import pytest

from stand_ins.workflows.failures import WorkflowError
from stand_ins.yaml_file import Refused


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        # datatypes#order-operations
        ("1 + 2 * 3", 7),
        ("10 - 3 - 2", 5),
        ("2 * 3 % 4", 2),
        ("-2 * -3", 6),
        ("1 + 1 == 2 and 3 in [3]", True),
        ("true or false and false", True),
        ("false AND true OR true", True),
        ("NOT false", True),
        ("not false == false", False),  # (not false) == false
        ("1 < 2 == true", True),
        # datatypes#implicit-conversions
        ('1 + "a"', "1a"),
        ('1.5 + "a"', "1.5a"),
        ('true + "a"', "truea"),
        ("7.5 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("2 * 1.5", 3.0),
        ("null == 0", False),
        ('"a" != null', True),
        ("true == 1", False),
        ("[1, {0}] == [1.0, {0}]".format('"x"'), True),
        ('"a" < "b"', True),
        ("1 in [true]", False),
        ("true and TRUE and True", True),
        ("9223372036854775806 + 1", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("false and 1 / 0 == 1", False),  # the right side is not looked at
        ("true or 1 / 0 == 1", True),
        ("1e3", 1000.0),
        ("[]", []),
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
        # stdlib: each under its own page, https://cloud.google.com/workflows/docs/reference/stdlib/overview
        ("if(null, 2, 3)", 3),
        ('keys(json.decode("{\\"b\\": 1, \\"a\\": 2}"))', ["b", "a"]),
        ("get_type(null)", "null"),
        ("get_type(true)", "boolean"),
        ("get_type(1)", "integer"),
        ("get_type([])", "list"),
        ('get_type("")', "string"),
        ('get_type(text.encode("x"))', "bytes"),
        ('get_type(json.decode("{}"))', "map"),
        ("string(1.7)", "1.7"),
        ("int(-2.7)", -2),
        ("list.concat([1], [2])", [1, [2]]),
        ("list.prepend([1], 2)", [2, 1]),
        ('map.get(json.decode("{\\"a\\": {\\"b\\": 5}}"), ["a", "b"])', 5),
        ('map.get(json.decode("{}"), "x")', None),
        ('map.get("no map", "x")', None),
        ('map.merge(json.decode("{\\"a\\": 1}"), json.decode("{\\"a\\": 2}"))', {"a": 2}),
        ('map.delete(json.decode("{\\"a\\": 1}"), "a")', {}),
        ("math.abs(-3)", 3),
        ("math.floor(-1.5)", -2),
        ("math.min(2, 1.5)", 1.5),
        ('text.find_all("banana", "an")', [1, 3]),
        (
            'text.find_all_regex("HelloWorld", "Hello|World")',
            [{"index": 0, "match": "Hello"}, {"index": 5, "match": "World"}],
        ),
        ('text.find_all_regex("abab", "a|ab")', [{"index": 0, "match": "ab"}, {"index": 2, "match": "ab"}]),
        ('text.match_regex("abc", "b.$")', True),
        ('text.replace_all("aXbX", "X", "-")', "a-b-"),
        ('text.replace_all_regex("john smith", "(\\\\w+) (\\\\w+)", "\\\\2 \\\\1")', "smith john"),
        ('text.substring("hello", 1, 3)', "el"),
        ('text.url_encode("a b/c")', "a%20b%2Fc"),
        ('text.url_encode_plus("a b")', "a+b"),
        ('text.url_decode("a%20b+c")', "a b c"),
        ('base64.encode(text.encode("hi"))', "aGk="),
        ('text.decode(base64.decode("aGk="))', "hi"),
        ("json.encode_to_string([1, 2.0, null, true])", "[1,2,null,true]"),
        ("json.encode_to_string([1], true)", "[\n    1\n]"),
        ("time.format(0)", "1970-01-01T00:00:00.000000Z"),
        ('time.format(0, "America/New_York")', "1969-12-31T19:00:00.000000-05:00"),
        ('time.parse("1970-01-01T00:00:01Z")', 1.0),
        ("len(uuid.generate())", 36),
        ("sys.now()", 1_700_000_000.0),
        ('sys.get_env("ABSENT")', None),
        ('sys.get_env("ABSENT", "d")', "d"),
        ("http.default_retry.max_retries", 5),
        ("retry.default_backoff.multiplier", 1.25),
    ],
)
def test_an_expression_has_the_documented_value(evaluate: Callable[[str], Any], expression: str, value: Any) -> None:
    result = evaluate(expression)
    assert result == value
    assert type(result) is type(value)


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
        ('"a" in "abc"', "TypeError"),
        ("null + 1", "TypeError"),
        ('null + "a"', "TypeError"),
        ("true + 1", "TypeError"),
        ('1 < "2"', "TypeError"),
        ("-true", "TypeError"),
        ("1 // 0", "ZeroDivisionError"),
        ('[1]["0"]', "TypeError"),
        ("5[0]", "TypeError"),
        ("-9223372036854775808 - 1", "ValueError"),
        ("string([1])", "TypeError"),
        ("string(null)", "TypeError"),
        ('text.match_regex("a", "(?=a)")', "ValueError"),
        ('text.substring("abc", 2, 9)', "IndexError"),
        ('time.parse("yesterday")', "ValueError"),
        ('base64.decode("*")', "ValueError"),
        ("map.get([], 5)", "TypeError"),
        ("if(1, 2, 3)", "TypeError"),
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
        ("len()", "takes 1 arguments"),
        ("sys.get_env()", "takes 1 to 2 arguments"),
        ("sys.sleep(1)", "call step of its own"),
        ("googleapis.run.v2.projects.locations.jobs.run(1)", "call step of its own"),
        ("bool(1)", "'bool'"),
        ("hash.compute_checksum(1)", "hash.compute_checksum"),
        ("true And false", "unexpected"),
        ('"\\q"', "unknown escape"),
        ('"open', "a string that does not end"),
        ("a.5", "a name is expected after"),
        ("(1)(2)", "only a function or subworkflow can be called"),
        ("9223372036854775808", "64 bits"),
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
