"""The exceptions of lambdakit and the one form their messages have.

A user's mistake raises a `LambdakitError`; a built-in exception means a bug of ours. Every error carries
diagnostics, and every diagnostic renders alike::

    path:line:col: pointer: what is wrong, with the value given and what is allowed [LK114]
      hint: one concrete edit

The tree, and the range of codes each class uses::

    LambdakitError
    +-- DocumentError           LK1xx  the YAML document is wrong; all its errors at once
    +-- SourceError             LK2xx  what was given to deploy is no document, assembly or CDK project
    |   +-- AssemblyError       LK2xx  a cloud assembly or template that cannot be read or resolved
    +-- DeploymentError         LK3xx  the harness could not deploy
    |   +-- UnsupportedError    LK31x  a resource type or property the harness does not know; all at once
    +-- SynthesisError          LK4xx  the CDK refused, or its process failed
    +-- HarnessError            LK5xx  the harness's process, port or state
        +-- NotYetSupported     LK51x  part of the public surface that is not built yet
        +-- DrainTimeout        LK52x  events in flight did not come to rest
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing that is wrong, where it is, and what to do about it.

    problem: lower case, no full stop; names the value given and what is allowed.
    code: `LK` and three digits.
    path: the file as the user named it; empty when no file is meant.
    line, column: counted from 1; None when the place within the file is not known.
    pointer: dotted path within the document or template (`patterns.orders.table`); empty for the whole.
    hint: one concrete edit; empty when there is none to suggest.
    """

    problem: str
    code: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    pointer: str = ""
    hint: str = ""

    def render(self) -> str:
        """The diagnostic in the form above, with the hint on a line of its own."""
        place = self.path
        if place and self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        parts = [part for part in (place, self.pointer) if part]
        text = ": ".join([*parts, f"{self.problem} [{self.code}]"])
        return f"{text}\n  hint: {self.hint}" if self.hint else text

    def to_wire(self) -> dict[str, str | int | None]:
        """The diagnostic as JSON, for other processes."""
        return {
            "problem": self.problem,
            "code": self.code,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "pointer": self.pointer,
            "hint": self.hint,
        }

    @staticmethod
    def from_wire(wire: Mapping[str, object]) -> Diagnostic:
        """The diagnostic that `to_wire` wrote."""
        line, column = wire.get("line"), wire.get("column")
        return Diagnostic(
            problem=str(wire["problem"]),
            code=str(wire["code"]),
            path=str(wire.get("path", "")),
            line=line if isinstance(line, int) else None,
            column=column if isinstance(column, int) else None,
            pointer=str(wire.get("pointer", "")),
            hint=str(wire.get("hint", "")),
        )


class LambdakitError(Exception):
    """What a user can mend. `str(error)` is every diagnostic, rendered, one after the other.

    diagnostics: at least one, in the order of their place.
    """

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(diagnostic.render() for diagnostic in self.diagnostics)


class DocumentError(LambdakitError):
    """The document is not a valid application; carries all its errors."""


class SourceError(LambdakitError):
    """What was given to deploy is no document, cloud assembly, CDK project, app or stack."""


class AssemblyError(SourceError):
    """A cloud assembly or a template of it cannot be read or resolved."""


class DeploymentError(LambdakitError):
    """The harness could not deploy, update or destroy."""


class UnsupportedError(DeploymentError):
    """Resource types or properties that the harness does not know; carries all of them."""


class SynthesisError(LambdakitError):
    """The CDK refused the application, or the process that runs it failed."""


class HarnessError(LambdakitError):
    """The harness's own process, port or state."""


class NotYetSupported(HarnessError):
    """A part of the public surface that is not built yet."""


class DrainTimeout(HarnessError):
    """Events in flight did not come to rest in time."""


_BY_NAME: Mapping[str, type[LambdakitError]] = {
    error.__name__: error
    for error in (
        LambdakitError,
        DocumentError,
        SourceError,
        AssemblyError,
        DeploymentError,
        UnsupportedError,
        SynthesisError,
        HarnessError,
        NotYetSupported,
        DrainTimeout,
    )
}


def error_to_wire(error: LambdakitError) -> dict[str, object]:
    """The error as JSON: its class's name and its diagnostics."""
    return {"error": type(error).__name__, "diagnostics": [d.to_wire() for d in error.diagnostics]}


def error_from_wire(name: str, diagnostics: Sequence[Mapping[str, object]]) -> LambdakitError:
    """The error that `error_to_wire` wrote; an unknown class becomes `LambdakitError`."""
    return _BY_NAME.get(name, LambdakitError)(*(Diagnostic.from_wire(d) for d in diagnostics))


def not_yet(what: str, *, hint: str = "") -> NotYetSupported:
    """The refusal of a part of the public surface that a later version brings."""
    return NotYetSupported(Diagnostic(problem=f"{what} is not built yet", code="LK510", hint=hint))
