"""Make Superset ready to start: secrets, metadata database, roles, the user ``admin``. Running it again is quick.

    .biaac/envs/superset/bin/python superset/bootstrap.py

One process does what ``superset db upgrade``, ``superset init`` and ``superset fab create-admin`` do in three.
A marker beside the metadata names the lock it was made with; while it still fits, nothing is started at all.
"""

import hashlib

from biaac.errors import ends
from biaac.settings import ROOT
from settings import ADMIN, SupersetSettings


def main() -> None:
    """Bring the state up to this version, and print where the password is."""
    settings = SupersetSettings.load()
    settings.make_missing_secrets()
    settings.secret_key()  # refused here, not after seconds of starting Superset
    marker = settings.state / "bootstrapped"
    version = _version(settings)
    if not settings.has_metadata or not marker.exists() or marker.read_text() != version:
        _bring_up(settings)
        marker.write_text(version)
    given = settings.given_admin_password is not None
    password = "of SUPERSET_ADMIN_PASSWORD" if given else f"in {settings.state / 'admin_password'}"
    print(f"superset is ready: user {ADMIN}, password {password}")


def _version(settings: SupersetSettings) -> str:
    """What the state depends on: the locked packages (so, the migrations), and which database holds it."""
    lock = hashlib.sha256((ROOT / "superset/uv.lock").read_bytes()).hexdigest()
    database = hashlib.sha256(settings.metadata_url.encode()).hexdigest()
    return f"{lock} {database}\n"


def _bring_up(settings: SupersetSettings) -> None:
    from flask_migrate import upgrade
    from sqlalchemy import text
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from superset.extensions import appbuilder, db, security_manager

        if db.engine.name == "sqlite":
            with db.engine.connect() as connection:
                connection.execute(text("PRAGMA journal_mode=WAL"))  # readers do not wait for the refresh job
        upgrade(directory=app.extensions["migrate"].directory)
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        if security_manager.find_user(ADMIN) is None:
            role = security_manager.find_role("Admin")
            security_manager.add_user(ADMIN, "Admin", "", "admin@localhost", role, settings.admin_password())


if __name__ == "__main__":
    ends(main)
