"""The schema of a provider, read out of its CDKTF bindings.

CDKTF generated its bindings from ``terraform providers schema``. Each generated JavaScript file carries its TypeScript
in an inline source map, and that states for every attribute ``// name - computed: .., optional: .., required: ..``,
and for every argument whether it is a block, how it nests and of which type it is. What it does not state: which
attributes are sensitive (their names say it here), how many blocks at least or at most (beyond one), which change
forces a replacement.
"""

import base64
import json
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.infrastructure.offline.schema import Attribute, Block, Nested, Type

SOURCE_MAP = re.compile(r"sourceMappingURL=data:application/json;(?:charset=utf-8;)?base64,(\S+)")
CLASS = re.compile(r"^export class (\w+) extends cdktf\.(\w+) \{", re.M)
GETTER = re.compile(
    r"^  // (\S+) - computed: (true|false), optional: (true|false), required: (true|false)\n"
    r"(.*?)(?=^  // \S+ - computed:|^  // =====|^}|\Z)",
    re.M | re.S,
)
ARGUMENT = re.compile(
    r'^\s+(\w+): \{\n\s+value: (.*?),\n\s+isBlock: (true|false),\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)"', re.M
)
ARGUMENTS_OF = re.compile(r"^export function (\w+)ToHclTerraform\(.*?\{\n(.*?)^\}", re.M | re.S)
INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", re.M | re.S)
DOCUMENTED = re.compile(r"/\*\*(.*?)\*/\n\s+readonly (\w+)\??:", re.S)
VALUES = re.compile(r'Possible values: \[("[^\]]+)\]')
SENSITIVE = re.compile(r"(^|_)(password|secret_data|secret|private_key|client_secret|password_wo|secret_data_wo)$")

# How a getter reads its attribute tells the attribute's type.
READ_BY: dict[str, Type] = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getNumberMapAttribute": ["map", "number"],
    "getBooleanMapAttribute": ["map", "bool"],
    "getAnyMapAttribute": ["map", "dynamic"],
    "interpolationForAttribute": "dynamic",
}
HELD_AS: dict[str, Type] = {
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
    "AnyMap": ["map", "dynamic"],
    "StringMapList": ["list", ["map", "string"]],
    "NumberMapList": ["list", ["map", "number"]],
    "StringListMap": ["map", ["list", "string"]],
}


class Argument(NamedTuple):
    value: str
    is_block: bool
    nesting: str
    storage: str


class Getter(NamedTuple):
    """One attribute of a class, with the code that reads it."""

    name: str
    computed: bool
    optional: bool
    required: bool
    code: str


def read(bindings: Path) -> tuple[dict[str, Block], dict[str, Block]]:
    """Resources and data sources of an installed CDKTF package (the folder of its Python module)."""
    resources: dict[str, Block] = {}
    data_sources: dict[str, Block] = {}
    for source in sources(bindings):
        module = Module(source)
        for cls, base in module.bases.items():
            if base in {"TerraformResource", "TerraformDataSource"}:
                (name,) = re.findall(r"terraformResourceType: '([\w-]+)'", module.classes[cls])
                blocks = resources if base == "TerraformResource" else data_sources
                blocks[name] = module.block(cls, cls)
    return resources, data_sources


def sources(bindings: Path) -> Iterator[str]:
    """The TypeScript of each resource and data source; a large one stands in several files."""
    parts: dict[str, list[str]] = defaultdict(list)
    (archive,) = (bindings / "_jsii").glob("*.jsii.tgz")
    with tarfile.open(archive) as files:
        for member in files:
            folder = re.match(r"package/lib/([^/]+)/.*\.js$", member.name)
            content = files.extractfile(member) if folder else None
            if folder and content:
                embedded = SOURCE_MAP.search(content.read().decode())
                if embedded:
                    parts[folder[1]].append(json.loads(base64.b64decode(embedded[1]))["sourcesContent"][0])
    for texts in parts.values():
        yield "\n".join(texts)


