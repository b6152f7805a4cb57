"""The first start: secrets, database, roles, the admin; and the second, which does nothing."""

import stat

import httpx

from tests.component.superset.conftest import Superset


def test_secrets_are_random_and_only_their_owner_reads_them(superset: Superset) -> None:
    for name, length in (("secret_key", 42), ("admin_password", 12)):
        file = superset.state / name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(file.read_text()) >= length
    assert stat.S_IMODE(superset.state.stat().st_mode) == 0o700


def test_a_second_start_touches_nothing(superset: Superset) -> None:
    before = {file.name: file.stat().st_mtime_ns for file in superset.state.iterdir() if file.suffix != ".db-shm"}
    printed = superset.run("bootstrap.py").stdout
    after = {file.name: file.stat().st_mtime_ns for file in superset.state.iterdir() if file.suffix != ".db-shm"}
    assert before == after
    assert "Loaded your LOCAL configuration" not in printed  # Superset itself was not started
    assert superset.password not in printed


def test_only_the_made_password_opens_it(superset: Superset) -> None:
    for password, status in (("admin", 401), (superset.password, 200)):
        body = {"username": "admin", "password": password, "provider": "db"}
        login = f"http://127.0.0.1:{superset.port}/api/v1/security/login"
        assert httpx.post(login, json=body, timeout=300).status_code == status
    nobody = httpx.get(f"http://127.0.0.1:{superset.port}/superset/dashboard/orders/", timeout=300)
    assert (nobody.status_code, "/login/" in nobody.headers.get("location", "")) == (302, True)


def test_a_guessable_key_is_refused(superset: Superset) -> None:
    superset.environment["SUPERSET_SECRET_KEY"] = "thisISaSECRET"
    try:
        done = superset.run("bootstrap.py", check=False)
    finally:
        del superset.environment["SUPERSET_SECRET_KEY"]
    assert done.returncode == 2  # not worth another start
    assert "SUPERSET_SECRET_KEY has 13 characters, 32 are needed" in done.stderr
