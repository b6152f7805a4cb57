"""The functions' deployable: one archive, the same bytes for the same files, whoever makes it.

    bin/functions-source [FILE]        default .biaac/build/functions.zip; prints the file and its SHA-256

``functions/*.py`` at its root, where functions-framework looks for main.py; beside them the words they use
(``biaac/``), the connections, and requirements with the hashes of the committed lock. Needs Python alone: the first
deployment makes it before any environment is built.
"""

import argparse
import hashlib
import subprocess
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARCHIVE = ROOT / ".biaac/build/functions.zip"
WHEN = (1980, 1, 1, 0, 0, 0)  # of every entry: the earliest a zip can tell
MODE = 0o100644 << 16  # a plain file all may read


def entries(root: Path = ROOT) -> dict[str, bytes]:
    """Name in the archive -> content, in order of names."""
    files = {path.name: path for path in (root / "functions").glob("*.py")}
    files |= {f"biaac/{path.name}": path for path in (root / "biaac").glob("*.py")}
    files |= {f"connections/{path.name}": path for path in (root / "connections").glob("*.yaml")}
    content = {name: path.read_bytes() for name, path in files.items()}
    return dict(sorted({**content, "requirements.txt": requirements(root)}.items()))


def requirements(root: Path = ROOT) -> bytes:
    """The lock's group ``functions`` as pip reads it, each file by its hash; for the build of the functions."""
    export = ["export", "--quiet", "--frozen", "--no-header", "--no-annotate", "--no-emit-project"]
    command = [str(root / "bin/uv"), *export, "--no-default-groups", "--group", "functions"]
    return subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=120).stdout


def write(archive: Path, files: dict[str, bytes]) -> str:
    """Write the archive; its SHA-256. Stored, not compressed: a compressor's bytes are its version's."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, WHEN)
            entry.external_attr = MODE
            entry.create_system = 3  # Unix, on every machine
            opened.writestr(entry, content)
    return digest(archive)


def digest(archive: Path | str) -> str:
    """SHA-256 of a file, as Terraform's ``filesha256`` gives it."""
    return hashlib.sha256(Path(archive).read_bytes()).hexdigest()


def main() -> None:
    """Make the archive and say what it is."""
    parser = argparse.ArgumentParser(prog="bin/functions-source", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=ARCHIVE, help="default: .biaac/build/functions.zip")
    archive = parser.parse_args().file
    print(f"{archive} {write(archive, entries())}")


if __name__ == "__main__":
    main()
