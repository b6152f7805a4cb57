"""Which variable a name means: decided when a file is loaded, so that an undefined one is refused then.

A routine, a loop, an ``except`` and each branch of a parallel step have variables of their own; a name belongs to the
outermost of them that assigns it. https://cloud.google.com/workflows/docs/reference/syntax/variables#variable-scope
"""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mention:
    """A name in the source: used or assigned in a region."""

    name: str
    line: int
    step: str
    region: "Region"


@dataclass(eq=False)
class Region:
    """A part of a routine with variables of its own; ``shared`` is what a parallel branch may write outside."""

    parent: "Region | None" = None
    shared: frozenset[str] | None = None
    declared: set[str] = field(default_factory=set)
    loop_names: tuple[str, ...] = ()
    line: int = 0
    step: str = ""

    def enclosing(self) -> Iterator["Region"]:
        """This region, then those around it."""
        region: Region | None = self
        while region is not None:
            yield region
            region = region.parent


@dataclass
class Variables:
    """The names of one routine."""

    uses: list[Mention] = field(default_factory=list)
    assignments: list[Mention] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)

    def faults(self, routine: str) -> Iterator[tuple[int, str, str]]:
        """Line, step and reason of everything that is wrong."""
        for use in self.uses:
            if not any(use.name in region.declared for region in use.region.enclosing()):
                yield use.line, use.step, f"the variable {use.name!r} is never assigned in routine {routine!r} or here"
        for assignment in self.assignments:
            if _is_read_only(assignment):
                reason = f"the variable {assignment.name!r} is of an enclosing scope and not listed in shared"
                yield assignment.line, assignment.step, reason
        for region in self.regions:
            outside = [each for each in region.enclosing() if each is not region]
            for name in region.loop_names:
                if any(name in each.declared for each in outside):
                    yield region.line, region.step, f"the loop variable {name!r} has the name of a variable around it"
            for name in sorted(region.shared or ()):
                if not any(name in each.declared for each in outside):
                    yield region.line, region.step, f"shared: the variable {name!r} is never assigned around this step"


def _is_read_only(assignment: Mention) -> bool:
    """Whether a parallel branch that does not share the variable stands between it and the assignment."""
    not_shared = read_only = False
    for region in assignment.region.enclosing():
        read_only = read_only or (not_shared and assignment.name in region.declared)
        not_shared = not_shared or (region.shared is not None and assignment.name not in region.shared)
    return read_only
