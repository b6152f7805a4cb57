"""The edge: Arrow Flight SQL in, Arrow out. Parses, calls the engine, answers.

Errors reach clients as ``<SQLSTATE>: <what, and what next>`` in a class of Flight's, which drivers map to their own:
unavailable (ask again), invalid argument (the statement is wrong), unimplemented, cancelled, unknown (limits, damaged
data), internal (a bug: its traceback is in the log, never in the answer).

Headers: ``x-biaac-release`` pins the release a call is answered from. Actions beside Flight SQL's own:

    warm    {"environment", "release"} -> {"release", "tables", "bytes_fetched", "statements", "failed", "seconds"}
    status  -> release, pointer age, workers, memory, cache (see ``Engine.status``)
"""

import functools
import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pyarrow as pa
import structlog
from pyarrow import flight

from biaac.errors import PermanentError, TransientError
from biaac.flight import RELEASE, Malformed, Message, encode, pack, unpack
from cache_service import errors, metadata, system
from cache_service.engine import Engine
from cache_service.errors import QueryError
from cache_service.metadata import TableInfo
from cache_service.questions import Question
from cache_service.schemas import described_schema
from cache_service.wire import to_stream

ACTIONS = [
    ("CreatePreparedStatement", "Flight SQL"),
    ("ClosePreparedStatement", "Flight SQL"),
    ("CloseSession", "Flight SQL; sessions hold nothing"),
    ("warm", '{"environment", "release"}: load a release and answer the dashboards\' statements from it'),
    ("status", "release, pointer age, workers, memory, cache"),
]
SESSION_CLOSED = 1
ANSWERS = (pa.ArrowInvalid, pa.ArrowNotImplementedError)
# Start of a SQLSTATE -> Flight's class, where it is not "invalid argument".
CLASSES = {
    errors.NOT_SUPPORTED: pa.ArrowNotImplementedError,
    errors.CANCELED: flight.FlightCancelledError,
    **dict.fromkeys(("53", "54000", "58", "XX"), flight.FlightServerError),
}

log = structlog.get_logger()
_format_exception = traceback.format_exception


def _formatted(error: Any, *arguments: Any, **options: Any) -> list[str]:
    """pyarrow writes this into its answer for all but Flight's own errors, which cannot say "invalid argument"."""
    value = arguments[0] if arguments else error
    return [] if isinstance(value, ANSWERS) else _format_exception(error, *arguments, **options)


traceback.format_exception = _formatted
Method = TypeVar("Method", bound=Callable[..., Any])


def raises_flight_errors(method: Method) -> Method:
    """Turn our errors into Flight's: any other exception would show its traceback to the client."""

    @functools.wraps(method)
    def wrapped(*args: Any) -> Any:
        try:
            return method(*args)
        except (Malformed, json.JSONDecodeError) as error:
            raise pa.ArrowInvalid(f"08P01: {error}") from None
        except QueryError as error:  # an answer to the client; for the log it is no error
            kind = next((kind for start, kind in CLASSES.items() if error.state.startswith(start)), pa.ArrowInvalid)
            raise kind(f"{error.state}: {error}") from None
        except PermanentError as error:  # no statement's fault: a release is damaged
            log.error("a release cannot be served", call=method.__name__, reason=error.message, hint=error.hint)
            raise flight.FlightServerError(f"{errors.DATA_CORRUPTED}: {error}") from None
        except TransientError as error:
            state = getattr(error, "state", errors.CANNOT_CONNECT_NOW)
            raise flight.FlightUnavailableError(f"{state}: {error}") from None
        except flight.FlightError:
            raise
        except Exception:
            # A bug: the log gets all of it, the client no more than that there is one.
            log.exception("internal error", call=method.__name__)
            raise flight.FlightInternalError(f"{errors.INTERNAL}: internal error, see the service's log") from None

    return wrapped  # type: ignore[return-value]


class ReleaseHeader(flight.ServerMiddlewareFactory):  # type: ignore[misc]  # pyarrow ships no types
    """Makes the header of a call readable in its handler."""

    def start_call(self, _info: Any, headers: dict[str, list[str]]) -> "PinnedRelease | None":
        """Called by pyarrow before each handler."""
        values = headers.get(RELEASE)
        return PinnedRelease(values[-1]) if values else None


class PinnedRelease(flight.ServerMiddleware):  # type: ignore[misc]  # pyarrow ships no types
    """The release a call asks for."""

    def __init__(self, release: str) -> None:
        super().__init__()
        self.release = release


