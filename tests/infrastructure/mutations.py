"""Mistakes that a change to ``terraform/`` could make; ``mutations.yaml`` lists them."""

from pathlib import Path
from typing import NamedTuple

import yaml


class Mutation(NamedTuple):
    """One mistake; what its fields mean stands in the file."""

    what: str
    file: str
    old: str
    new: str
    by: str
    variant: str = "small"

    def apply(self, root: Path) -> None:
        """Change the file below ``root``; ``ValueError`` unless the text stands there exactly once."""
        path = root / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.what}: {self.file} holds {text.count(self.old)} times: {self.old}")
        path.write_text(text.replace(self.old, self.new))


MUTATIONS = [Mutation(**one) for one in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())]
