"""The commands, and what happens when one fails."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from repalign.cli import catalogues, datasets, demo, scoring
from repalign.cli.output import is_json, print_error
from repalign.errors import RepalignError
from repalign.version import __version__

app = typer.Typer(
    name="repalign",
    help="Compare models with brains, behaviour and one another: true numbers with honest uncertainty.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(datasets.app, name="datasets")
app.add_typer(catalogues.models_app, name="models")
app.command()(catalogues.measures)
app.command()(scoring.compare)
app.command()(scoring.score)
app.command()(scoring.report)
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
    try:
        code = app(args=arguments, standalone_mode=False)
    except typer.TyperException as error:
        error.show()  # pyright: ignore[reportAttributeAccessIssue]
        code = error.exit_code
    except RepalignError as error:
        print_error(error, as_json=is_json(arguments))
        code = 1
    except (KeyboardInterrupt, typer.Abort):
        print("stopped; what had finished is kept, and the same command goes on from there", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader (head, less) has gone; nothing is wrong
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
