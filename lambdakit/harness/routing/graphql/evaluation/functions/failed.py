"""What a function of resolvers' code cannot do with what it was given."""

from __future__ import annotations


class FunctionFailed(Exception):
    """The text says why, for whoever wrote the code."""
