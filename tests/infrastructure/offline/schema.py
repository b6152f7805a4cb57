"""Blocks and attributes of a provider's schema, as plain values."""

from dataclasses import dataclass, field
from typing import Any

# A type as terraform's JSON writes it: "string", "bool", "number", "dynamic", ["list", T], ["object", {name: T}], ...
Type = Any


@dataclass
class Attribute:
    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    values: list[str] = field(default_factory=list)  # the documented ones; empty: any

    @property
    def read_only(self) -> bool:
        return not (self.required or self.optional)


@dataclass
class Nested:
    """A block inside a block: how it nests, and how often it may stand there (0: as often as one likes)."""

    nesting: str  # single, list or set
    block: "Block"
    min_items: int = 0
    max_items: int = 0


@dataclass
class Block:
    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: dict[str, Nested] = field(default_factory=dict)

    def object_type(self) -> Type:
        """The type of this block's value where it stands as an attribute."""
        fields: dict[str, Type] = {name: attribute.type for name, attribute in self.attributes.items()}
        for name, nested in self.blocks.items():
            fields[name] = ["list" if nested.nesting == "single" else nested.nesting, nested.block.object_type()]
        return ["object", fields]


@dataclass
class Schema:
    name: str
    provider: Block
    resources: dict[str, Block] = field(default_factory=dict)
    data_sources: dict[str, Block] = field(default_factory=dict)
    ephemeral: dict[str, Block] = field(default_factory=dict)
