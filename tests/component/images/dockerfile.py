"""A Dockerfile read, and carried out without a container engine: in folders of this machine.

The files an image would hold are laid out under one folder, its environment is built there from the lock by the same
commands, and its ENTRYPOINT is started with its ENV and nothing else of ours. What only an engine has is not proved
here: the base image itself, the user, the walls (tests/containers does).
"""

import fnmatch
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

OURS = re.compile(r"(?<![\w.$}-])/(app|opt|build|tmp)(?=/|\b)")  # paths of the image that are folders of ours here
# What a RUN may start here: uv, the image's Python, and the removal of files of its environment.
RUNS = re.compile(r"(/build/)?bin/uv |/opt/venv/bin/python |(find /opt/venv/\S+ [^;&|]*-delete( +&& +)?)+$")
OF_THE_BASE = re.compile(r"useradd ")  # a RUN that changes the base image: an engine's matter


@dataclass
class Stage:
    """FROM ... AS name, and what follows."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Image:
    """What the instructions have made so far."""

    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    entrypoint: list[str] = field(default_factory=list)
    port: int | None = None


def parse(text: str) -> dict[str, Stage]:
    """The stages by name, in order; an ARG before the first FROM is filled in."""
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    joined = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = _filled(rest, arguments).partition(" AS ")
            stages[name] = Stage(name, base)
        elif not stages:
            name, _, default = rest.partition("=")
            arguments[name] = default
        else:
            list(stages.values())[-1].instructions.append((word, rest.strip()))
    return stages


class Builder:
    """Carries out stages below ``root``: each at ``root/fs`` while it is made, then set aside under its name."""

    def __init__(self, context: Path, root: Path, *, compile_bytecode: bool = True) -> None:
        self.context = context
        self.compile = "1" if compile_bytecode else "0"
        self.stages = parse((context / "Dockerfile").read_text())
        self.ignored = [
            line for line in (context / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
        ]
        self.root = root
        self.fs = root / "fs"
        self.images: dict[str, Image] = {}

    def build(self, name: str) -> Image:
        """The image ``name``, its files at ``root/fs`` (a built one is brought there again)."""
        if name not in self.images:
            self._make(name)
        shutil.rmtree(self.fs, ignore_errors=True)
        _copy(self.root / name, self.fs)
        return self.images[name]

    def here(self, text: str) -> str:
        """A text of the image with its folders as they are on this machine."""
        return OURS.sub(lambda match: f"{self.fs}/{match[1]}", text)

    def _make(self, name: str) -> None:
        stage = self.stages[name]
        sources = {match[1] for _, rest in stage.instructions if (match := re.match(r"--from=(\S+)", rest))}
        for needed in sorted(sources | ({stage.base} & self.stages.keys())):
            if needed not in self.images:
                self._make(needed)
        shutil.rmtree(self.fs, ignore_errors=True)
        image = Image()
        if stage.base in self.stages:
            base = self.images[stage.base]
            image = Image(dict(base.environment), base.folder, base.user, list(base.entrypoint), base.port)
            _copy(self.root / stage.base, self.fs)
        (self.fs / "tmp").mkdir(parents=True, exist_ok=True)
        arguments: dict[str, str] = {}
        for word, rest in stage.instructions:
            self._carry_out(image, word, _filled(rest, {**image.environment, **arguments}), arguments)
        self.images[name] = image
        self.fs.rename(self.root / name)

    def _carry_out(self, image: Image, word: str, rest: str, arguments: dict[str, str]) -> None:
        match word:
            case "ARG":
                key, _, arguments[key] = rest.partition("=")
            case "ENV":
                image.environment |= {k: v.strip('"') for k, v in re.findall(r"(\w+)=(\S+)", rest)}
            case "WORKDIR":
                image.folder = rest
                Path(self.here(rest)).mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy_in(image, rest.split())
            case "RUN":
                self._run(image, rest)
            case "USER":
                image.user = rest
            case "EXPOSE":
                image.port = int(rest)
            case "ENTRYPOINT":
                image.entrypoint = json.loads(rest)
            case "HEALTHCHECK":
                assert rest == "NONE"
            case _:
                raise AssertionError(f"{word} {rest}: not an instruction this reader knows")

    def _copy_in(self, image: Image, words: list[str]) -> None:
        source_root = self.context
        if words[0].startswith("--from="):
            source_root = self.root / words[0].removeprefix("--from=")
            words = words[1:]
        *sources, target = words
        into = Path(self.here(target)) if target.startswith("/") else Path(self.here(image.folder)) / target
        for source in sources:
            found = sorted(source_root.glob(source.lstrip("/")))
            assert found, f"COPY {source}: nothing matches"
            for path in found:
                where = into / path.name if target.endswith("/") else into
                where.parent.mkdir(parents=True, exist_ok=True)
                if source_root is self.context:
                    self._copy_context(path, where)
                else:
                    _copy(path, where)

    def _copy_context(self, path: Path, where: Path) -> None:
        """As the builder is sent it: without what .dockerignore leaves out."""
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        sent = [file for file in files if self._is_sent(file.relative_to(self.context))]
        assert sent, f"COPY {path}: .dockerignore leaves all of it out"
        for file in sent:
            to = where / file.relative_to(path) if path.is_dir() else where
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, to)

    def _is_sent(self, file: Path) -> bool:
        """The last matching line decides, as documented; a pattern matches a folder's whole content."""
        sent = True
        for line in self.ignored:
            if _matches(line.removeprefix("!"), file):
                sent = line.startswith("!")
        return sent

    def _run(self, image: Image, command: str) -> None:
        if OF_THE_BASE.match(command):
            return
        uv = self.context / ".biaac/uv"
        if uv.exists() and not (self.fs / "build/.biaac/uv").exists():
            _copy(uv, self.fs / "build/.biaac/uv")  # bin/uv looks whether it is the version of bin/uv.txt
        assert RUNS.match(command), f"RUN {command}: not carried out here; an unknown program could change this machine"
        environment = {**os.environ, **{key: self.here(value) for key, value in image.environment.items()}}
        for name in ("UV_NO_CACHE", "PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)  # the machine's cache is used: the same packages, without the download
        environment |= {"UV_PYTHON": "3.11", "UV_COMPILE_BYTECODE": self.compile}
        done = subprocess.run(
            ["sh", "-euc", self.here(command)],
            cwd=self.here(image.folder),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"RUN {command}:\n{done.stdout}{done.stderr}"


def _matches(pattern: str, file: Path) -> bool:
    """Whether a line of .dockerignore speaks of a file or of a folder it is in; ``**/`` is any folder."""
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatch(part, pattern.removeprefix("**/")) for part in file.parts)
    return any(fnmatch.fnmatch(str(path), pattern) for path in (file, *file.parents))


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], match[0]), text)


def _copy(source: Path, target: Path) -> None:
    """Whole trees by hard links: packages of an environment are hundreds of megabytes, and nobody changes a file."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=os.link, dirs_exist_ok=True)
    else:
        os.link(source, target)
