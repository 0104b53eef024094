"""``python -m repalign``."""

from repalign.cli.app import main

main()
