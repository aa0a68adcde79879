"""What no file of the repository may do, one function a rule.

In: a parsed file. Out: `(line, what is wrong)` for each place. `RULES` says which rule holds where.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

LINES_MAX: Final = 400

# Names that say nothing of what is inside.
_REFUSED_NAMES: Final = frozenset(
    {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"},
)
_MUTATING_METHODS: Final = frozenset(
    {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}
)
_CDK: Final = frozenset({"aws_cdk", "constructs", "jsii"})
_CONTAINERS: Final = (ast.Dict, ast.DictComp, ast.List, ast.ListComp, ast.Set, ast.SetComp)
_CONTAINER_CALLS: Final = frozenset({"Counter", "OrderedDict", "dict", "list", "set"})
# Calls that make something whose only use is to change.
_STATEFUL: Final = frozenset(
    {"Barrier", "Condition", "ContextVar", "Event", "ExitStack", "Lock", "Queue", "RLock", "Semaphore", "SimpleQueue"}
    | {"Session", "Thread", "ThreadPoolExecutor", "WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "bytearray"}
    | {"count", "defaultdict", "deque", "local"}
)
_SPLIT: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UNFINISHED: Final = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

Found = Iterator[tuple[int, str]]


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A Python file. path: relative to the repository."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of it."""
        return tuple(ast.walk(self.tree))


def file_is_short(file: SourceFile) -> Found:
    """At most `LINES_MAX` lines."""
    lines = len(file.text.splitlines())
    if lines > LINES_MAX:
        yield lines, f"has {lines} lines, {LINES_MAX} are allowed"


def names_say_something(file: SourceFile) -> Found:
    """No file, folder or class is called after what it is not."""
    for part in (*file.path.parts[:-1], file.path.stem):
        if refused := _REFUSED_NAMES & set(_words(part)):
            yield 1, f"{part!r} is named {min(refused)!r}"
    for node in file.nodes:
        if isinstance(node, ast.ClassDef) and (refused := _REFUSED_NAMES & set(_words(node.name))):
            yield node.lineno, f"class {node.name!r} is named {min(refused)!r}"


def nothing_sleeps(file: SourceFile) -> Found:
    """No `time.sleep`."""
    for node in file.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
                yield node.lineno, "sleeps: wait for an event, or on the clock"
            case ast.ImportFrom(module="time", names=names) if any(alias.name == "sleep" for alias in names):
                yield node.lineno, "sleeps: wait for an event, or on the clock"


def nothing_prints(file: SourceFile) -> Found:
    """No `print`."""
    for node in file.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "prints: only the command line does"


def modules_hold_no_state(file: SourceFile) -> Found:
    """Module-level names are constants: nothing stateful is made, and nothing changes what they hold."""
    names = dict(_module_level_names(file.tree))
    watched = frozenset(name for name, value in names.items() if _is_constant(name) or _is_container(value))
    for name, value in names.items():
        if value is not None and _called_name(value) in _STATEFUL:
            yield value.lineno, f"{name} is state of the module"
    for node in file.nodes:
        if isinstance(node, ast.Global):
            yield node.lineno, f"rebinds {', '.join(node.names)}, which belongs to the module"
        elif isinstance(node, ast.Call) and _called_name(node) == "globals":
            yield node.lineno, "changes the module through globals()"
    for line, name in _changes(file.nodes, watched):
        yield line, f"changes {name}, which belongs to a module"


def nothing_is_unfinished(file: SourceFile) -> Found:
    """No comment that promises work."""
    if not _UNFINISHED.search(file.text):
        return  # taking the text apart costs more than all else
    for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
        if token.type == tokenize.COMMENT and (match := _UNFINISHED.search(token.string)):
            yield token.start[0], f"says {match[1]}: what is missing is an honest error"


def nothing_is_patched(file: SourceFile) -> Found:
    """No `mock.patch`, by whatever road."""
    for node in file.nodes:
        match node:
            case ast.ImportFrom(module="unittest.mock", names=names) if any(alias.name == "patch" for alias in names):
                yield node.lineno, "patches: write a fake"
            case ast.Attribute(value=ast.Name(id="mock"), attr="patch"):
                yield node.lineno, "patches: write a fake"
            case ast.Attribute(value=ast.Attribute(attr="mock"), attr="patch"):
                yield node.lineno, "patches: write a fake"
            case ast.arg(arg="mocker"):
                yield node.lineno, "patches: write a fake"


def package_file_only_exports(file: SourceFile) -> Found:
    """`__init__.py` holds a docstring and re-exports, or nothing."""
    if file.path.name != "__init__.py":
        return
    for index, node in enumerate(file.tree.body):
        match node:
            case ast.Import() | ast.ImportFrom():
                continue
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AnnAssign(target=ast.Name(id="__all__")):
                continue
            case ast.Expr(value=ast.Constant(value=str())) if index == 0:
                continue
        yield node.lineno, "an __init__.py re-exports or is empty"


def cdk_tests_share_a_worker(file: SourceFile) -> Found:
    """A test that loads the CDK says so: its Node.js takes a second to start and half a gigabyte, once per worker."""
    if not file.path.name.startswith("test_") or 'xdist_group("cdk")' in file.text:
        return
    for node in file.nodes:
        match node:
            case ast.Import(names=aliases, lineno=line):
                modules = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(module), lineno=line, level=0):
                modules = [module]
            case _:
                continue
        if any(name.partition(".")[0] in _CDK or name.startswith("lambdakit.constructs.") for name in modules):
            yield line, 'loads the CDK without pytest.mark.xdist_group("cdk")'


