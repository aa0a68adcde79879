"""The compiler's own modules once more, beside the real ones: in these, the CDK and the constructs are recorded.

The code is the same, run anew with an `import` that hands out `Recorded` modules for `aws_cdk`, `constructs` and
`lambdakit.constructs`, and again such copies for the compiler's own. What the process otherwise does with the real
modules is not touched.
"""

from __future__ import annotations

import builtins
import dataclasses
import importlib
import importlib.util
from importlib.machinery import SourceFileLoader
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from lambdakit.compiler.ejection.expressions import Module, Reference
from lambdakit.compiler.ejection.recording import Recorded, Recorder, real_value

_RECORDED: Final = ("aws_cdk", "constructs", "lambdakit.constructs")
_COPIED: Final = "lambdakit.compiler"


class RecordedModules:
    """Copies of modules, each run once, whose steps the recorder notes."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._copies: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import, "isinstance": _isinstance}

    def module(self, name: str) -> ModuleType:
        """The copy of the module called `name`."""
        if (copy := self._copies.get(name)) is not None:
            return copy
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        copy = ModuleType(name)
        self._copies[name] = copy
        vars(copy).update(__builtins__=self._builtins, __file__=spec.origin, __spec__=spec, __package__=spec.parent)
        # The module's own loader may be pytest's, which rewrites a package with a plugin and has no `get_code`.
        code = SourceFileLoader(name, spec.origin).get_code(name)
        assert code is not None
        exec(code, vars(copy))
        return copy

    def _import(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: tuple[str, ...] | None = (), level: int = 0
    ) -> Any:
        """What the import statement gives to a copy. fromlist: the names after `from … import`."""
        assert level == 0, "the compiler's modules import by full names"
        wanted = tuple(fromlist or ())
        real = builtins.__import__(name, fromlist=wanted or ("__name__",))
        if _is_below(name, *_RECORDED):
            top = real if wanted else importlib.import_module(name.partition(".")[0])
            return self._recorder.recorded(top, Module(top.__name__))
        if name == "dataclasses":
            return SimpleNamespace(**{**vars(dataclasses), "replace": self._replace})
        if not _is_below(name, _COPIED):
            return builtins.__import__(name, globals, locals, wanted, level)
        submodules = {each: f"{name}.{each}" for each in wanted if not hasattr(real, each) or _is_module(real, each)}
        copies = {each: self.module(full) for each, full in submodules.items()}
        return SimpleNamespace(**{**vars(self.module(name)), **copies})

    def _replace(self, instance: Any, **changes: Any) -> Any:
        """As of `dataclasses`: a step for what is recorded, and nothing but a copy for a binding's own."""
        if type(instance) is not Recorded:
            return dataclasses.replace(instance, **changes)
        replace = self._recorder.recorded(dataclasses.replace, Reference("dataclasses", "replace"))
        return replace(instance, **changes)


def _isinstance(instance: object, kinds: Any) -> bool:
    return isinstance(real_value(instance), real_value(kinds))


def _is_module(owner: ModuleType, name: str) -> bool:
    return isinstance(getattr(owner, name), ModuleType)


def _is_below(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
