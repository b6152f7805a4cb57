"""Print the Gold tables and metrics of the models as JSON, as a release would describe them. Needs no lake.

    python -m transform.describe > models.json

``{"tables": [{name, description, owner, grain, columns: [{name, type, description}]}], "metrics": [...]}``
"""

import json
import os
import sys
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from sqlmesh import Context, Model
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.utils.errors import SQLMeshError

from biaac.errors import BiaacError, PermanentError
from transform import column_comments, metrics, model_errors
from transform.settings import LakeSettings

LINT = "cd sqlmesh_project && ../bin/sqlmesh lint"


def describe(settings: LakeSettings) -> dict[str, Any]:
    """Every model is created without rows in a DuckDB in memory: so types are those of a release."""
    set_console(NoopConsole())
    try:
        context = Context(paths=[str(settings.models)])
        models = [context.models[name] for name in context.dag.sorted if name in context.models]
        with duckdb.connect() as database:
            database.execute("ATTACH ':memory:' AS lake")
            tables = [_table(database, model, context) for model in models]
    except SQLMeshError as error:
        raise PermanentError(model_errors.locate(error, settings.models), hint=LINT) from error
    gold = sorted(
        (table for table in tables if table["name"].startswith("gold.")), key=lambda table: str(table["name"])
    )
    columns = {table["name"]: {column["name"] for column in table["columns"]} for table in gold}
    loaded = metrics.load(settings.models / "metrics", columns)
    return {"tables": gold, "metrics": [metric.model_dump(mode="json") for metric in loaded]}


def _table(database: duckdb.DuckDBPyConnection, model: Model, context: Context) -> dict[str, Any]:
    query = context.render(model).sql("duckdb")
    database.execute(f'CREATE SCHEMA IF NOT EXISTS lake."{model.schema_name}"')
    try:
        database.execute(f"CREATE TABLE {model.fqn} AS {query} WITH NO DATA")
    except duckdb.Error as error:
        raise PermanentError(f"{model.name}: {error}", hint=LINT) from None
    comments = column_comments.of(model, context.models)
    return {
        "name": str(model.name),
        "description": model.description or "",
        "owner": model.owner or "",
        "grain": [column.name for grain in model.grains for column in grain.expressions or [grain]],
        "columns": [
            {"name": name, "type": kind, "description": comments.get(name, "")}
            for name, kind, *_ in database.execute(f"DESCRIBE {model.fqn}").fetchall()
        ],
    }


if __name__ == "__main__":
    with TemporaryDirectory(prefix="biaac-describe-") as folder:
        # The configuration names services, but loading models connects to none.
        required = [field.alias for field in LakeSettings.model_fields.values() if field.is_required()]
        unused = dict.fromkeys(filter(None, ["STORAGE_EMULATOR_HOST", *required]), "http://unused")
        os.environ.update(unused | dict(os.environ) | {"LAKE_STATE_DIR": folder, "LAKE_DATA_DIR": folder})
        try:
            print(json.dumps(describe(LakeSettings.load())))
        except BiaacError as error:
            sys.exit(str(error))
