"""The names that a Python file defines, without running it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

_READ_BYTES_MAX: Final = 200 * 1024
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Nodes with names of their own, which are not the module's.
_SCOPES: Final = (*_FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Words with which others may be defined, wherever they stand: a function that is called may do it, too.
_EVERYTHING: Final = "*"
_MAKERS: Final = frozenset(
    {
        _EVERYTHING,
        *("exec", "eval", "globals", "locals", "setattr", "vars", "__getattr__", "__dict__", "modules", "f_globals"),
        *("import_module", "__import__", "_getframe"),
    }
)
# Statements that bind names in more ways than are followed here.
_UNFOLLOWED: Final = (ast.Match, ast.NamedExpr)


def names_of_module(file: Path) -> Mapping[str, bool] | None:
    """The names of a module -> whether each is a function.

    None where it cannot be said: a file that this Python cannot parse, that takes names from elsewhere, or that has
    nothing but imports, as one that is still to be written.
    """
    if file.stat().st_size > _READ_BYTES_MAX:
        return None
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if any(not _MAKERS.isdisjoint(_words(node)) or isinstance(node, _UNFOLLOWED) for node in ast.walk(tree)):
        return None
    names: dict[str, bool] = {}
    for node in _module_nodes(tree):
        for name, is_function in _defined(node):
            names[name] = names.get(name, False) or is_function
    is_written = any(not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) for node in tree.body)
    has_globals = any(isinstance(node, ast.Global) for node in ast.walk(tree))
    return names if is_written and not has_globals else None


def _module_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that is run in the module's own scope."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _words(node: ast.AST) -> Collection[str]:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word) | ast.FunctionDef(name=word):
            return (word,)
        case ast.ImportFrom(names=names):
            return [_EVERYTHING if alias.name == "*" else alias.asname or alias.name for alias in names]
    return ()


def _defined(node: ast.AST) -> Iterator[tuple[str, bool]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name, True
        case ast.ClassDef(name=name):
            yield name, False
        case ast.Name(id=name, ctx=ast.Store()):
            yield name, False
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0], False
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            yield name, False
