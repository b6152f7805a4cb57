"""Errors in files that people write name file, line, value found and what is expected."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from biaac import files
from biaac.errors import PermanentError


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    size: int = Field(ge=1)


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    items: list[Item]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "thing.yaml"
    path.write_text("title: one\nitems:\n  - {name: a, size: 1}\n")
    assert files.load(path, Thing) == Thing(title="one", items=[Item(name="a", size=1)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: one\nitems:\n  - name: a\n    size: 0\n", "thing.yaml:4: items.0.size: Input should be greater"),
        ("title: one\nitems:\n  - {name: a, size: x}\n", "thing.yaml:3: items.0.size: Input should be a valid integer"),
        ("title: one\n", "thing.yaml:1: items: missing"),
        ("title: one\nitems: []\ncolour: red\n", "thing.yaml:3: colour: Extra inputs are not permitted, found 'red'"),
        ("title: [one\nitems: []\n", "thing.yaml:2: not YAML"),
        ("", "thing.yaml:1: file: Input should be a valid dictionary"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "thing.yaml"
    path.write_text(text)
    with pytest.raises(PermanentError) as error:
        files.load(path, Thing)
    assert message in str(error.value)
    assert f"edit {path}" in str(error.value)


def test_every_fault_of_a_file_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "thing.yaml"
    path.write_text("title: 1\nitems: 2\n")
    with pytest.raises(PermanentError) as error:
        files.load(path, Thing)
    assert [line.partition(": ")[0] for line in error.value.message.splitlines()] == [f"{path}:1", f"{path}:2"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="No such file"):
        files.load(tmp_path / "none.yaml", Thing)


def test_bytes_that_are_not_utf8_are_named_by_position(tmp_path: Path) -> None:
    path = tmp_path / "thing.yaml"
    path.write_bytes(b"title: \xff")
    with pytest.raises(PermanentError, match="not UTF-8 at byte 7"):
        files.load(path, Thing)
