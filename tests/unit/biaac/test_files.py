"""Errors in files that people write name file, line, value found and what is expected."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from biaac import company, connections, files
from biaac.errors import PermanentError
from biaac.records import Record
from biaac.settings import ROOT
from compiler.files import Dashboard, Dataset
from deploy.lint.document import read as read_build_file
from transform import metrics


class Item(Record):
    name: str
    size: int


class Thing(Record):
    title: str
    items: list[Item]


def write(folder: Path, text: str) -> Path:
    path = folder / "thing.yaml"
    path.write_text(text)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(PermanentError) as error:
        files.load(path, Thing)
    assert error.value.hint == f"edit {path}"
    return error.value.message.replace(f"{path.parent}/", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: one\nitems:\n  - name: a\n    size: 1.5\n", "thing.yaml:4: items.0.size: Input should be a valid int"),
        ("title: one\nitems:\n  - {name: a, size: x}\n", "thing.yaml:3: items.0.size: Input should be a valid integer"),
        ("title: one\n", "thing.yaml:1: items: missing"),
        ("title: one\nitems: []\ncolour: red\n", "thing.yaml:3: colour: Extra inputs are not permitted, found 'red'"),
        ("title: [one\nitems: []\n", "thing.yaml:2: not YAML"),
        ("", "thing.yaml:1: file: Input should be a valid dictionary"),
        ("title: one\nitems: []\ntitle: two\n", "thing.yaml:3: title is given twice, first in line 1"),
        ("items:\n  - {name: a, name: b, size: 1}\n", "thing.yaml:2: name is given twice, first in line 2"),
        ("title: one\nitems:\n- <<: {name: a}\n  <<: {size: 1}\n", "thing.yaml:4: << is given twice, first in line 3"),
        ("title: &t {a: *t}\nitems: 1\n", "thing.yaml:1: title: Input should be a valid string"),
        ("title: one\nitems: 2017-02-30\n", "thing.yaml:2: not YAML: day is out of range for month"),
        ("title: one\n---\nitems: []\n", "thing.yaml:2: not YAML: but found another document"),
        ("title: \x00\n", "thing.yaml: not YAML: unacceptable character"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(write(tmp_path, text)).startswith(message)


@pytest.mark.parametrize("text", ["title: 1\nitems: 2\n", "title: a\ntitle: b\n? items\n: 1\nitems: 2\n"])
def test_every_fault_of_a_file_is_listed(tmp_path: Path, text: str) -> None:
    assert len(refusal(write(tmp_path, text)).splitlines()) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="No such file"):
        files.load(tmp_path / "none.yaml", Thing)


def test_bytes_that_are_not_utf8_are_named_by_position(tmp_path: Path) -> None:
    path = tmp_path / "thing.yaml"
    path.write_bytes(b"title: \xff")
    with pytest.raises(PermanentError, match="not UTF-8 at byte 7"):
        files.load(path, Thing)


MERGED = """\
title: one
items:
  - &first
    name: a
    size: 1
  - <<: *first
    name: b
  - *first
"""


def test_a_key_beside_merged_ones_counts_and_is_not_one_given_twice(tmp_path: Path) -> None:
    file = files.read(write(tmp_path, MERGED), Thing)
    assert [(item.name, item.size) for item in file.value.items] == [("a", 1), ("b", 1), ("a", 1)]
    assert [file.line(("items", 1, "name")), file.line(("items", 1, "size"))] == [7, 5]
    assert file.fault(("items", 0, "size"), "too small") == f"{file.path}:5: items.0.size: too small"


def test_the_faults_of_a_folder_leave_the_valid_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("title: one\nitems: []\n")
    (tmp_path / "b.yaml").write_text("title: one\n")
    valid, faults = files.read_all(tmp_path, Thing)
    assert list(valid) == ["a"] and faults == [f"{tmp_path / 'b.yaml'}:1: items: missing"]


KINDS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "a connection": ("name: x\n", lambda path: connections.load(path.parent)),
    "metrics": ("owner: a@b\n", lambda path: metrics.load(path.parent, {})),
    "a dashboard": ("model: gold.a\n", lambda path: files.load(path, Dashboard)),
    "a dataset": ("columns: {}\n", lambda path: files.load(path, Dataset)),
    "company.yaml": ("first_day: 2026-01-01\n", lambda path: company.load(path.parent)),
    "the build file": ("timeout: 1s\n", read_build_file),
    "the theme": ("colors: []\n", files.read_yaml),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_given_twice_is_refused_in_every_file_a_company_writes(tmp_path: Path, kind: str) -> None:
    line, load = KINDS[kind]
    path = tmp_path / "company.yaml"
    path.write_text(line * 2)
    with pytest.raises(PermanentError) as error:
        load(path)
    assert error.value.message == f"{path}:2: {line.partition(':')[0]} is given twice, first in line 1"


def test_no_other_room_has_a_reader_of_yaml() -> None:
    rooms = ["biaac", "cache_service", "cli", "deploy", "functions", "ingestion", "laptop", "superset", "transform"]
    readers = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"yaml.safe_load", "yaml.load", "yaml.compose"}
    }
    assert readers == set()
