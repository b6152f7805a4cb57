"""The base of every value that is written once and read for years: frozen, and an unknown field is an error.

class Run(Record):
    format: int = 1    # a version that writes more fields counts up
    outcome: str

Run.parse(value, name="runs/prod/7.json")    PermanentError where this version cannot read it
"""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from biaac.errors import PermanentError


class Record(BaseModel):
    """A value of known fields that never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def parse(cls, value: Any, *, name: str) -> Self:
        """Read a stored value; ``PermanentError`` names the object, and a format newer than ``format`` here."""
        field = cls.model_fields.get("format")
        newest = 1 if field is None else field.default
        written = value.get("format", 1) if isinstance(value, dict) else 1
        if isinstance(written, int) and written > newest:
            raise PermanentError(
                f"{name}: written in format {written}, this version reads up to {newest}",
                hint="upgrade this installation",
            )
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise PermanentError(f"{name}: not a {cls.__name__.lower()}: {error}") from None
