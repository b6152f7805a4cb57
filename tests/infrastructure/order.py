"""What the configuration in a plan says and no planned value shows: what waits for what, and what is write-only."""

from tests.infrastructure.deployment import Deployment, Values


def module(cloud: Deployment, name: str) -> Values:
    """A module as it is written."""
    found: Values = cloud.plan["configuration"]["root_module"]["module_calls"][name]["module"]
    return found


def resource(cloud: Deployment, module_name: str, address: str) -> Values:
    """A resource of a module as it is written."""
    (found,) = (one for one in module(cloud, module_name)["resources"] if one["address"] == address)
    return dict(found)


def waits(cloud: Deployment) -> dict[str, set[str]]:
    """Resource or output of each module -> what it waits for, beside what it names in its arguments."""
    found = {}
    for name in cloud.plan["configuration"]["root_module"]["module_calls"]:
        written = module(cloud, name)
        parts = {one["address"]: one for one in written.get("resources", [])}
        parts |= {f"output.{key}": one for key, one in written.get("outputs", {}).items()}
        found |= {f"{name}.{key}": set(one["depends_on"]) for key, one in parts.items() if one.get("depends_on")}
    return found
