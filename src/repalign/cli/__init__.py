"""The command line: parses, calls the library, prints."""

from repalign.cli.app import app, main

__all__ = ["app", "main"]
