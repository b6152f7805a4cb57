"""Lifts the schema of google 6.50, the last that CDKTF generated, to google 8, which Pulumi's bindings bridge.

Pulumi keeps terraform's names (plural for lists), what is required, and how blocks nest. So for each type of
``BRIDGED`` an argument that appeared is added, one that is gone is removed, and one that became required is marked so.
A type that is not in the table stays at 6.50: add it there when ``terraform/`` starts to use what is newer.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from tests.infrastructure.offline.schema import Attribute, Block, Nested, Schema, Type

VERSION = "8.2.0"  # of the provider that pulumi-gcp 10.2 bridges

# terraform type without `google_` -> the module and class of Pulumi's bindings
BRIDGED = {
    "artifact_registry_repository": "artifactregistry/repository:Repository",
    "billing_budget": "billing/budget:Budget",
    "cloud_run_v2_job": "cloudrunv2/job:Job",
    "cloud_run_v2_service": "cloudrunv2/service:Service",
    "cloud_scheduler_job": "cloudscheduler/job:Job",
    "cloudbuild_trigger": "cloudbuild/trigger:Trigger",
    "cloudbuildv2_connection": "cloudbuildv2/connection:Connection",
    "cloudbuildv2_repository": "cloudbuildv2/repository:Repository",
    "cloudfunctions2_function": "cloudfunctionsv2/function:Function",
    "compute_firewall": "compute/firewall:Firewall",
    "compute_global_address": "compute/global_address:GlobalAddress",
    "compute_network": "compute/network:Network",
    "compute_subnetwork": "compute/subnetwork:Subnetwork",
    "eventarc_trigger": "eventarc/trigger:Trigger",
    "kms_crypto_key": "kms/crypto_key:CryptoKey",
    "logging_metric": "logging/metric:Metric",
    "logging_project_bucket_config": "logging/project_bucket_config:ProjectBucketConfig",
    "monitoring_alert_policy": "monitoring/alert_policy:AlertPolicy",
    "monitoring_dashboard": "monitoring/dashboard:Dashboard",
    "monitoring_notification_channel": "monitoring/notification_channel:NotificationChannel",
    "monitoring_uptime_check_config": "monitoring/uptime_check_config:UptimeCheckConfig",
    "project_iam_custom_role": "projects/iam_custom_role:IAMCustomRole",
    "project_service": "projects/service:Service",
    "secret_manager_secret": "secretmanager/secret:Secret",
    "secret_manager_secret_version": "secretmanager/secret_version:SecretVersion",
    "service_account": "serviceaccount/account:Account",
    "service_networking_connection": "servicenetworking/connection:Connection",
    "sql_database": "sql/database:Database",
    "sql_database_instance": "sql/database_instance:DatabaseInstance",
    "sql_user": "sql/user:User",
    "storage_bucket": "storage/bucket:Bucket",
    "storage_bucket_object": "storage/bucket_object:BucketObject",
    "workflows_workflow": "workflows/workflow:Workflow",
}
PRIMITIVES: dict[str, Type] = {"str": "string", "bool": "bool", "int": "number", "float": "number"}
# What terraform adds by itself, or the provider from labels: no bindings list it as an argument.
IMPLIED = {"id", "timeouts", "terraform_labels", "effective_labels", "effective_annotations"}
VALUES = re.compile(r"(?:Possible|Allowed) values(?: are)?: ?((?:`\"?[\w-]+\"?`(?:, (?:and )?| and |, or | or )?)+)")


class Argument(NamedTuple):
    """One argument as Pulumi's bindings write it."""

    annotation: ast.expr
    required: bool
    text: str

    @property
    def values(self) -> list[str]:
        """The values its text says are possible."""
        found = VALUES.search(" ".join(self.text.split()))
        return re.findall(r"`\"?([\w-]+)\"?`", found[1]) if found else []

    @property
    def is_result(self) -> bool:
        """Whether only the provider sets it."""
        return self.text.strip().startswith("(Output)")

    @property
    def is_list(self) -> bool:
        """Whether it may be given several times."""
        return "Sequence" in ast.unparse(self.annotation)

    @property
    def is_map(self) -> bool:
        """Whether it maps names to values."""
        return "Mapping" in ast.unparse(self.annotation)

    @property
    def primitive(self) -> Type:
        """The terraform type of a single value."""
        names = (node.attr for node in ast.walk(self.annotation) if isinstance(node, ast.Attribute))
        return next((PRIMITIVES[name] for name in names if name in PRIMITIVES), "string")

    @property
    def structure(self) -> str | None:
        """The class of its arguments when it is a block: bindings name it in quotes."""
        quoted = (node.value for node in ast.walk(self.annotation) if isinstance(node, ast.Constant))
        name = next((value for value in quoted if isinstance(value, str)), None)
        return name and (name if name.endswith("Dict") else f"{name}Dict")


