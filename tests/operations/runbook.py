"""A page of docs/ as something to walk through: its commands by section, and what it promises they print."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(?P<tag>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LAPTOP, CLOUD, PROMISE = "sh laptop", "sh cloud", "text"


@dataclass(frozen=True)
class Block:
    """Commands, and lines that their output holds; ``...`` in a line stands for anything."""

    commands: str
    promises: tuple[str, ...] = ()


def blocks(page: Path, tag: str = LAPTOP) -> dict[str, list[Block]]:
    """The blocks of a page with one tag, by the section they stand in; a text block promises for the one before it."""
    sections: dict[str, list[Block]] = {}
    for part in re.split(r"^## ", page.read_text(), flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        listed = sections.setdefault(title.strip(), [])
        last = ""
        for fence in FENCE.finditer(body):
            if fence["tag"] == tag:
                listed.append(Block(fence["body"]))
            elif fence["tag"] == PROMISE and last == tag:
                listed[-1] = Block(listed[-1].commands, tuple(fence["body"].splitlines()))
            last = fence["tag"]
    return sections


def missing(block: Block, printed: str) -> list[str]:
    """Promised lines that were not printed; runs of blanks count as one."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    return [line for line in block.promises if not any(_pattern(line).search(each) for each in lines)]


def _pattern(promise: str) -> re.Pattern[str]:
    words = " ".join(promise.split())
    return re.compile(".*".join(re.escape(part.strip()) for part in words.split("...")))


def run(block: Block, *, cwd: Path, env: dict[str, str], seconds: float) -> str:
    """Run the commands as a person types them, one after another; what they printed. Fails where one of them does."""
    command = ["bash", "-euo", "pipefail", "-c", block.commands]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, f"{block.commands}\nexit {done.returncode}\n{printed}"
    assert not (gone := missing(block, printed)), f"{block.commands}\ndid not print {gone}, but\n{printed}"
    return printed
