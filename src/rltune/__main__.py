"""`python -m rltune`: the command line."""

from rltune.cli.main import main

main()
