"""The ``text`` module. Regular expressions are RE2's (the leftmost, of those the longest match), by RE2 itself.

https://cloud.google.com/workflows/docs/reference/stdlib/text/find_all_regex
"""

import re
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import re2

from stand_ins.workflows.failures import failure
from stand_ins.workflows.signatures import Optional, function

_OPTIONS = re2.Options()
_OPTIONS.longest_match = True
_OPTIONS.log_errors = False  # the error is raised; the library would write it to stderr as well


def _regexp(pattern: str) -> Any:
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise failure("ValueError", f"regular expression {pattern!r}: {reason}") from None


def _decode(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError) as error:
        raise failure("ValueError", f"text.decode: {error}") from None


def _encode(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except (UnicodeEncodeError, LookupError) as error:
        raise failure("ValueError", f"text.encode: {error}") from None


def _find_all(source: str, substr: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(substr), source)]


def _find_all_regex(source: str, regexp: str) -> list[dict[str, Any]]:
    return [{"index": match.start(), "match": match.group()} for match in _regexp(regexp).finditer(source)]


def _replace_all_regex(source: str, substr: str, repl: str) -> str:
    r"""In ``repl``, ``\0`` is the match and ``\1`` to ``\9`` are its groups."""
    pattern = _regexp(substr)

    def expand(match: Any) -> str:
        def group(reference: re.Match[str]) -> str:
            if not reference[1].isdigit():
                return str(reference[1])
            if int(reference[1]) > pattern.groups:
                raise failure("ValueError", f"text.replace_all_regex: {substr!r} has no group {reference[1]}")
            return match.group(int(reference[1])) or ""

        return re.sub(r"\\(.)", group, repl)

    return str(pattern.sub(expand, source))


def _substring(source: str, start: int, end: int) -> str:
    if not 0 <= start <= end <= len(source):
        raise failure("IndexError", f"text.substring: [{start}, {end}) is not in a text of {len(source)} characters")
    return source[start:end]


def _split(source: str, separator: str) -> list[str]:
    return source.split(separator) if separator else list(source)


FUNCTIONS = [
    function("text.decode", _decode, data=bytes, charset=Optional(str, "UTF-8")),
    function("text.encode", _encode, text=str, charset=Optional(str, "UTF-8")),
    function("text.find_all", _find_all, source=str, substr=str),
    function("text.find_all_regex", _find_all_regex, source=str, regexp=str),
    function("text.match_regex", lambda source, regexp: bool(_regexp(regexp).search(source)), source=str, regexp=str),
    function("text.replace_all", str.replace, source=str, substr=str, repl=str),
    function("text.replace_all_regex", _replace_all_regex, source=str, substr=str, repl=str),
    function("text.split", _split, source=str, separator=str),
    function("text.substring", _substring, source=str, start=int, end=int),
    function("text.to_lower", str.lower, source=str),
    function("text.to_upper", str.upper, source=str),
    function("text.url_decode", unquote_plus, source=str),
    function("text.url_encode", lambda source: quote(source, safe=""), source=str),
    function("text.url_encode_plus", quote_plus, source=str),
]
