"""docs/deploy.md, docs/backup.md and the runbooks say only what is there; the deployment's commands are run offline."""

import re
import shlex
import zipfile
from pathlib import Path

import pytest
import yaml

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.deployment import Deployment
from tests.infrastructure.terraform import LEFT_OVERS, LOCAL_STATE, Workspace
from tests.operations import commands, runbook

DEPLOY = ROOT / "docs/deploy.md"
PAGES = [DEPLOY, ROOT / "docs/backup.md", *sorted((ROOT / "docs/runbooks").glob("*.md"))]
PROJECT, REGION = "acme-analytics", "europe-west1"  # as the page names them, to be replaced by the reader
ids = [str(page.relative_to(ROOT / "docs")) for page in PAGES]


def printed(page: Path) -> list[list[str]]:
    """Every command in a block of a page, for either place."""
    text = page.read_text()
    fences = [f for f in runbook.FENCE.finditer(text) if f["tag"] in (runbook.LAPTOP, runbook.CLOUD)]
    return [words for fence in fences for words in commands.simple_commands(fence["body"])]


def five() -> list[str]:
    """The lines of "Five commands"."""
    (block,) = runbook.blocks(DEPLOY, runbook.CLOUD)["Five commands"]
    return block.commands.splitlines()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_of_a_page_exists_with_its_flags(page: Path) -> None:
    assert [fault for words in printed(page) if (fault := commands.fault(words))] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_biaac_command_in_the_text_of_a_page_exists(page: Path) -> None:
    named = re.findall(r"`(?:bin/)?biaac ([^`]+)`", page.read_text())
    given = [shlex.split(words.replace("NAME", "grocery").replace("...", "x")) for words in named]
    assert [fault for words in given if (fault := commands.biaac(words))] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_file_and_heading_that_a_page_names_is_there(page: Path) -> None:
    for path, heading in commands.links(page):
        assert path.exists(), f"{page.name} links to {path}"
        assert not heading or heading in commands.headings(path), f"{page.name} links to {path.name}#{heading}"
    made_by_the_reader = {"terraform/prod.tfvars"}
    named = set(commands.named_in(page.read_text())) - made_by_the_reader
    assert [name for name in sorted(named) if not list(ROOT.glob(name.rstrip("/")))] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gcloud storage buckets restore gs://x", "not in the table"),
        ("gcloud sql instances clone biaac", "1 arguments, expected 2"),
        ("gcloud scheduler jobs run sweep --region=x", "no flag --region"),
        ("terraform -chdir=terraform apply -var=projekt=x", "no such variable"),
        ("terraform -chdir=terraform output -raw address", "no such output"),
        ("terraform apply", "-chdir="),
        ("bin/biaac release list", "No such command"),
        ("bin/biaac runs --newest", "no flag --newest"),
        ("bin/nothing", "no program"),
        ("make undo", "no such target"),
    ],
)
def test_a_command_that_is_not_there_would_be_found(line: str, said: str) -> None:
    (words,) = commands.simple_commands(line)
    assert said in (commands.fault(words) or "")


def test_there_are_at_most_five_commands() -> None:
    assert 0 < len(five()) <= 5


def test_the_build_by_hand_says_what_the_build_asks_for() -> None:
    (words,) = commands.simple_commands(five()[-1])
    flags = dict(word.removeprefix("--").split("=", 1) for word in words if word.startswith("--"))
    declared = yaml.safe_load((ROOT / flags["config"]).read_text())["substitutions"]
    given = commands.substitutions(flags["substitutions"])
    assert given.keys() <= declared.keys()
    assert given["_DEPLOY"] == "true"
    assert given["_REGION"] == flags["region"] == REGION
    assert flags["project"] == PROJECT


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read, as it is before the first of them: the reader's file and no archive."""
    folder = tmp_path_factory.mktemp("deploy")
    for source in terraform.SOURCES:
        terraform.shutil.copytree(ROOT / source, folder / source, ignore=LEFT_OVERS)
    for root in ("terraform", "terraform/bootstrap"):
        (folder / root / "local_state_override.tf").write_text(LOCAL_STATE)
    example = (folder / "terraform/examples/small.tfvars").read_text()
    (folder / "terraform/prod.tfvars").write_text(example)
    return folder


def offline(line: str) -> list[list[str]]:
    """The terraform commands of a line, as they are but for the bucket of the state and the question."""
    found = []
    for program, *arguments in commands.simple_commands(line):
        assert program == "terraform"
        kept = [each for each in arguments if not each.startswith("-backend-config")]
        found.append([*kept, "-input=false", "-no-color", *(["-auto-approve"] if "apply" in kept else [])])
    return found


def test_the_terraform_commands_work_as_printed(checkout: Path) -> None:
    """The real terraform against the stand-in of the provider: bootstrap and the whole stack, applied."""
    shell = Workspace(checkout, terraform.cli_configuration())
    bootstrap, apply = (line for line in five() if line.startswith("terraform"))
    for arguments in offline(bootstrap):
        shell.must(*arguments)
    bucket = shell.must("-chdir=terraform/bootstrap", "output", "-raw", "state_bucket")
    assert f"-backend-config=bucket={bucket} " in apply
    (init, planned) = offline(apply)
    shell.must(*init)
    missing = shell.run(*planned)
    assert "bin/functions-source" in missing.stderr, "the command before is named where it was left out"
    archive = checkout / ".biaac/build/functions.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("main.py", "")
    shell.must(*planned)
    (build,) = commands.simple_commands(five()[-1])
    (account,) = [word.partition("=")[2] for word in build if word.startswith("--service-account")]
    shown = terraform.json.loads(shell.must("-chdir=terraform", "show", "-json"))
    made_accounts = {
        each.values["account_id"]
        for each in Deployment({"planned_values": shown["values"]}, {}).all("google_service_account")
    }
    assert account.rpartition("/")[2].partition("@")[0] in made_accounts
