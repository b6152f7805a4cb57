"""A plan, read as what it means: resources by type and cloud name, who may do what, what each workload is given."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PROJECT = "acme-analytics"
REGION = "europe-west1"
ACCOUNT = f"@{PROJECT}.iam.gserviceaccount.com"

Values = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    address: str
    kind: str
    values: Values

    @property
    def name(self) -> str:
        """What the cloud calls it."""
        names = ("account_id", "secret_id", "repository_id", "name", "service", "display_name")
        return next(str(self.values[key]) for key in names if self.values.get(key))


class Deployment:
    def __init__(self, plan: Values, variables: Values) -> None:
        self.plan = plan
        self.variables = variables
        self.resources = list(read(plan["planned_values"]["root_module"]))
        outputs = plan["planned_values"].get("outputs", {})
        self.outputs = {name: output.get("value") for name, output in outputs.items()}

    @property
    def airbyte(self) -> str:
        return str(self.variables.get("airbyte", "job"))

    def all(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind == kind]

    def named(self, kind: str) -> dict[str, Values]:
        by_name: dict[str, Values] = {}
        for resource in self.all(kind):
            assert resource.name not in by_name, f"two {kind} are called {resource.name}"
            by_name[resource.name] = resource.values
        return by_name

    def one(self, kind: str, name: str) -> Values:
        by_name = self.named(kind)
        assert name in by_name, f"no {kind} is called {name}; there are {sorted(by_name)}"
        return by_name[name]


def read(module: Values) -> Iterator[Resource]:
    """The managed resources of a module and of those it calls."""
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield Resource(resource["address"], resource["type"], resource["values"])
    for child in module.get("child_modules", []):
        yield from read(child)
