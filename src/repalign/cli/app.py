"""The commands, and what happens when one fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

from repalign.cli.interrupts import STOPPED, stops_at_once

with stops_at_once():
    import typer
    from pydantic import ValidationError

    from repalign.cli import (
        comparing,
        datasets,
        demo,
        differing,
        dynamics,
        extracting,
        measures,
        models,
        reporting,
        scoring,
        studies,
        training,
    )
    from repalign.cli.output import console, folded, is_json, print_error, print_usage
    from repalign.errors import InputError, RepalignError, invalid
    from repalign.version import __version__

app = typer.Typer(
    name="repalign",
    help="Compare models with brains, behaviour and one another: true numbers with honest uncertainty.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(datasets.app, name="datasets")
app.add_typer(models.app, name="models")
app.command()(measures.measures)
app.command()(extracting.extract)
app.command()(comparing.compare)
app.command()(scoring.score)
app.command()(differing.differences)
app.command("dimensionality")(comparing.dimensions)
app.command()(studies.run)
app.command()(training.train)
app.command()(training.sweep)
app.command()(dynamics.dynamics)
app.command()(reporting.report)
app.command()(demo.demo)


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Compare models with brains, behaviour and one another: true numbers with honest uncertainty."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command. Exit codes: 0 done, 1 the input is at fault, 2 usage, 3 a check failed, 130 stopped."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "…" shows "?" instead of a traceback
    try:
        code = app(args=arguments, prog_name="repalign", standalone_mode=False)
        sys.stdout.flush()  # a reader that has gone is found out here, not at exit
    except typer.TyperException as error:
        code = _misused(error, as_json=is_json(arguments))
    except (RepalignError, ValidationError, MemoryError) as error:
        print_error(_ours(error), as_json=is_json(arguments))
        code = 1
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except (BrokenPipeError, SystemExit) as error:
        # typer turns the first into the second
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise
        code = _unheard()
    if code == STOPPED:
        print("stopped; what had finished is kept: the same command goes on from there", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


def _ours(error: RepalignError | ValidationError | MemoryError) -> RepalignError:
    if isinstance(error, ValidationError):
        return invalid("these settings", error, hint="See `--help` of the command.")
    if isinstance(error, MemoryError):
        return InputError(f"there is not enough memory ({error})", hint="Use fewer stimuli or units.")
    return error


def _misused(error: typer.TyperException, *, as_json: bool) -> int:
    message = error.format_message()
    if as_json and message:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "repalign"
        print_usage(message, hint=f"See `{command} --help`.")
    else:
        _fold(error)
        error.show()  # pyright: ignore[reportAttributeAccessIssue]
    return error.exit_code


def _fold(error: typer.TyperException) -> None:
    """Break a long message between words; typer prints it as it is, after some words of its own."""
    said = getattr(error, "message", None)
    if isinstance(said, str) and "\n" not in said:
        own = len("Error: ") + len(error.format_message()) - len(said)
        lines = folded(said, console(stderr=True).width, " " * max(0, own))
        error.message = "\n".join(lines).lstrip()  # pyright: ignore[reportAttributeAccessIssue]


def _unheard() -> int:
    # The reader (head, less) has gone, and nothing is wrong; but Python would flush at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0
