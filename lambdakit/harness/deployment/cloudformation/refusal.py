"""How the CloudFormation API says no."""

from __future__ import annotations

from lambdakit.assembly.codes import INVALID_PARAMETER, MISPLACED_SECURE_STRING, UNKNOWN_ATTRIBUTE
from lambdakit.errors import Diagnostic, LambdakitError


class Refused(Exception):
    """A call that is refused. code: CloudFormation's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def no_such_stack(name: str) -> Refused:
    """The answer to a name that no stack has."""
    return Refused("ValidationError", f"Stack with id {name} does not exist")


def invalid_template(error: LambdakitError) -> Refused:
    """The answer to a template that cannot be used."""
    codes = {diagnostic.code for diagnostic in error.diagnostics}
    if codes == {MISPLACED_SECURE_STRING}:
        return Refused("ValidationError", "; ".join(diagnostic.problem for diagnostic in error.diagnostics))
    kind = "Template error" if codes == {UNKNOWN_ATTRIBUTE} else "Template format error"
    return Refused("ValidationError", f"{kind}: {told(error)}")


def told(error: LambdakitError) -> str:
    """An error's diagnostics in one line."""
    return "; ".join(_line(diagnostic) for diagnostic in error.diagnostics)


def _line(diagnostic: Diagnostic) -> str:
    line = f"{diagnostic.pointer}: {diagnostic.problem}" if diagnostic.pointer else diagnostic.problem
    # CloudFormation Template Reference, "Parameters", `ConstraintDescription`, which is the hint of such a one.
    return f"{line}: {diagnostic.hint}" if diagnostic.code == INVALID_PARAMETER and diagnostic.hint else line
