"""A Python function's handler names a module that its code, or one of its layers, holds, and a function of it.

Source: AWS Lambda Developer Guide, "Define Lambda function handler in Python"; slashes count as dots:
awslambdaric/bootstrap.py (`_get_handler`); where layers are searched: DG "Packaging your layer content".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.replaced_code import may_be_replaced
from lambdakit.spec.rules.rule import PlacedFunction, RuleContext
from lambdakit.spec.rules.source_directories import resolved_within
from lambdakit.spec.runtimes import is_python
from lambdakit.spec.wording import quoted


def python_handlers(context: RuleContext) -> Iterator[Finding]:
    """A finding for each handler without a module, or whose module defines no such name."""
    for function in context.functions:
        if not is_python(function.settings.runtime) or not _is_known(context, function):
            continue
        if may_be_replaced(context.application, function.settings.handler):
            continue
        handler = function.settings.handler
        module, _, name = handler.replace("/", ".").rpartition(".")
        pointer = (*function.pointer, "handler")
        if not name or not all(module.split(".")):
            problem = f"{quoted(handler)} does not name a module and a function, as app.create does"
            hint = f"write app.{name or 'handler'}"
            yield Finding(code="LK138", pointer=pointer, problem=problem, hint=hint)
            continue
        finding = _missing_module(context, function, module, name) or _missing_name(context, function, module, name)
        if finding is not None:
            yield finding


def _missing_module(context: RuleContext, function: PlacedFunction, module: str, name: str) -> Finding | None:
    try:
        code = resolved_within(context.directory, function.settings.code)
        if code is None or not code.is_dir():
            return None
        roots = [code, *_layer_roots(context, function)]
        if any(_has_module(root, module) for root in roots) or not _knows_layers(context, function):
            return None
        candidates = sorted(path.stem for path in code.glob("*.py"))
    except OSError:  # reported by the rule about directories, or not ours to read
        return None
    file = module.replace(".", "/") + ".py"
    close = nearest(module, candidates) or (candidates[0] if len(candidates) == 1 else None)
    return Finding(
        code="LK138",
        pointer=(*function.pointer, "handler"),
        problem=f"{quoted(function.settings.handler)} needs {file}, which {function.settings.code} does not hold",
        hint=f"write {close}.{name}" if close else f"add {file}, or name another module",
    )


def _missing_name(context: RuleContext, function: PlacedFunction, module: str, name: str) -> Finding | None:
    try:
        code = resolved_within(context.directory, function.settings.code)
        stem = code.joinpath(*module.split(".")) if code is not None else None
        package = stem / "__init__.py" if stem is not None else None  # Python takes it before the file of that name
        place = package if stem is None or (package is not None and package.is_file()) else Path(f"{stem}.py")
        if place is None or not place.is_file() or _says_at_once(place, name):
            return None
        from lambdakit.spec.module_names import names_of_module  # Python's parser takes 15 ms to load

        names = names_of_module(place)
    except OSError:  # reported by the rule about directories, or not ours to read
        return None
    if names is None or name in names:
        return None
    functions = [known for known, is_function in names.items() if is_function and not known.startswith("_")]
    close = nearest(name, functions) or (functions[0] if len(functions) == 1 else None)
    file = f"{function.settings.code}/{module.replace('.', '/')}{'/__init__' if place == package else ''}.py"
    return Finding(
        code="LK138",
        pointer=(*function.pointer, "handler"),
        problem=f"{quoted(function.settings.handler)} needs {name}, which {file} does not define",
        hint=f"write {module}.{close}" if close else f"define {name} in {file}",
    )


def _says_at_once(file: Path, name: str) -> bool:
    """Whether a line at the left margin defines the name, as nearly every handler is."""
    text = file.read_text(encoding="utf-8", errors="replace")
    return re.search(rf"^(async )?def {re.escape(name)}\(", text, re.MULTILINE) is not None


def _knows_layers(context: RuleContext, function: PlacedFunction) -> bool:
    layers = context.application.layers
    named = function.settings.layers
    return context.knows(function, "layers") and all(name in layers for name in named)


def _layer_roots(context: RuleContext, function: PlacedFunction) -> Iterator[Path]:
    """The directories of the function's layers in which Python looks for modules."""
    for name in function.settings.layers:
        layer = context.application.layers.get(name)
        place = resolved_within(context.directory, layer.code) if layer is not None else None
        if place is not None:
            yield place / "python"
            yield place / "python" / "lib" / function.settings.runtime / "site-packages"


def _has_module(root: Path, module: str) -> bool:
    *packages, last = module.split(".")
    place = root.joinpath(*packages)
    if (place / f"{last}.py").is_file() or (place / last / "__init__.py").is_file():
        return True
    return place.is_dir() and any(
        entry.name.startswith(f"{last}.") and entry.suffix in (".so", ".pyc") for entry in place.iterdir()
    )


def _is_known(context: RuleContext, function: PlacedFunction) -> bool:
    return context.knows(function, "runtime") and context.pruned.spares(*function.pointer, "code")
