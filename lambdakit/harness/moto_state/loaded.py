"""moto's modules: which are loaded, and what is done to them as soon as they are, before anybody uses them.

moto loads a service's modules at its first request. To import one earlier, only to change it, would cost every harness
that never uses the service; to change it at the first request of our own would be too late for everybody else's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

Change = Callable[[ModuleType], None]

_PACKAGE: Final = "moto"


def loaded(name: str) -> Any:
    """A module of moto by its full name; None as long as nobody has called its service: importing it takes a while.

    A module that another thread is importing is not there yet: whoever called the service has had no answer either, and
    what stands in the module by then is a part of it. The import system keeps that in the module's spec.
    """
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return None if getattr(spec, "_initializing", False) else module


def change_when_loaded(change: Change) -> None:
    """From now on `change` is called with every module of moto, right after the module's code ran.

    Those that are loaded already get it at once. Asking twice for one change is asking once.
    """
    if any(asked is change for asked in changes()):
        return
    sys.meta_path.insert(0, _Finder(change))
    for name, module in list(sys.modules.items()):
        if _is_of_moto(name):
            change(module)


def changes() -> Sequence[Change]:
    """What was asked for."""
    return [finder.change for finder in sys.meta_path if isinstance(finder, _Finder)]


class _Finder:
    """Lets the finders behind it find moto's modules, and has them changed once they ran."""

    def __init__(self, change: Change) -> None:
        self.change = change

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec; None for what is not moto's."""
        if not _is_of_moto(name):
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return self._changing(spec)
        return None

    def _changing(self, spec: ModuleSpec) -> ModuleSpec:
        loader = spec.loader
        if loader is not None:
            run: Any = loader.exec_module
            if isinstance(run, _Changing):
                run.changes.append(self.change)
            else:
                loader.exec_module = _Changing(run, self.change)  # type: ignore[method-assign]  # of this module's own
        return spec


class _Changing:
    """Runs a module's code, and then what was asked for, in the order of asking.

    All of it in one frame: moto's modules import one another some 20 deep, and some 50 frames for each of them are more
    than the interpreter lets a thread have.
    """

    def __init__(self, run: Change, change: Change) -> None:
        self._run = run
        self.changes = [change]

    def __call__(self, module: ModuleType) -> None:
        self._run(module)
        for change in self.changes:
            change(module)


def _is_of_moto(name: str) -> bool:
    return name.partition(".")[0] == _PACKAGE
