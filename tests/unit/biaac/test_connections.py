"""Connection files: what is accepted, what is refused and how, and the schema that editors use."""

from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from biaac import connections
from biaac.errors import PermanentError

VALID = """\
name: shop
description: The web shop.
owner: web@example.com
source:
  connector: sources/shop
  config:
    since: 2024-01-01
    key: ${secret:SHOP_KEY}
schedule: {cron: "0 5 * * *", time_zone: America/New_York}
freshness: {warn_after: 26h, fail_after: 50h}
streams:
  - {name: orders, mode: incremental, cursor: updated_at}
  - {name: products, mode: full_refresh, enabled: false}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(VALID)
    return tmp_path


def edit(folder: Path, old: str, new: str) -> str:
    """Change the file and return what loading it is refused with."""
    assert old in VALID
    (folder / "shop.yaml").write_text(VALID.replace(old, new))
    with pytest.raises(PermanentError) as refused:
        connections.load(folder)
    return refused.value.message


def test_a_valid_file_is_read_whole(folder: Path) -> None:
    shop = connections.load(folder)["shop"]
    assert shop.freshness.warn_after == timedelta(hours=26)
    assert [stream.name for stream in shop.enabled_streams] == ["orders"]
    assert shop.id == connections.get(folder, "shop").id


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ('cron: "0 5 * * *"', "cron: daily", 9, "schedule.cron: five cron fields"),
        ("America/New_York", "New York", 9, "found 'New York'"),
        ("26h", "a day", 10, "freshness.warn_after: a number and a unit such as 90m, 26h or 3d, found 'a day'"),
        ("fail_after: 50h", "fail_after: 5h", 10, "fail_after must not be shorter than warn_after"),
        ("cursor: updated_at", "enabled: true", 12, "mode incremental needs a cursor"),
        ("name: products", "name: orders", 1, "stream orders is declared twice"),
        ("mode: full_refresh", "mode: full", 13, "streams.1.mode: input should be 'incremental' or 'full_refresh'"),
        ("owner: web@example.com", "owner: web", 3, "found 'web'"),
        ("connector: sources/shop", "conector: sources/shop", 5, "source.connector: missing"),
        ("description: The web shop.\n", "", 1, "description: missing"),
        ("name: shop", "name: store", 1, "the file's own name 'shop' is expected, found 'store'"),
        ("streams:", "streams: [", 12, "not YAML"),
    ],
)
def test_a_malformed_file_is_refused_with_file_line_value_and_expectation(
    folder: Path, old: str, new: str, line: int, expected: str
) -> None:
    message = edit(folder, old, new)
    assert f"{folder}/shop.yaml:{line}: " in message
    assert expected.lower() in message.lower()


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        ("name: products_2", "products_2"),
        ("name: Account", "account"),
        ("name: order-lines", "order_lines"),
        ("name: 2fa_events", "s_2fa_events"),
        ("name: x", "x"),
        ("name: Größe (alt)", "gro_e__alt_"),
        (f"name: {'long_' * 12}", "long_" * 12),
        ("name: 注文, as: orders_jp", "orders_jp"),
        ("name: users, namespace: archive, as: old_users", "old_users"),
    ],
)
def test_a_stream_has_the_sources_name_and_a_safe_one_of_ours(folder: Path, stream: str, name: str) -> None:
    (folder / "shop.yaml").write_text(VALID.replace("name: products", stream))
    assert connections.get(folder, "shop").streams[1].name == name


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("name: 注文", "no name of ours can be made of '注文': write one, such as as: orders"),
        ("name: Orders", "stream orders is declared twice: give one of them another name, such as as: orders_2"),
        ("name: old, as: orders", "stream orders is declared twice"),
        ("name: old, as: Old Orders", "streams.1.as: string should match pattern"),
        ("name: " + "x" * 64, "no name of ours can be made of"),
    ],
)
def test_a_name_of_ours_is_unique_and_safe_or_refused(folder: Path, stream: str, expected: str) -> None:
    assert expected.lower() in edit(folder, "name: products", stream).lower()


def test_airbytes_own_destination_has_the_sources_names_in_its_objects(folder: Path) -> None:
    (folder / "shop.yaml").write_text(VALID.replace("name: products", "name: Ação (old), namespace: public"))
    shop = connections.get(folder, "shop")
    assert shop.bronze_folder(shop.streams[1]) == "acao__old_"
    config = VALID[VALID.index("  config:") : VALID.index("schedule:")]
    text = (folder / "shop.yaml").read_text().replace(config, "").replace("sources/shop", "airbyte")
    (folder / "shop.yaml").write_text(text)
    shop = connections.get(folder, "shop")
    assert [shop.bronze_folder(stream) for stream in shop.streams] == ["orders", "public/Acao_(old)"]


def test_what_an_airbyte_server_reads_is_configured_there_and_nowhere_else(folder: Path) -> None:
    assert "with connector airbyte the configuration is in Airbyte" in edit(folder, "sources/shop", "airbyte")
    config = VALID[VALID.index("  config:") : VALID.index("schedule:")]
    (folder / "shop.yaml").write_text(VALID.replace(config, "").replace("sources/shop", "airbyte"))
    assert connections.get(folder, "shop").source.connector == "airbyte"


def test_a_connection_that_does_not_exist_is_named_with_those_that_do(folder: Path) -> None:
    with pytest.raises(PermanentError, match="connection 'shp' does not exist; there are: shop"):
        connections.get(folder, "shp")


def test_secrets_are_put_in_and_days_become_text(folder: Path) -> None:
    config = connections.get(folder, "shop").source.config
    assert connections.resolve_secrets(config, {"SHOP_KEY": "k"}) == {"since": "2024-01-01", "key": "k"}
    with pytest.raises(PermanentError, match="secret SHOP_KEY is not set"):
        connections.resolve_secrets(config, {})


def test_the_published_schema_is_current(repository: Path) -> None:
    published = (repository / "docs/reference/connection.schema.json").read_text()
    assert published == connections.json_schema(), "python -m biaac.connections > docs/reference/connection.schema.json"


def test_what_is_valid_for_the_model_is_valid_for_editors(repository: Path) -> None:
    company = repository / "tests/company/connections"
    schema = connections.Connection.model_json_schema()
    for name in connections.load(company):
        text = (company / f"{name}.yaml").read_text()
        # an editor knows YAML's dates as text
        jsonschema.validate(yaml.load(text, yaml.BaseLoader) | {"streams": yaml.safe_load(text)["streams"]}, schema)  # noqa: S506


def test_the_fault_of_one_file_is_not_in_the_way_of_another_connection(folder: Path) -> None:
    (folder / "broken.yaml").write_text("name: broken\n")
    assert connections.get(folder, "shop").name == "shop"


@pytest.mark.parametrize("name", ["../shop", "", "Shop", "x" * 500])
def test_what_is_no_name_of_a_connection_is_not_looked_for_in_the_folder(folder: Path, name: str) -> None:
    assert not connections.is_declared(folder / "sub", name)
    with pytest.raises(PermanentError, match="does not exist; there are: shop"):
        connections.get(folder, name)
