"""The calls of terraform's plugin protocol, answered from a schema."""

from collections.abc import Callable, Iterable
from typing import Any

from tf.gen import tfplugin_pb2 as protocol

from tests.infrastructure.offline import behaviour
from tests.infrastructure.offline.schema import Block, Schema
from tests.infrastructure.offline.wire import EPHEMERAL_RESULT, UNKNOWN, decode, encode, field, schema_response

Call = Callable[[Any], Any]
ERROR = 1


def error(summary: str, detail: str = "") -> Any:
    return protocol.Diagnostic(severity=ERROR, summary=summary, detail=detail)


class Provider:
    """One provider: its schema, and what its provider block set."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.schema_response = schema_response(schema)
        self.defaults = behaviour.Defaults()

    def calls(self) -> dict[str, tuple[Any, Call]]:
        """Every call by name: its request's class, or None where the generated classes have none, and its answer."""
        named = {
            name: (getattr(protocol, name).Request, getattr(self, method))
            for name, method in {
                "ValidateProviderConfig": "nothing",
                "ConfigureProvider": "configure",
                "ValidateResourceConfig": "validate_resource",
                "ValidateDataResourceConfig": "validate_data_source",
                "PlanResourceChange": "plan",
                "ReadDataSource": "read_data_source",
                "GetFunctions": "nothing",
                "StopProvider": "nothing",
            }.items()
        }
        # `tf` 1.2 has no classes for ephemeral resources; their requests begin as ValidateResourceConfig's does.
        like = protocol.ValidateResourceConfig.Request
        named["OpenEphemeralResource"] = (like, self.open_ephemeral)
        for name in ("ValidateEphemeralResourceConfig", "RenewEphemeralResource", "CloseEphemeralResource"):
            named[name] = (like, self.nothing)
        return named

    def nothing(self, _request: Any) -> bytes:
        return b""

    def configure(self, request: Any) -> bytes:
        config = decode(request.config)
        labels = config.get("default_labels")
        self.defaults = behaviour.Defaults(
            project=text(config.get("project"), self.defaults.project),
            region=text(config.get("region"), self.defaults.region),
            labels=labels if isinstance(labels, dict) else {},
        )
        return b""

    def validate_resource(self, request: Any) -> Any:
        """Refuse what the schema's types let through and Google does not."""
        errors = faults(request.type_name, self.schema.resources[request.type_name], decode(request.config))
        return protocol.ValidateResourceConfig.Response(diagnostics=list(errors))

    def validate_data_source(self, request: Any) -> Any:
        errors = faults(request.type_name, self.schema.data_sources[request.type_name], decode(request.config))
        return protocol.ValidateDataResourceConfig.Response(diagnostics=list(errors))

    def plan(self, request: Any) -> Any:
        """What an apply would make of the configuration, with everything known, so that wiring can be read from it."""
        proposed = decode(request.proposed_new_state)
        block = self.schema.resources[request.type_name]
        values = behaviour.computed(block, decode(request.config), proposed)
        behaviour.fill(request.type_name, values)
        behaviour.label(block, values, self.defaults)
        values = behaviour.settled(request.type_name, block, values, self.defaults)
        return protocol.PlanResourceChange.Response(planned_state=encode(values), legacy_type_system=True)

    def read_data_source(self, request: Any) -> Any:
        block, config = self.schema.data_sources[request.type_name], decode(request.config)
        for name, attribute in block.attributes.items():
            if config.get(name) is None and attribute.computed:
                config[name] = UNKNOWN
        values = behaviour.settled(f"data {request.type_name}", block, config, self.defaults)
        return protocol.ReadDataSource.Response(state=encode(values))

    def open_ephemeral(self, request: Any) -> bytes:
        block, config = self.schema.ephemeral[request.type_name], decode(request.config)
        for name, attribute in block.attributes.items():
            if config.get(name) is None and attribute.computed:
                config[name] = UNKNOWN
        values = behaviour.settled(request.type_name, block, config, self.defaults)
        return field(EPHEMERAL_RESULT, encode(values).SerializeToString())


def text(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise


def faults(kind: str, block: Block, config: dict[str, Any]) -> Iterable[Any]:
    """Read-only arguments that are set, and values that are none of the documented ones."""
    for path in behaviour.read_only_set(block, config):
        yield error(f"{kind}: {path} is set by the provider and cannot be configured")
    for path, value, allowed in behaviour.undocumented(block, config):
        yield error(f'{kind}: {path} = "{value}" is none of the documented values', f"Documented: {', '.join(allowed)}")
