"""``python -m adaudit`` is the command."""

from adaudit.cli import main

main()
