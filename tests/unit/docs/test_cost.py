"""docs/cost.md is what its prices say."""

import subprocess
import sys
from pathlib import Path


def test_the_page_was_made_of_the_prices_there_are(repository: Path) -> None:
    page = subprocess.run([sys.executable, "docs/cost.py"], cwd=repository, capture_output=True, text=True, check=True)
    again = ".biaac/envs/dev/bin/python docs/cost.py > docs/cost.md"
    assert (repository / "docs/cost.md").read_text() == page.stdout, again
