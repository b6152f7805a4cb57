"""A container engine without a daemon, and a base image made here: Debian's buildah and mmdebstrap, as root.

The Dockerfile is built as it is, but for its base: no registry is used, so Debian 12 with Debian's Python 3.11 stands
in for python:3.11-slim-bookworm (its layout: the interpreter under /usr/local/bin). RUN steps and the programs run
in a chroot, as the image's user.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from biaac.settings import ROOT

TOOLS = ("buildah", "mmdebstrap")
INSTALL = "apt-get install buildah mmdebstrap"
BASE = "localhost/base"
PACKAGES = "python3.11,python3.11-venv,ca-certificates,tzdata"
BASEFILE = """FROM scratch
ADD base.tar /
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY pip.conf /etc/pip.conf
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN ln -s /usr/bin/python3.11 /usr/local/bin/python3.11 && ln -s /usr/bin/python3.11 /usr/local/bin/python
"""


class Engine:
    """buildah with storage of its own below ``root``; nothing of the machine's is touched."""

    def __init__(self, root: Path) -> None:
        for tool in TOOLS:
            assert shutil.which(tool), f"{tool} is not installed: {INSTALL}"
        assert os.geteuid() == 0, "buildah in a chroot needs root"
        self.root = root

    def __call__(self, *arguments: str) -> str:
        """One buildah command; its output."""
        command = ["buildah", "--root", str(self.root / "storage"), "--runroot", str(self.root / "run"), *arguments]
        done = subprocess.run(
            command, env={**os.environ, "STORAGE_DRIVER": "vfs"}, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout.strip()

    def make_base(self) -> None:
        """Debian with Python, and what this machine knows of certificates and package indexes."""
        folder = self.root / "base"
        folder.mkdir()
        command = ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(folder / "base.tar")]
        subprocess.run(command, capture_output=True, check=True)
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", folder / "certificates.crt")
        pip = Path("/etc/pip.conf")
        (folder / "pip.conf").write_text(pip.read_text() if pip.exists() else "")
        (folder / "Basefile").write_text(BASEFILE)
        self("bud", "--isolation", "chroot", "--tag", BASE, "--file", str(folder / "Basefile"), str(folder))

    def close(self) -> None:
        """Nothing stays mounted, and gigabytes of layers go: a program that was killed leaves its file system."""
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in sorted((place for place in mounted if place.startswith(f"{self.root}/")), reverse=True):
            subprocess.run(["umount", place], check=True)
        shutil.rmtree(self.root)

    def build(self, target: str) -> dict[str, object]:
        """One target of the Dockerfile; the configuration of its image."""
        where = ["--layers", "--ignorefile", ".dockerignore", "--build-arg", f"BASE={BASE}"]
        self("bud", "--isolation", "chroot", *where, "--target", target, "--tag", f"localhost/{target}", ".")
        inspected = json.loads(self("inspect", "--type", "image", f"localhost/{target}"))
        config: dict[str, object] = inspected["OCIv1"]["config"]
        return config

    def command(self, target: str, command: list[str], variables: dict[str, str]) -> list[str]:
        """A program in a new container of an image, as the image's user, to be started by the caller."""
        container = self("from", f"localhost/{target}")
        settings = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        storage = ["--root", str(self.root / "storage"), "--runroot", str(self.root / "run")]
        return ["buildah", *storage, "run", "--isolation", "chroot", *settings, container, "--", *command]
