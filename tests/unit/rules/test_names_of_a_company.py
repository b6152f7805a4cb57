"""No name of one installation stands in upstream's files; the demo is named where it is told of as the demo."""

import re
import subprocess

from biaac import company
from biaac.settings import ROOT

OF_THE_DEMO = re.compile(r"grocer|gold\.sales|sales_overview|sales lines|retail-data", re.IGNORECASE)
# Upstream's pages that show the demo, and records of what was decided or measured on it.
MAY_NAME_IT = ("README.md", "CHANGELOG.md", "demo.sha256", "docs/adr/", "docs/benchmarks/")


def test_no_name_of_the_demo_stands_in_upstreams_files() -> None:
    own = [f":(exclude,glob){place}" for place in company.places()]
    listed = subprocess.run(
        ["git", "ls-files", "--", ".", ":(exclude)tests", *own], cwd=ROOT, capture_output=True, text=True, check=True
    )
    upstreams = [name for name in listed.stdout.splitlines() if not name.startswith(MAY_NAME_IT)]
    assert len(upstreams) > 200, "the list is still of the whole repository"
    lines = [
        f"{name}:{number}: {line.strip()}"
        for name in upstreams
        if (ROOT / name).is_file() and not name.endswith((".png", ".lock"))
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1)
        if OF_THE_DEMO.search(line)
    ]
    assert lines == []
