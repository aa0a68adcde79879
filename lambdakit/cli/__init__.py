"""The command line."""

from lambdakit.cli.application import main

__all__ = ["main"]