class Bindings:
    """Pulumi's Python package, read and never imported."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self.parsed: dict[Path, dict[str, ast.ClassDef]] = {}

    def classes(self, file: str) -> dict[str, ast.ClassDef]:
        """The classes of one file."""
        path = self.package / file
        if path not in self.parsed:
            tree = ast.parse(path.read_text())
            self.parsed[path] = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        return self.parsed[path]

    def arguments(self, module: str, cls: str) -> dict[str, Argument]:
        """What a resource takes."""
        init = constructor(self.classes(f"{module}.py")[f"{cls}Args"])
        texts = re.split(r":param \S+(?: \S+)*? (\w+): ", ast.get_docstring(init) or "")
        documented = dict(zip(texts[1::2], texts[2::2], strict=True))
        return {
            argument.arg: Argument(annotation(argument), default is None, documented.get(argument.arg, ""))
            for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
        }

    def results(self, module: str, cls: str) -> set[str]:
        """Everything a resource holds once it exists."""
        return {argument.arg for argument in constructor(self.classes(f"{module}.py")[f"_{cls}State"]).args.kwonlyargs}

    def nested(self, module: str, structure: str) -> dict[str, Argument]:
        """What a block takes."""
        body = self.classes(f"{module.split('/', maxsplit=1)[0]}/_inputs.py")[structure].body
        found: dict[str, Argument] = {}
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                text = (
                    after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
                )
                optional = ast.unparse(node.annotation).startswith("NotRequired")
                found[node.target.id] = Argument(node.annotation, not optional, str(text))
        return found


def constructor(cls: ast.ClassDef) -> ast.FunctionDef:
    """The ``__init__`` of a class."""
    return next(node for node in cls.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")


def annotation(argument: ast.arg) -> ast.expr:
    """An argument's type; bindings write one for each."""
    if argument.annotation is None:
        raise ValueError(f"argument {argument.arg} has no type")
    return argument.annotation


def singulars(name: str) -> list[str]:
    """What terraform may call an argument that Pulumi calls ``name``."""
    shorter = [f"{name[:-3]}y"] if name.endswith("ies") else []
    shorter += [name[:-2]] if name.endswith("es") else []
    shorter += [name[:-1]] if name.endswith("s") else []
    return [name, *shorter, f"{name}s"]


def lift(schema: Schema, package: Path) -> None:
    """Change ``schema`` in place to what the bindings in ``package`` (the folder of ``pulumi_gcp``) say."""
    bindings = Bindings(package)
    for name, where in BRIDGED.items():
        module, cls = where.split(":")
        block = schema.resources[f"google_{name}"]
        results = bindings.results(module, cls)
        merge(bindings, module, block, bindings.arguments(module, cls), results)
        for result in results:
            if not result.startswith("pulumi") and not any(one in known(block) for one in singulars(result)):
                block.attributes[result] = Attribute("string", computed=True)
    schema.version = VERSION


def known(block: Block) -> set[str]:
    """Every name a block already has."""
    return {*block.attributes, *block.blocks}


def merge(bindings: Bindings, module: str, block: Block, arguments: dict[str, Argument], results: set[str]) -> None:
    """Add what appeared, mark what became required, remove what is gone and is no result either."""
    kept = set(IMPLIED)
    for name, argument in arguments.items():
        there = next((one for one in singulars(name) if one in known(block)), None)
        if there is None:
            kept |= add(bindings, module, block, name, argument)
            continue
        kept.add(there)
        if there in block.blocks and argument.structure:
            merge(bindings, module, block.blocks[there].block, bindings.nested(module, argument.structure), set())
        elif there in block.attributes and not argument.structure:
            attribute = block.attributes[there]
            if argument.is_result:
                attribute.required, attribute.optional, attribute.computed = False, False, True
            elif argument.required and not attribute.computed:
                attribute.required, attribute.optional = True, False
            if attribute.values:
                attribute.values = sorted({*attribute.values, *argument.values})
    for name in known(block) - kept:
        settable = name in block.blocks or not block.attributes[name].read_only
        if settable and not any(one in results for one in (name, f"{name}s")):
            block.attributes.pop(name, None)
            block.blocks.pop(name, None)


def add(bindings: Bindings, module: str, block: Block, name: str, argument: Argument) -> set[str]:
    """Add a new argument; a repeated block under its plural and its singular, since Pulumi tells only the plural."""
    if not argument.structure:
        of_type: Type = argument.primitive
        if argument.is_list or argument.is_map:
            of_type = ["list" if argument.is_list else "map", of_type]
        block.attributes[name] = Attribute(
            of_type,
            required=argument.required,
            optional=not argument.required,
            write_only=name.endswith("_wo"),
            values=argument.values,
        )
        return {name}
    inner = Block()
    merge(bindings, module, inner, bindings.nested(module, argument.structure), set())
    singular = f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
    names = {name, singular} if argument.is_list else {name}
    for one in names:
        required = int(argument.required and len(names) == 1)
        block.blocks[one] = Nested("list", inner, min_items=required, max_items=0 if argument.is_list else 1)
    return names
