"""A function's environment variables, with the defaults', stay within Lambda's quota."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.limits import ENVIRONMENT_BYTES_MAX
from lambdakit.spec.environment import environment_bytes
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def environment_size(context: RuleContext) -> Iterator[Finding]:
    """A finding for each environment that is too large; one alone when the defaults are by themselves."""
    general = environment_bytes(context.application.defaults.environment or {})
    if general > ENVIRONMENT_BYTES_MAX:
        yield _too_large(("defaults", "environment"), general)
        return
    for function in context.functions:
        size = environment_bytes(function.settings.environment)
        if size > ENVIRONMENT_BYTES_MAX:
            yield _too_large((*function.pointer, "environment"), size)


def _too_large(pointer: tuple[str | int, ...], size: int) -> Finding:
    return Finding(
        code="LK135",
        pointer=pointer,
        problem=f"names and values take {size} bytes with the defaults', {ENVIRONMENT_BYTES_MAX} are allowed",
        hint="keep large settings in a file of the function, in Parameter Store or in AppConfig",
    )
