"""Schemas and values as terraform's plugin protocol (version 6) carries them."""

import json
from typing import Any

import msgpack
from tf.gen import tfplugin_pb2 as protocol

from tests.infrastructure.offline.schema import Block, Schema

NESTING = {"single": 1, "list": 2, "set": 3}
# Fields that terraform knows and the generated classes of `tf` 1.2 do not.
ATTRIBUTE_WRITE_ONLY = b"\x58\x01"  # Schema.Attribute: bool write_only = 11
EPHEMERAL_SCHEMAS = 8  # GetProviderSchema.Response: map<string, Schema> ephemeral_resource_schemas
RESOURCE_SCHEMAS = 2  # the map whose entries have the same encoding
EPHEMERAL_RESULT = 3  # OpenEphemeralResource.Response: DynamicValue result


class Unknown:
    """A value terraform will know only after the apply."""


UNKNOWN = Unknown()


def field(number: int, payload: bytes) -> bytes:
    length, size = bytearray(), len(payload)
    while True:
        length.append(size & 127 | (128 if size > 127 else 0))
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + bytes(length) + payload


def encode(value: Any) -> Any:
    packed = msgpack.packb(value, default=lambda _: msgpack.ExtType(0, b"\0"))
    return protocol.DynamicValue(msgpack=packed)


def decode(value: Any) -> Any:
    """The plain value of a DynamicValue; None for one that is not there."""
    if value.json:
        return json.loads(value.json)
    if not value.msgpack:
        return None
    return msgpack.unpackb(value.msgpack, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False)


def block_message(block: Block) -> Any:
    message = protocol.Schema.Block()
    for name, one in sorted(block.attributes.items()):
        attribute = protocol.Schema.Attribute(
            name=name,
            type=json.dumps(one.type).encode(),
            required=one.required,
            optional=one.optional,
            computed=one.computed,
            sensitive=one.sensitive,
        )
        if one.write_only:
            attribute.MergeFromString(ATTRIBUTE_WRITE_ONLY)
        message.attributes.append(attribute)
    for name, nested in sorted(block.blocks.items()):
        message.block_types.append(
            protocol.Schema.NestedBlock(
                type_name=name,
                nesting=NESTING[nested.nesting],
                block=block_message(nested.block),
                min_items=nested.min_items,
                max_items=nested.max_items,
            )
        )
    return message


def schema_response(schema: Schema) -> bytes:
    """The answer to GetProviderSchema, which terraform asks for at every start."""

    def messages(blocks: dict[str, Block]) -> dict[str, Any]:
        return {name: protocol.Schema(block=block_message(block)) for name, block in blocks.items()}

    answer = protocol.GetProviderSchema.Response(
        provider=protocol.Schema(block=block_message(schema.provider)),
        resource_schemas=messages(schema.resources),
        data_source_schemas=messages(schema.data_sources),
    )
    raw: bytes = answer.SerializeToString()
    for name, message in messages(schema.ephemeral).items():
        entry = protocol.GetProviderSchema.Response(resource_schemas={name: message}).SerializeToString()
        if entry[0] != RESOURCE_SCHEMAS << 3 | 2:
            raise ValueError("resource_schemas is no longer field 2 of GetProviderSchema.Response")
        raw += bytes([EPHEMERAL_SCHEMAS << 3 | 2]) + entry[1:]
    return raw
