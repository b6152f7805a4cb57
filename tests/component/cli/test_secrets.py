"""`biaac secrets`: a value lies in a file of its owner alone, comes back letter for letter, and is never printed."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.component.cli.conftest import Biaac
from tests.component.functions.airbyte_server import FakeAirbyte

VALUE = 'it\'s \\ "${HOME}" #1\nline two = x\\'


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, connections: list[str]) -> None:
    """The connection names two secrets."""
    file = tmp_path / "connections/shop.yaml"
    config = 'config: {key: "${secret:SHOP_KEY}", url: "x?${secret:SHOP_TOKEN}"}'
    file.write_text(file.read_text().replace("config: {}", config))


def test_a_value_comes_back_letter_for_letter_from_a_file_of_its_owner_alone(biaac: Biaac, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\nOTHER=1\nSHOP_KEY='old'\n")
    done = biaac("secrets set SHOP_KEY", VALUE + "\n")
    assert (done.code, done.out, done.err) == (0, "SHOP_KEY is set\n", "")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert dotenv_values(tmp_path / ".env", interpolate=False) == {"OTHER": "1", "SHOP_KEY": VALUE}
    assert (tmp_path / ".env").read_text().startswith("# mine\n")


def test_a_secret_that_is_not_set_is_named_before_anything_is_asked(biaac: Biaac, airbyte: FakeAirbyte) -> None:
    missing = "connection shop: SHOP_KEY, SHOP_TOKEN not set\n  next: biaac secrets set SHOP_KEY\n"
    for command in ("sync shop", "secrets check"):
        assert (biaac(command).code, biaac(command).err) == (1, missing)
    assert not airbyte.calls
    biaac("secrets set SHOP_KEY", "k")
    assert biaac("secrets check").err.startswith("connection shop: SHOP_TOKEN not set")
    cells = [line.split("│")[1:4] for line in biaac("secrets list").out.splitlines() if "SHOP_" in line]
    assert [[cell.strip() for cell in row] for row in cells] == [
        ["SHOP_KEY", "shop", "yes"],
        ["SHOP_TOKEN", "shop", "no"],
    ]
    biaac("secrets set SHOP_TOKEN", "t")
    assert biaac("secrets check").out == "every secret is set\n"


@pytest.mark.parametrize(("name", "value"), [("shop-key", "x"), ("SHOP_KEY", "")])
def test_what_cannot_be_stored_is_refused(biaac: Biaac, tmp_path: Path, name: str, value: str) -> None:
    refused = biaac(f"secrets set {name}", value)
    assert (refused.code, "next: biaac secrets set SHOP_KEY" in refused.err.replace("PASSWORD", "KEY")) == (1, True)
    assert not (tmp_path / ".env").exists()