def whole_modules_are_read(file: SourceFile) -> Found:
    """What is in `sys.modules` may be half of a module still: another thread is importing it."""
    for node in file.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="sys"), attr="modules", lineno=line):
                yield line, "reads sys.modules; `loaded` of moto_state/loaded.py gives whole ones"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a rule holds: below these folders, but not for these files and what lies below these folders."""

    folders: tuple[str, ...]
    exceptions: tuple[str, ...] = ()

    def covers(self, path: PurePosixPath) -> bool:
        """Whether the rule holds for the file."""
        names = {str(path), *map(str, path.parents)}
        return not names.isdisjoint(self.folders) and names.isdisjoint(self.exceptions)


_EVERYTHING: Final = ("lambdakit", "patterns", "stacks", "tests")
# Whose public names are loaded when they are first used.
_LOADED_WHEN_USED: Final = ("lambdakit/__init__.py", "lambdakit/constructs/__init__.py")

RULES: Final[Mapping[Callable[[SourceFile], Found], Scope]] = {
    file_is_short: Scope(folders=_EVERYTHING),
    names_say_something: Scope(folders=_EVERYTHING),
    # Functions that tests run may be slow on purpose.
    nothing_sleeps: Scope(folders=_EVERYTHING, exceptions=("lambdakit/clock.py", "tests/functions")),
    # The two processes answer their parent on standard output.
    nothing_prints: Scope(
        folders=("lambdakit", "stacks"),
        exceptions=("lambdakit/cli", "lambdakit/harness/__main__.py", "lambdakit/compiler/__main__.py"),
    ),
    # `lambdakit/__init__.py` keeps a public name once it is loaded (PEP 562).
    modules_hold_no_state: Scope(folders=("lambdakit", "stacks", "tests"), exceptions=_LOADED_WHEN_USED),
    nothing_is_unfinished: Scope(folders=_EVERYTHING),
    nothing_is_patched: Scope(folders=_EVERYTHING),
    # Who asks for the others, one who puts something there, two who ask whether a load has begun, and functions.
    whole_modules_are_read: Scope(
        folders=("lambdakit/harness",),
        exceptions=(
            *(f"lambdakit/harness/moto_state/{name}.py" for name in ("loaded", "late_validator", "time")),
            *("lambdakit/harness/account.py", "lambdakit/harness/runtime/inside"),
        ),
    ),
    cdk_tests_share_a_worker: Scope(folders=("patterns", "tests")),
    package_file_only_exports: Scope(folders=_EVERYTHING, exceptions=_LOADED_WHEN_USED),
}


def violations(root: Path, rule: Callable[[SourceFile], Found], scope: Scope) -> list[str]:
    """Each place below `root` that breaks the rule, as `file:line: what is wrong`."""
    return all_violations(root, {rule: scope})[rule]


def all_violations(
    root: Path, rules: Mapping[Callable[[SourceFile], Found], Scope]
) -> dict[Callable[[SourceFile], Found], list[str]]:
    """By rule, each place below `root` that breaks it. Every file is read and parsed once."""
    found: dict[Callable[[SourceFile], Found], list[str]] = {rule: [] for rule in rules}
    for folder in sorted({folder for scope in rules.values() for folder in scope.folders}):
        for path in sorted((root / folder).rglob("*.py")):
            relative = PurePosixPath(path.relative_to(root))
            if "cdk.out" in relative.parts:
                continue
            file = SourceFile(path=relative, text=path.read_text(encoding="utf-8"))
            for rule, scope in rules.items():
                if folder in scope.folders and scope.covers(relative):
                    found[rule] += [f"{relative}:{line}: {problem}" for line, problem in rule(file)]
    return found


def _words(name: str) -> list[str]:
    return [word.lower() for word in _SPLIT.findall(name)]


def _called_name(node: ast.expr) -> str:
    """`deque` of `collections.deque(…)` or of `deque[int]()`; empty for anything but a call."""
    if not isinstance(node, ast.Call):
        return ""
    called = node.func.value if isinstance(node.func, ast.Subscript) else node.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _is_constant(name: str) -> bool:
    return name.strip("_").isupper()


def _is_container(value: ast.expr | None) -> bool:
    return value is not None and (isinstance(value, _CONTAINERS) or _called_name(value) in _CONTAINER_CALLS)


def _module_level_names(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    """Every name that a module binds or imports, with its value where it is bound here."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                yield name, value
            case ast.ImportFrom(names=aliases):
                bound = [alias.asname or alias.name for alias in aliases]
                yield from ((name, None) for name in bound)


def _changes(nodes: Iterable[ast.AST], names: frozenset[str]) -> Found:
    """Line and name of each change to what one of `names` holds."""
    for node in nodes:
        for changed in _changed(node):
            if isinstance(changed, ast.Name) and changed.id in names:
                yield changed.lineno, changed.id


def _changed(node: ast.AST) -> list[ast.expr]:
    """What this statement or call changes in place."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return [target.value for target in targets if isinstance(target, ast.Subscript)]
        case ast.AugAssign(target=ast.Subscript(value=value)) | ast.AugAssign(target=ast.Name() as value):
            return [value]
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in _MUTATING_METHODS:
            return [value]
    return []
