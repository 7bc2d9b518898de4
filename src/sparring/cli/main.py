"""The command itself: its verbs, and the one place where errors become exit codes."""

import signal
import sys
from types import FrameType
from typing import Annotated

import typer
from typer.exceptions import TyperException

import sparring
from sparring.cli import classify, data, doctor, evaluate, lab, recipes, runs, sample, train, translate
from sparring.errors import INTERRUPTED, SparringError

app = typer.Typer(
    name="sparring",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("train")(train.train)
app.command("resume")(train.resume)
app.command("sample")(sample.sample)
app.command("translate")(translate.translate)
app.command("classify")(classify.classify)
app.command("evaluate")(evaluate.evaluate)
app.command("doctor")(doctor.doctor)
app.command("lab")(lab.lab)
app.add_typer(evaluate.app, name="weights")
app.add_typer(data.app, name="data")
app.add_typer(runs.app, name="runs")
app.add_typer(recipes.app, name="recipes")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(sparring.__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Train, judge, explore and ship adversarial networks.

    Results go to stdout, progress and errors to stderr.

    Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 stopped by a guard, 130 interrupted.
    """


def main() -> None:
    """Run the command and exit with its code."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        sys.exit(app(standalone_mode=False))
    except TyperException as error:
        _complain(error.format_message(), hint=True)
        sys.exit(error.exit_code)
    except SparringError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # whoever read our output has seen enough; there is nowhere left to write to
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _complain(f"{error.filename or 'the system'}: {error.strerror or error}")
        sys.exit(1)
    except (MemoryError, RuntimeError) as error:
        if not _is_shortage(error):
            raise  # a mistake of ours: its traceback belongs into a report
        _complain("out of memory: take a smaller batch_size, game.width or data.size (see train --dry-run)")
        sys.exit(1)


def _is_shortage(error: Exception) -> bool:
    # torch says it in as many ways as it has allocators
    words = ("out of memory", "not enough memory", "can't allocate", "Storage size calculation overflowed")
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise SystemExit(INTERRUPTED)


def _complain(message: str, hint: bool = False) -> None:
    for line in message.splitlines():
        print(f"sparring: {line}", file=sys.stderr)  # noqa: T201
    if hint:
        print("sparring: see --help", file=sys.stderr)  # noqa: T201
