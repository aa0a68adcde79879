"""How what is shared stands in its stack: its construct id, and the outputs that tell where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput

from lambdakit.constructs.output_names import pascal_case

if TYPE_CHECKING:
    from aws_cdk import Stack


def shared_id(name: str) -> str:
    """The construct id of the resource called `name`. No pattern's holds a colon, so that the two never meet."""
    return f"resource:{name}"


def shared_output(stack: Stack, name: str, suffix: str, value: str) -> None:
    """The stack's output `JobsQueueUrl`, for the resource `jobs` and the suffix `QueueUrl`."""
    CfnOutput(stack, f"{pascal_case(name)}{suffix}", value=value, description=f"Shared resource {name}")