class Server(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow ships no types
    """Flight SQL over an ``Engine``. Keeps no sessions: handles and tickets carry all they mean."""

    def __init__(self, location: str, engine: Engine) -> None:
        super().__init__(location, middleware={RELEASE: ReleaseHeader()})
        self.engine, self.catalogue = engine, engine.catalogue

    @raises_flight_errors
    def get_flight_info(self, context: Any, descriptor: flight.FlightDescriptor) -> flight.FlightInfo:
        """A statement's columns, and the ticket that brings its rows."""
        command = unpack(descriptor.command or b"")
        if metadata.is_metadata(command):
            schema, ticket = self._metadata(command, _release(context)).schema, descriptor.command
        else:
            pinned = self.catalogue.pin(_question(command, _release(context)))
            schema, ticket = self.engine.schema(pinned), pack("TicketStatementQuery", (1, pinned.question.encode()))
        endpoints = [flight.FlightEndpoint(flight.Ticket(ticket), [])]
        return flight.FlightInfo(schema, descriptor, endpoints, -1, -1)

    @raises_flight_errors
    def get_schema(self, context: Any, descriptor: flight.FlightDescriptor) -> flight.SchemaResult:
        """A statement's columns."""
        return flight.SchemaResult(self.get_flight_info(context, descriptor).schema)

    @raises_flight_errors
    def do_get(self, context: Any, ticket: flight.Ticket) -> flight.RecordBatchStream:
        """The rows of a ticket (see ``questions``)."""
        command = unpack(ticket.ticket)
        if metadata.is_metadata(command):
            return flight.RecordBatchStream(self._metadata(command, _release(context)))
        pinned = self.catalogue.pin(_question(command, _release(context)))
        return flight.RecordBatchStream(self.engine.answer(pinned, context.is_cancelled))

    @raises_flight_errors
    def do_put(self, _context: Any, descriptor: flight.FlightDescriptor, reader: Any, writer: Any) -> None:
        """Bind a prepared statement's parameters: answers a new handle that holds them."""
        command = unpack(descriptor.command or b"")
        if command.name != "CommandPreparedStatementQuery":
            raise QueryError("25006", f"{command.name}: this service is read only")
        question = Question.decode(command.data(1))
        parameters = to_stream(reader.read_all()).to_pybytes()
        bound = Question(question.sql, parameters, question.release)
        writer.write(pa.py_buffer(encode((1, bound.encode()))))

    @raises_flight_errors
    def do_action(self, context: Any, action: flight.Action) -> Iterator[bytes]:
        """Prepared statements, and ``warm`` and ``status``."""
        body = action.body.to_pybytes()
        match action.type:
            case "CreatePreparedStatement":
                return iter([self._prepare(unpack(body), _release(context))])
            case "ClosePreparedStatement":
                return iter([])
            case "CloseSession":
                return iter([encode((1, SESSION_CLOSED))])
            case "warm":
                request = json.loads(body)
                if not isinstance(request, dict) or {type(request.get(key)) for key in ("environment", "release")} != {
                    str
                }:
                    raise Malformed('warm: the body is {"environment": ..., "release": ...}')
                return iter([json.dumps(self.engine.warm(request["environment"], request["release"])).encode()])
            case "status":
                return iter([json.dumps(self.engine.status()).encode()])
        raise QueryError(errors.NOT_SUPPORTED, f"action {action.type} is not supported")

    @raises_flight_errors
    def list_flights(self, _context: Any, _criteria: bytes) -> Iterator[flight.FlightInfo]:
        """Refused: Flight SQL lists tables by CommandGetTables."""
        raise QueryError(errors.NOT_SUPPORTED, "ListFlights is not supported", hint="ask CommandGetTables")

    @raises_flight_errors
    def do_exchange(self, _context: Any, _descriptor: Any, _reader: Any, _writer: Any) -> None:
        """Refused: Flight SQL has no use for it."""
        raise QueryError(errors.NOT_SUPPORTED, "DoExchange is not supported")

    def list_actions(self, _context: Any) -> list[tuple[str, str]]:
        """Every action ``do_action`` takes."""
        return ACTIONS

    def _prepare(self, request: Message, release: str | None) -> bytes:
        question = Question(request.text(1) or "", release=release)
        try:
            schema = self.engine.schema(self.catalogue.pin(question)).serialize().to_pybytes()
        except QueryError as error:
            if error.state != errors.BAD_PARAMETER:
                raise
            schema = None  # its columns depend on parameters that come later
        return pack("ActionCreatePreparedStatementResult", (1, question.encode()), (2, schema))

    def _metadata(self, command: Message, release_id: str | None) -> pa.Table:
        release = self.catalogue.choose(release_id)
        # information_schema is for who asks it by name; lists of tables would only get longer.
        names = [name for name in system.TABLES if not name.startswith("information_schema.")]
        tables = [_info(name, system.schema(name), []) for name in names]
        for manifest in self.catalogue.manifests(release) if release else []:
            tables.append(_info(manifest.name, described_schema(manifest), manifest.grain))
        return metadata.answer(command, sorted(tables, key=lambda table: table[:2]))


def _info(name: str, columns: pa.Schema, grain: list[str]) -> TableInfo:
    schema, _, table = name.partition(".")
    return TableInfo(schema, table, columns, grain)


def _release(context: Any) -> str | None:
    """The release that this call's header names."""
    header = context.get_middleware(RELEASE)
    return header.release if header else None


def _question(command: Message, release: str | None) -> Question:
    """The question in a command or ticket. What the handle says comes before the header of this one call."""
    match command.name:
        case "CommandStatementQuery":
            return Question(command.text(1) or "", release=release)
        case "TicketStatementQuery" | "CommandPreparedStatementQuery":
            question = Question.decode(command.data(1))
            return Question(question.sql, question.parameters, question.release or release)
    raise QueryError(errors.NOT_SUPPORTED, f"{command.name} is not supported")
