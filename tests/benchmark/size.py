"""How much Python there is, written to docs/benchmarks/size.md: ``make size``.

Lines are all lines of a file, blank ones and comments too. A function is as long as from ``def`` to its last line.
Complexity is McCabe's, as ruff counts it (C901).
"""

import ast
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from biaac.settings import ROOT

PAGE = ROOT / "docs/benchmarks/size.md"
BEFORE = "c95e02d"  # the last commit in which engine, company and stand-ins shared one tree
FILE_LINES, FUNCTION_LINES, COMPLEXITY = 300, 40, 12

# A row of the page, what is counted in it, and the most it may have. The first pattern that matches a path counts.
ROWS = (
    ("tests of the stand-ins", r"tests/(stand_ins|(unit|component)/workflows|(unit|component)/local)/", None),
    ("other tests", r"tests/", 15_000),
    ("the demo's connectors", r"connections/sources/", None),
    ("stand_ins", r"stand_ins/|local/(eventarc|run_jobs|scheduler|workflows|storage\.py|google_rest\.py)", 4_500),
    ("laptop", r"laptop/|local/", 600),
    ("transform, sqlmesh_project", r"(transform|sqlmesh_project)/", 1_850),
    ("biaac", r"biaac/", 1_600),
    ("cache_service", r"cache_service/", 2_000),
    ("cli", r"cli/", 1_350),
    ("deploy", r"deploy/", 1_880),
    ("functions", r"functions/", 530),
    ("ingestion", r"ingestion/", 1_880),
    ("superset", r"superset/", 2_300),
    ("terraform/policies, docs", r"", None),
)
BESIDE = {"tests of the stand-ins", "other tests", "the demo's connectors", "stand_ins"}  # not of the product
PRODUCT_LINES = 14_500


@dataclass(frozen=True, order=True)
class Function:
    """A function and its number of lines."""

    lines: int
    path: str
    line: int
    name: str

    @property
    def key(self) -> str:
        """``path name``."""
        return f"{self.path} {self.name}"


def python_files(root: Path) -> list[Path]:
    """Every Python file of the checkout ``root``, relative to it; folders such as .biaac are not of it."""
    folders = [folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    return sorted(path.relative_to(root) for folder in folders for path in folder.rglob("*.py"))


def is_product(path: Path) -> bool:
    """Whether the file is neither a test nor of the demo. Stand-ins keep the same limits."""
    return _row(path) not in BESIDE - {"stand_ins"}


def lines(root: Path, path: Path) -> int:
    """Lines of one file."""
    return len((root / path).read_text(encoding="utf-8").splitlines())


def functions(root: Path, path: Path) -> list[Function]:
    """Every function of one file, methods and nested ones too."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        Function((node.end_lineno or node.lineno) - node.lineno + 1, str(path), node.lineno, node.name)
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]


def main() -> None:
    """Measure ``BEFORE`` and this checkout, and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "-C", ROOT, "archive", BEFORE], capture_output=True, check=True).stdout
        subprocess.run(["tar", "-xf", "-", "-C", folder], input=archive, check=True)
        before = _measured(Path(folder))
    after = _measured(ROOT)
    table = [f"| {name} | {before[name]} | {after[name]} | {limit} |" for name, limit in _limits()]
    PAGE.write_text(
        "# Size\n\n"
        f"`make size`: Python of commit {BEFORE} and of this one. Lines are all lines of a file.\n"
        "`tests/unit/rules` holds the limits of files and functions, `make lint` that of complexity.\n\n"
        "| what | before | after | at most |\n|---|---|---|---|\n" + "\n".join(table) + "\n"
    )
    print(PAGE.read_text())


def _row(path: Path) -> str:
    return next(name for name, pattern, _ in ROWS if re.match(pattern, str(path)))


def _limits() -> Iterable[tuple[str, str]]:
    for name, _, limit in ROWS:
        yield name, f"{limit:,}" if limit else ""
    yield "product: without tests, demo and stand_ins", f"{PRODUCT_LINES:,}"
    yield "longest file, without tests", str(FILE_LINES)
    yield "longest function, without tests", str(FUNCTION_LINES)
    yield "highest complexity", str(COMPLEXITY)


def _measured(root: Path) -> dict[str, str]:
    rows = dict.fromkeys((name for name, _, _ in ROWS), 0)
    product: dict[Path, int] = {}
    for path in python_files(root):
        rows[_row(path)] += lines(root, path)
        if is_product(path):
            product[path] = lines(root, path)
    longest = max(product, key=lambda path: product[path])
    function = max(one for path in product for one in functions(root, path))
    return {
        **{name: f"{count:,}" for name, count in rows.items()},
        "product: without tests, demo and stand_ins": f"{sum(n for name, n in rows.items() if name not in BESIDE):,}",
        "longest file, without tests": f"{product[longest]}, {longest}",
        "longest function, without tests": f"{function.lines}, {function.path}:{function.line} {function.name}",
        "highest complexity": _complexity(root),
    }


def _complexity(root: Path) -> str:
    """The most complex function and its number, found by asking ruff for every function above 5."""
    ruff = ROOT / ".biaac/envs/dev/bin/ruff"
    command = [ruff, "check", "--isolated", "--no-cache", "--select", "C901", "--output-format", "concise"]
    command += ["--config", "lint.mccabe.max-complexity=5", "--exclude", ".biaac", "."]
    text = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    numbers = re.findall(r"^(\S+?):(\d+):\d+: C901 `(\w+)` is too complex \((\d+) ", text, re.MULTILINE)
    path, line, name, number = max(numbers, key=lambda one: int(one[3]))
    return f"{number}, {path}:{line} {name}"


if __name__ == "__main__":
    main()
