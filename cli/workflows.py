"""``biaac workflows``: check a workflow file, or run it here with the interpreter the laptop uses."""

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from biaac.errors import PermanentError
from cli.session import console, print_json

app = typer.Typer(help="Check and try workflow files.", no_args_is_help=True)


@app.command()
def lint(files: Annotated[list[Path], typer.Argument(help="*.workflows.yaml files.")]) -> None:
    """Load files as the interpreter does; what is unknown or over a limit is named with its line.

    Example: biaac workflows lint workflows/refresh.workflows.yaml
    """
    for path in files:
        console.print(f"{path}: valid ({', '.join(_load(path).routines)})")


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A *.workflows.yaml file.")],
    data: Annotated[str, typer.Option(help="The argument, JSON.")] = "null",
    trace: Annotated[bool, typer.Option("--trace", help="Print each step with its time.")] = False,
) -> None:
    """Run a workflow file in this process and print its result; connectors are not reached.

    Example: biaac workflows run hello.workflows.yaml --data '{"name": "Ann"}' --trace
    """
    from stand_ins.workflows import interpreter
    from stand_ins.workflows.execution import Execution
    from stand_ins.workflows.failures import WorkflowError

    program, execution = _load(file), Execution({})
    try:
        result = interpreter.run(program, execution, json_module.loads(data))
    except json_module.JSONDecodeError as error:
        raise PermanentError(f"--data: not JSON: {error}") from None
    except WorkflowError as error:
        raise PermanentError(error.context) from None
    finally:
        for entry in execution.entries if trace else ():
            seconds = (entry.ended or entry.started) - entry.started
            console.print(f"{entry.routine:<16} {entry.step:<32} {entry.kind:<8} {seconds:8.3f} s", style="dim")
    print_json(result)


def _load(path: Path) -> Any:
    from stand_ins.workflows import loader
    from stand_ins.yaml_file import Refused

    try:
        return loader.load(path)
    except Refused as error:
        raise PermanentError(str(error)) from None
