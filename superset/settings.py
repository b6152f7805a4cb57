"""What Superset's processes (server, bootstrap, apply, refresh) read from their environment."""

import secrets
from pathlib import Path

from pydantic import Field, SecretStr

from biaac.errors import PermanentError
from biaac.settings import ROOT, Settings

ADMIN = "admin"  # the user that jobs act as
LONG_ENOUGH = 32  # characters; shorter keys are defaults and guesses


class SupersetSettings(Settings):
    """Where Superset keeps its own state and secrets. In the cloud the database URL and both secrets are given."""

    cache_url: str = Field(alias="CACHE_URL", description="grpc://host:port, or grpc+tls://host:port in the cloud.")
    superset_url: str = Field(alias="SUPERSET_URL", description="Where people open it.")
    port: int = Field(8088, alias="SUPERSET_PORT")
    state: Path = Field(ROOT / ".biaac/state/superset", alias="SUPERSET_STATE_DIR")
    database_url: str | None = Field(None, alias="SUPERSET_DATABASE_URL", description="Metadata; default: SQLite.")
    given_secret_key: SecretStr | None = Field(None, alias="SUPERSET_SECRET_KEY")
    given_admin_password: SecretStr | None = Field(None, alias="SUPERSET_ADMIN_PASSWORD")

    @property
    def files(self) -> Path:
        """Folder that holds the company's dashboards/, datasets/, theme.yaml and logo."""
        return self.company / "superset"

    @property
    def metadata_url(self) -> str:
        """SQLAlchemy URL of Superset's own database."""
        return self.database_url or f"sqlite:///{self.state / 'superset.db'}"

    @property
    def has_metadata(self) -> bool:
        """Whether the database file is there; a server's is."""
        return self.database_url is not None or (self.state / "superset.db").exists()

    def secret_key(self) -> str:
        """The key that signs sessions and encrypts passwords; ``PermanentError`` if there is none or it is a guess."""
        key = self._secret(self.given_secret_key, "secret_key")
        if len(key) < LONG_ENOUGH:
            raise PermanentError(
                f"SUPERSET_SECRET_KEY has {len(key)} characters, {LONG_ENOUGH} are needed",
                hint="openssl rand -base64 42",
            )
        return key

    def admin_password(self) -> str:
        """The password of the user ``admin``."""
        return self._secret(self.given_admin_password, "admin_password")

    def make_missing_secrets(self) -> None:
        """At first start: random values for what is not given, each in a file only its owner can read."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        for given, name, length in [
            (self.given_secret_key, "secret_key", 42),
            (self.given_admin_password, "admin_password", 12),
        ]:
            file = self.state / name
            if given is None and not file.exists():
                file.touch(mode=0o600)
                file.write_text(secrets.token_urlsafe(length))

    def _secret(self, given: SecretStr | None, name: str) -> str:
        if given is not None:
            return given.get_secret_value()
        file = self.state / name
        if not file.exists():
            raise PermanentError(
                f"neither SUPERSET_{name.upper()} nor {file} is there",
                hint=".biaac/envs/superset/bin/python superset/bootstrap.py",
            )
        return file.read_text().strip()
