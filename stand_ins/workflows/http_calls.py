"""The ``http`` module: requests, their errors, and the default retry policies.

https://cloud.google.com/workflows/docs/http-requests. ``auth`` sends an unsigned token: its ``iss`` is
``stand_ins.workflows``, its ``alg`` is ``none``, and it goes to loopback only.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from stand_ins.unsigned_token import unsigned_token
from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import failure
from stand_ins.workflows.signatures import Function, Optional, function
from stand_ins.workflows.values import Number, from_json, text, to_json, type_name

MAX_RESPONSE = 2 * 1024 * 1024  # bytes: https://cloud.google.com/workflows/quotas
MAX_TIMEOUT = 1800  # seconds
AGENT = "GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def request(
    execution: Execution,
    method: str,
    url: str,
    timeout: float = 300,
    headers: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
    auth: dict[str, Any] | None = None,
    body: Any = None,
) -> dict[str, Any]:
    """Send a request and return ``{body, code, headers}``; ``timeout`` is in seconds, errors have their tags."""
    if method not in METHODS:
        raise failure("ValueError", f"http.request: method must be one of {', '.join(METHODS)}, found {method!r}")
    if not url.startswith(("http://", "https://")):
        raise failure("ValueError", f"http: url must start with http:// or https://, found {url!r}")
    if not 0 < timeout <= MAX_TIMEOUT:
        raise failure("ValueError", f"http: timeout must be up to {MAX_TIMEOUT} seconds, found {timeout}")
    sent = {name: _text(f"header {name}", value) for name, value in (headers or {}).items()}
    agent = next((sent.pop(name) for name in list(sent) if name.lower() == "user-agent"), "")
    sent["User-Agent"] = f"{agent} {AGENT}".strip()
    content = None if body is None else _encode(body, sent)
    if auth is not None:
        sent["Authorization"] = f"Bearer {_token(auth, url)}"
    execution.before_blocking(execution)
    code, received, data = _exchange(method, url, sent, content, _query(query or {}), float(timeout))
    result = {"body": _decode(received, data), "code": code, "headers": _canonical(received)}
    if code >= 400:
        error = failure("HttpError", "", **result)
        error.payload["message"] = f"HTTP server responded with error code {code}"
        raise error
    return result


def _exchange(
    method: str, url: str, headers: dict[str, str], content: bytes | None, query: str, timeout: float
) -> tuple[int, httpx.Headers, bytes]:
    """Send a request; an error of the network gets its tag. ``timeout`` is for the whole exchange."""
    end = time.monotonic() + timeout
    data = bytearray()
    try:
        # No connection is kept: one that died idle would look like an answer that was lost.
        with (
            httpx.Client(timeout=timeout, follow_redirects=True, trust_env=False) as client,
            client.stream(method, url, headers=headers, content=content, params=query or None) as response,
        ):
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_RESPONSE:
                    raise failure("ResourceLimitError", f"the response of {url} is larger than {MAX_RESPONSE} bytes")
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("the whole of the answer")
            return response.status_code, response.headers, bytes(data)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise failure("ConnectionFailedError", f"{url}: {error}") from None
    except httpx.TimeoutException:
        raise failure("TimeoutError", f"{url}: no answer within {timeout:g} s") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise failure("ValueError", f"http: url {url!r}: {error}") from None
    except httpx.RequestError as error:
        raise failure("ConnectionError", f"{url}: {error}") from None


def _text(what: str, value: Any) -> str:
    written = text(value)
    if written is None:
        raise failure("TypeError", f"http: {what} must be a string, number or boolean, found {type_name(value)}")
    return written


def _query(query: dict[str, Any]) -> str:
    """A list repeats its name."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    return urlencode([(name, _text(f"query {name}", item)) for name, items in lists.items() for item in items])


def _encode(body: Any, headers: dict[str, str]) -> bytes:
    """The body as its Content-Type says; without one bytes stay bytes and all else becomes JSON."""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    if kind is None:
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json; charset=utf-8"
        headers["Content-Type"] = kind
    if isinstance(body, bytes):
        return body
    if "json" in kind:
        return to_json(body).encode()
    if "x-www-form-urlencoded" in kind and isinstance(body, dict):
        return _query(body).encode()
    if isinstance(body, str):
        return body.encode()
    raise failure("TypeError", f"http: a body of type {type_name(body)} cannot be sent as {kind}")


def _decode(headers: httpx.Headers, data: bytes) -> Any:
    """JSON as a value, text as a string, all else as bytes; null for nothing."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not data:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        return from_json(data, "http: the response says it is JSON")
    return data.decode(headers.encoding, "replace") if kind.startswith("text/") else data


def _canonical(headers: httpx.Headers) -> dict[str, str]:
    return {"-".join(part.capitalize() for part in name.split("-")): value for name, value in headers.items()}


def _token(auth: dict[str, Any], url: str) -> str:
    """An unsigned token of the kind that ``auth`` names, for loopback only."""
    kind = auth.get("type")
    known = {"OIDC": {"type", "audience"}, "OAuth2": {"type", "scope", "scopes"}}
    if kind not in known or set(auth) - known[kind]:
        raise failure("ValueError", f"http: auth takes type OIDC (audience) or OAuth2 (scope, scopes), found {auth}")
    if urlsplit(url).hostname not in LOOPBACK:
        raise failure("AuthError", f"{url}: this server has no credentials for {kind}; only loopback is served")
    return unsigned_token({"iss": "stand_ins.workflows", "aud": auth.get("audience", url), "type": kind})


def _worth_a_retry(error: Any, codes: set[int], tags: set[str]) -> bool:
    return isinstance(error, dict) and (error.get("code") in codes or bool(tags & set(error.get("tags") or [])))


def default_retry_predicate(exception: Any) -> bool:
    """Whether asking again is safe and may help, for idempotent targets."""
    tags = {"ConnectionError", "ConnectionFailedError", "TimeoutError"}
    return _worth_a_retry(exception, {429, 502, 503, 504}, tags)


def default_retry_predicate_non_idempotent(exception: Any) -> bool:
    """Whether asking again is safe and may help, where a request must not take effect twice."""
    return _worth_a_retry(exception, {429, 503}, {"ConnectionFailedError"})


_ARGUMENTS: dict[str, Any] = {
    "url": str,
    "timeout": Optional(Number, 300),
    "headers": Optional(dict | None),
    "query": Optional(dict | None),
    "auth": Optional(dict | None),
}
_BODY = {"body": Optional(Any)}


def _call(name: str, python: Callable[..., Any], kinds: dict[str, Any]) -> Function:
    return function(name, python, blocking=True, with_execution=True, **kinds)


def _method(method: str) -> Callable[..., Any]:
    return lambda execution, *arguments: request(execution, method, *arguments)


FUNCTIONS = [
    _call("http.request", request, {"method": str, **_ARGUMENTS, **_BODY}),
    _call("http.get", _method("GET"), _ARGUMENTS),
    *(_call(f"http.{each.lower()}", _method(each), _ARGUMENTS | _BODY) for each in ("POST", "PUT", "PATCH", "DELETE")),
    function("http.default_retry_predicate", default_retry_predicate, exception=Any),
    function("http.default_retry_predicate_non_idempotent", default_retry_predicate_non_idempotent, exception=Any),
]
