"""Check and compile every dashboard and dataset of the company against its models. Needs no stack and no release.

    .biaac/envs/transform/bin/python -m transform.describe > MODELS.json
    .biaac/envs/superset/bin/python superset/check.py MODELS.json

Reads ``$COMPANY_DIR/superset``. Exits 1 and names every fault by file and line.
"""

import argparse
from datetime import date
from pathlib import Path

from biaac import files
from biaac.errors import PermanentError, ends
from biaac.settings import CompanySettings
from compiler.catalog import Catalog
from compiler.checks import compile_checked
from compiler.files import Theme


def main() -> None:
    """Parse, check, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, help="what `python -m transform.describe` printed")
    # Where a period ends is known of a release only: any day shows that it compiles.
    catalog = Catalog.of_models(parser.parse_args().models, reached=date.today())
    folder = CompanySettings.load().company / "superset"
    theme = files.read(folder / "theme.yaml", Theme)
    if not (folder / theme.value.logo).exists():
        raise PermanentError(theme.fault(("logo",), f"no file {theme.value.logo!r} beside it"))
    bundle = compile_checked(folder, catalog)
    charts = sum(len(dashboard.charts) for dashboard in bundle.dashboards)
    print(f"{len(bundle.dashboards)} dashboards with {charts} charts are valid")


if __name__ == "__main__":
    ends(main)
