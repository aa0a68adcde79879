"""Whether written code does what the document does: it runs, and its templates are compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from lambdakit.compiler.compile import new_app
from lambdakit.compiler.ejection.application_files import StackClass, cdk_file


def first_difference(
    files: Mapping[str, str],
    classes: Sequence[StackClass],
    context: Mapping[str, object],
    *,
    expected: Path,
    work: Path,
    output: Path,
) -> str | None:
    """Where the code's templates differ from those of the assembly `expected`, or why it does not run; else None.

    files: the stacks' modules, which run as if they lay in `output`. context: of the application.
    """
    assembly = work / "ejected"
    app = new_app(assembly, validation=False, context=json.loads(cdk_file(context))["context"])
    try:
        made: dict[str, Any] = {}
        for stack in classes:
            given = {each.parameter: _given(made[each.stack], each.attribute) for each in stack.given}
            made[stack.id] = _class(files[stack.file], stack, output)(app, stack.id, **given)
        app.synth()
    except Exception as error:  # code that was only just written raises what it likes
        return f"it raises {type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
    wanted, given = _templates(expected), _templates(assembly)
    for name in sorted(wanted.keys() | given.keys()):
        if (place := _difference(wanted.get(name), given.get(name))) is not None:
            return f"{name} differs" + (f" at {place}" if place else "")
    return None


def _given(stack: Any, attribute: str) -> Any:
    return getattr(stack, attribute) if attribute else stack


def _class(text: str, stack: StackClass, output: Path) -> Any:
    path = output.absolute() / stack.file
    module = ModuleType(stack.module)
    vars(module)["__file__"] = str(path)
    exec(compile(text, str(path), "exec"), vars(module))
    return vars(module)[stack.name]


def _templates(assembly: Path) -> dict[str, Any]:
    return {
        path.relative_to(assembly).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in assembly.rglob("*.template.json")
    }


def _difference(expected: Any, given: Any) -> str | None:
    """The keys that lead to the first difference; None when there is none."""
    if isinstance(expected, dict) and isinstance(given, dict):
        for key in (*expected, *(key for key in given if key not in expected)):
            if (key in expected) != (key in given):
                return str(key)
            if (found := _difference(expected[key], given[key])) is not None:
                return f"{key}.{found}".removesuffix(".")
        return None
    return None if expected == given else ""
