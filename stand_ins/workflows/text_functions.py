"""The ``text`` module. Regular expressions are RE2's (the leftmost, of those the longest match), by RE2 itself.

https://cloud.google.com/workflows/docs/reference/stdlib/text/find_all_regex
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import re2

from stand_ins.workflows.failures import failure

_OPTIONS = re2.Options()
_OPTIONS.longest_match = True
_OPTIONS.log_errors = False  # the error is raised; the library would write it to stderr as well


def _regexp(pattern: str) -> Any:
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise failure("ValueError", f"regular expression {pattern!r}: {reason}") from None


def decode(data: bytes, charset: str = "UTF-8") -> str:
    """Text from bytes."""
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError) as error:
        raise failure("ValueError", f"text.decode: {error}") from None


def encode(text: str, charset: str = "UTF-8") -> bytes:
    """Bytes from text."""
    try:
        return text.encode(charset)
    except (UnicodeEncodeError, LookupError) as error:
        raise failure("ValueError", f"text.encode: {error}") from None


def find_all(source: str, substr: str) -> list[int]:
    """Where a substring stands."""
    return [match.start() for match in re.finditer(re.escape(substr), source)]


def find_all_regex(source: str, regexp: str) -> list[dict[str, Any]]:
    """Where a regular expression matches, and what."""
    return [{"index": match.start(), "match": match.group()} for match in _regexp(regexp).finditer(source)]


def match_regex(source: str, regexp: str) -> bool:
    """Whether a regular expression matches anywhere."""
    return _regexp(regexp).search(source) is not None


def replace_all(source: str, substr: str, repl: str) -> str:
    """Every instance of a substring replaced."""
    return source.replace(substr, repl)


def replace_all_regex(source: str, substr: str, repl: str) -> str:
    r"""Every match replaced; ``\0`` is the match, ``\1`` to ``\9`` its groups."""
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


def split(source: str, separator: str) -> list[str]:
    """The parts between separators; every character for an empty one."""
    return source.split(separator) if separator else list(source)


def substring(source: str, start: int, end: int) -> str:
    """Characters from ``start`` up to but not including ``end``."""
    if not 0 <= start <= end <= len(source):
        raise failure("IndexError", f"text.substring: [{start}, {end}) is not in a text of {len(source)} characters")
    return source[start:end]


def to_lower(source: str) -> str:
    """Lower case."""
    return source.lower()


def to_upper(source: str) -> str:
    """Upper case."""
    return source.upper()


def url_decode(source: str) -> str:
    """Percent escapes and pluses undone."""
    return unquote_plus(source)


def url_encode(source: str) -> str:
    """Percent-encoded, spaces too."""
    return quote(source, safe="")


def url_encode_plus(source: str) -> str:
    """Percent-encoded, spaces as pluses."""
    return quote_plus(source)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "text.decode": decode,
    "text.encode": encode,
    "text.find_all": find_all,
    "text.find_all_regex": find_all_regex,
    "text.match_regex": match_regex,
    "text.replace_all": replace_all,
    "text.replace_all_regex": replace_all_regex,
    "text.split": split,
    "text.substring": substring,
    "text.to_lower": to_lower,
    "text.to_upper": to_upper,
    "text.url_decode": url_decode,
    "text.url_encode": url_encode,
    "text.url_encode_plus": url_encode_plus,
}
