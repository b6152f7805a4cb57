"""Files and functions stay short enough to be read at once."""

from pathlib import Path

import pytest

from tests.benchmark import size

# Longer ones, by name, and how long they may be: whole on purpose, one idea each.
FILES = {"biaac/releases.py": 340, "ingestion/schema.py": 330}


@pytest.fixture
def product(repository: Path) -> list[Path]:
    return [path for path in size.python_files(repository) if size.is_product(path)]


def test_no_file_is_longer_than_300_lines(repository: Path, product: list[Path]) -> None:
    counts = {str(path): size.lines(repository, path) for path in product}
    assert {path: count for path, count in counts.items() if count > FILES.get(path, size.FILE_LINES)} == {}


def test_no_function_is_longer_than_40_lines(repository: Path, product: list[Path]) -> None:
    functions = [one for path in product for one in size.functions(repository, path)]
    longer = [one for one in functions if one.lines > size.FUNCTION_LINES]
    assert sorted(longer, reverse=True) == []


def test_a_function_is_as_long_as_its_lines(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    x = 1\n\n    def g():\n        return x\n\n    return g\n")
    lengths = {one.key: one.lines for one in size.functions(tmp_path, Path("a.py"))}
    assert lengths == {"a.py f": 7, "a.py g": 2}
