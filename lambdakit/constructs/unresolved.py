"""Text that only the deployment knows."""

from __future__ import annotations


def is_unresolved(text: str) -> bool:
    """Whether the text holds a value that the CDK puts in later, and so cannot be judged yet."""
    return "${Token[" in text
