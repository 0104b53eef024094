"""Write docs/reference/commands.md from the commands themselves: ``python scripts/command_reference.py``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent))

from written import REFERENCE, table, write

from repalign.cli import app, main

PAGE = REFERENCE / "commands.md"
HEAD = """# Commands

Every command with its arguments and options, as `repalign COMMAND --help` prints them.
[Command line](../command-line.md) shows them at work.

"""
# How the value of an option is called where the option does not say so itself.
VALUES = {"str": "TEXT", "int": "N", "float": "X", "Path": "PATH"}


def page() -> str:
    """The whole page, in Markdown."""
    root = typer.main.get_command(app)
    exits = table(("exit code", "meaning"), [*_exit_codes()])
    return HEAD + f"## Exit codes\n\n{exits}\n" + "\n".join(_sections(root, "repalign")).rstrip() + "\n"


def _exit_codes() -> Iterator[tuple[str, str]]:
    """Codes and meanings, from the one place that states them."""
    told = cleandoc(main.__doc__ or "").split("Exit codes:")[1]
    for code, meaning in re.findall(r"(\d+) ([^,.]+)", told):
        yield f"`{code}`", meaning


def _sections(command: Any, path: str) -> Iterator[str]:
    level = min(path.count(" ") + 2, 4)
    yield f"{'#' * level} {path}\n\n{_told(command)}"
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join([path, *(_argument(p) for p in arguments), "[OPTIONS]"])
    if not hasattr(command, "commands"):
        yield f"```shell\n{usage}\n```\n"
    if arguments:
        yield table(("argument", "what it is"), [(f"`{_argument(p)}`", p.help) for p in arguments])
    options = [p for p in command.params if p.param_type_name == "option"]
    if options:
        rows = [(f"`{_option(p)}`", f"{p.help}{_limits(p)}", _default(p)) for p in options]
        yield table(("option", "what it does", "default"), rows)
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _sections(inner, f"{path} {name}")


def _told(command: Any) -> str:
    """The help of a command; what it sets as an example is set as one here."""
    told, _, example = cleandoc(command.help or "").partition("\n\nExample: ")
    shown = f"\nExample:\n\n```shell\n$ {' '.join(example.split())}\n```\n" if example else ""
    return f"{told}\n{shown}"


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _option(option: Any) -> str:
    names = " / ".join([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    return f"{names} {option.metavar or _value(option)}"


def _value(option: Any) -> str:
    kind = option.type_descriptor.annotation
    inner = getattr(kind, "__args__", (kind,))[0]
    return VALUES[inner.__name__]


def _limits(option: Any) -> str:
    least, most = option.min, option.max
    told = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
    return f" ({', '.join(told)})" if told else ""


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if option.secondary_opts:
        return f"`{(option.opts if option.default else option.secondary_opts)[0]}`"
    if option.is_flag or option.default is None or option.default == []:
        return ""
    return f"`{option.default}`"


if __name__ == "__main__":
    write(PAGE, page())