class Module:
    """The classes, arguments and documented values of one TypeScript source."""

    def __init__(self, source: str) -> None:
        self.classes: dict[str, str] = {}
        self.bases: dict[str, str] = {}
        for head in CLASS.finditer(source):
            end = source.find("\n}\n", head.end())
            self.classes[head[1]] = source[head.end() : end + 2 if end > 0 else len(source)]
            self.bases[head[1]] = head[2]
        self.arguments = {found[1].lower(): found[2] for found in ARGUMENTS_OF.finditer(source)}
        self.values: dict[str, dict[str, list[str]]] = {}
        for interface in INTERFACE.finditer(source):
            self.values[interface[1]] = {
                argument.replace("_", "").lower(): re.findall(r'"([^"]*)"', values[1])
                for text, argument in DOCUMENTED.findall(interface[2])
                if (values := VALUES.search(re.sub(r"\n?\s*\* ?", " ", text)))
            }

    def block(self, cls: str, struct: str) -> Block:
        """The block that a resource's class, or a nested ``<struct>OutputReference``, stands for."""
        body = self.classes[cls]
        synthesis = body.find("synthesizeHclAttributes")
        arguments = read_arguments(body[synthesis:] if synthesis >= 0 else self.arguments.get(struct.lower(), ""))
        values = self.values.get(struct) or self.values.get(f"{struct}Config") or {}
        block = Block()
        for found in GETTER.findall(body):
            name, computed, optional, required, code = found
            getter = Getter(name, computed == "true", optional == "true", required == "true", code)
            nested = self.nested(getter, arguments.get(getter.name))
            if nested:
                block.blocks[getter.name] = nested
            else:
                block.attributes[getter.name] = self.attribute(getter, arguments.get(getter.name), values)
        return block

    def nested(self, getter: Getter, argument: Argument | None) -> Nested | None:
        """The block under this name, or None where it is an attribute (a computed list of objects is one)."""
        if argument is None or not argument.is_block or getter.computed:
            return None
        struct = self.struct(getter)
        if struct is None:
            return None
        nesting = "single" if argument.nesting == "struct" else "set" if holds_a_set(getter, argument) else "list"
        block = self.block(f"{struct}OutputReference", struct)
        if nesting == "single":
            return Nested(nesting, block)
        once = "listMapperHcl" not in argument.value
        return Nested(nesting, block, min_items=int(getter.required), max_items=int(once))

    def attribute(self, getter: Getter, argument: Argument | None, values: dict[str, list[str]]) -> Attribute:
        of_type = self.type_of(getter, argument)
        settable = getter.optional or getter.required
        return Attribute(
            of_type,
            required=getter.required,
            optional=getter.optional,
            computed=getter.computed,
            sensitive=of_type == "string" and bool(SENSITIVE.search(getter.name)),
            write_only=getter.name.endswith("_wo"),
            values=values.get(getter.name.replace("_", "").lower(), []) if settable else [],
        )

    def type_of(self, getter: Getter, argument: Argument | None) -> Type:
        """The terraform type of an attribute, by how its getter reads it."""
        if struct := self.struct(getter):
            kind = "set" if holds_a_set(getter, argument) else "list"
            return [kind, self.block(f"{struct}OutputReference", struct).object_type()]
        held = re.search(r'= new (?:cdktf\.)?(\w+)\(this, "', getter.code)
        reader = re.search(r"this\.(get\w+|interpolationForAttribute)\(", getter.code)
        if held:
            of_type = HELD_AS[held[1]]
        else:
            assert reader is not None, getter.name
            of_type = READ_BY[reader[1]]
        return ["set", of_type[1]] if of_type[0] == "list" and holds_a_set(getter, argument) else of_type

    def struct(self, getter: Getter) -> str | None:
        held = re.search(r'= new (?:cdktf\.)?(\w+)\(this, "', getter.code)
        if held is None or held[1] in HELD_AS:
            return None
        return re.sub(r"(OutputReference|List|Map)$", "", held[1])


def read_arguments(code: str) -> dict[str, Argument]:
    return {one[0]: Argument(one[1], one[2] == "true", one[3], one[4]) for one in ARGUMENT.findall(code)}


def holds_a_set(getter: Getter, argument: Argument | None) -> bool:
    """Whether terraform holds this attribute as a set: no order, no repeats."""
    return (
        "(cdktf.Fn.tolist" in getter.code
        or bool(re.search(r'new \w+\(this, "[^"]+", true\)', getter.code))
        or bool(argument and argument.nesting == "set")
    )
