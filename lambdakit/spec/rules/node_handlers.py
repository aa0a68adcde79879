"""A Node.js function's handler names a file of its code that has the function.

Sources: AWS Lambda Developer Guide, "Define Lambda function handler in Node.js"; aws-lambda-nodejs-runtime-interface-
client, src/UserFunction.js: the extensions in their order, and a dotted path of names behind the first dot.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.replaced_code import may_be_replaced
from lambdakit.spec.rules.rule import PlacedFunction, RuleContext
from lambdakit.spec.rules.source_directories import resolved_within
from lambdakit.spec.wording import quoted

_CODE: Final = "LK138"
_EXTENSIONS: Final = ("", ".js", ".mjs", ".cjs")
# What a build makes such files from.
_SOURCES: Final = (".ts", ".mts", ".cts", ".tsx", ".jsx", ".coffee")
_ENTRIES_MAX: Final = 2_000
_READ_BYTES_MAX: Final = 1024 * 1024
# What exports names in a way that is not followed: all at once, by a variable, or from elsewhere.
_UNFOLLOWED: Final = re.compile(r"exports\s*[=\[,);]|export\s*(?:\*|\{|default\b)|__exportStar|__reExport")
_EXPORTED: Final = re.compile(
    r"exports\.([A-Za-z_$][\w$]*)\s*=|export\s+(?:async\s+)?(?:const|let|var|function\*?|class)\s+([A-Za-z_$][\w$]*)"
)


def node_handlers(context: RuleContext) -> Iterator[Finding]:
    """A finding for each handler without its file, or whose name the file never says."""
    for function in context.functions:
        if not function.settings.runtime.startswith("nodejs") or not _is_known(context, function):
            continue
        finding = _of_function(context, function)
        if finding is not None:
            yield finding


def _of_function(context: RuleContext, function: PlacedFunction) -> Finding | None:
    handler = function.settings.handler
    folder, slash, last = handler.rpartition("/")
    file, _, path = last.partition(".")
    pointer = (*function.pointer, "handler")
    if not file or not path:
        problem = f"{quoted(handler)} does not name a file and a function, as index.handler does"
        return Finding(code=_CODE, pointer=pointer, problem=problem, hint="write index.handler")
    try:
        code = resolved_within(context.directory, function.settings.code)
        if (
            code is None
            or not code.is_dir()
            or function.settings.layers
            or may_be_replaced(context.application, function.settings.handler)
        ):
            return None
        module = f"{folder}{slash}{file}"
        found = next((place for end in _EXTENSIONS if (place := code / f"{module}{end}").is_file()), None)
        if found is None:
            if _may_be_elsewhere(code, module) or not _is_built(code):
                return None
            known = [place.stem for place in sorted(code.glob("*.*js"))]
            close = nearest(module, known) or (known[0] if len(known) == 1 else None)
            hint = f"write {close}.{path}" if close else f"add {module}.mjs, or name another file"
            problem = f"{quoted(handler)} needs {module}.js, .mjs or .cjs, which {function.settings.code} does not hold"
            return Finding(code=_CODE, pointer=pointer, problem=problem, hint=hint)
        name = path.split(".")[0]
        names = _names(found, name)
    except OSError:  # reported by the rule about directories, or not ours to read
        return None
    if names is None:
        return None
    close = nearest(name, names) or (names[0] if len(names) == 1 else None)
    hint = f"write {module}.{close}" if close else f"export {name} from {found.name}"
    problem = f"{quoted(handler)} needs {name}, which {found.name} does not export"
    return Finding(code=_CODE, pointer=pointer, problem=problem, hint=hint)


def _may_be_elsewhere(code: Path, module: str) -> bool:
    """Whether Node.js, or a build, would find the module though there is no file of its name."""
    is_there = (code / module).is_dir() or (code / "node_modules" / module.partition("/")[0]).exists()
    return is_there or any((code / f"{module}{ending}").is_file() for ending in _SOURCES)


def _is_built(code: Path) -> bool:
    """Whether there is any JavaScript at all; a directory without, or a very large one, a build may still fill."""
    seen = 0
    for _, folders, files in os.walk(code):
        folders[:] = [folder for folder in folders if folder != "node_modules"]
        if any(file.endswith(_EXTENSIONS[1:]) for file in files):
            return True
        seen += len(files) + len(folders)
        if seen > _ENTRIES_MAX:
            return False
    return False


def _names(file: Path, name: str) -> list[str] | None:
    """What the file exports, as far as it shows; None where the name may be among it, or nothing is written yet."""
    if file.stat().st_size > _READ_BYTES_MAX:
        return None
    text = file.read_text(encoding="utf-8", errors="replace")
    if not text.strip() or re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text) or _UNFOLLOWED.search(text):
        return None
    return sorted({first or second for first, second in _EXPORTED.findall(text)})


def _is_known(context: RuleContext, function: PlacedFunction) -> bool:
    return context.knows(function, "runtime") and context.pruned.spares(*function.pointer, "code")
