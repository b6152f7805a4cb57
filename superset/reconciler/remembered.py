"""The dashboard files that a release was checked with, so that going back to it brings them back.

gs://LAKE/dashboards/<digest>.json                  the files: path -> text
gs://LAKE/dashboards/<environment>/<release>.json   the digest of those that fit a release
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from google.cloud.storage import Bucket

from biaac import objects, releases
from biaac.releases import Release

FOLDERS = ("dashboards", "datasets")


def keep(lake: Bucket, release: Release, folder: Path) -> None:
    """Remember the files of ``folder`` as those that fit ``release``; the newest that were applied count."""
    texts = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for name in FOLDERS
        for path in sorted((folder / name).glob("*.yaml"))
    }
    digest = releases.digest(texts)
    objects.create(lake, f"dashboards/{digest}.json", texts)
    objects.update(lake, _name(release), lambda _: {"digest": digest})


@contextmanager
def files(lake: Bucket, release: Release, folder: Path, *, held: bool) -> Iterator[tuple[Path, dict[str, str]]]:
    """The folder to compile for ``release``, and the dashboards of ``folder`` that wait meanwhile, with the reason.

    While a release is held by a rollback: the files that it was checked with, if it has any. Otherwise ``folder``.
    """
    kept = objects.read(lake, _name(release)).value if held else None
    if kept is None:
        yield folder, {}
        return
    texts = objects.read(lake, f"dashboards/{kept['digest']}.json").value
    with TemporaryDirectory(prefix="biaac-dashboards-") as restored:
        for name, text in texts.items():
            path = Path(restored) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        reason = f"release {release.id} is held, and dashboards are those that it was checked with"
        newer = [path for path in (folder / "dashboards").glob("*.yaml") if f"dashboards/{path.name}" not in texts]
        yield Path(restored), {path.stem: f"{path}: waits: {reason}" for path in newer}


def _name(release: Release) -> str:
    return f"dashboards/{release.environment}/{release.id}.json"
