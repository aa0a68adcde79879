"""Modules of moto are there once they are whole, not while another thread is still importing them."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lambdakit.harness.moto_state.loaded import Change, change_when_loaded, loaded
from tests.fakes.unchanged_moto import restored

_GATE = "gate_of_a_module"
_MODULE = "module_that_takes_its_time"
_CODE = f"import {_GATE}\n{_GATE}.reached.set()\n{_GATE}.opened.wait(60)\nbackends = {{}}\n"


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module whose import stops half-way: `reached` is set there, and it goes on once `opened` is."""
    gate = ModuleType(_GATE)
    vars(gate).update(reached=threading.Event(), opened=threading.Event())
    monkeypatch.setitem(sys.modules, _GATE, gate)
    (tmp_path / f"{_MODULE}.py").write_text(_CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield gate
    sys.modules.pop(_MODULE, None)


def test_a_module_that_another_thread_imports_is_not_loaded_before_it_is_whole(gate: ModuleType) -> None:
    importing = threading.Thread(target=importlib.import_module, args=(_MODULE,))
    importing.start()
    assert vars(gate)["reached"].wait(60)

    meanwhile = loaded(_MODULE)

    vars(gate)["opened"].set()
    importing.join()
    assert meanwhile is None
    assert loaded(_MODULE).backends == {}


def test_a_module_that_nobody_imported_is_not_loaded() -> None:
    assert loaded("moto.nobody_has_this.models") is None


def test_modules_that_import_one_another_are_changed_by_many_within_few_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto's own modules import one another 20 deep; each was as many frames as there are changes."""
    chain = 30
    for number in range(chain):
        below = f"from moto import chained_{number + 1}" if number + 1 < chain else "import sys"
        (tmp_path / f"chained_{number}.py").write_text(f"{below}\n")
    asked = [[f"{change}:chained_{number}" for change in range(50)] for number in reversed(range(chain))]
    told: list[str] = []

    def change(number: int) -> Change:
        return lambda module: told.append(f"{number}:{module.__name__.rpartition('.')[2]}")

    with restored():
        for number in range(50):
            change_when_loaded(change(number))
        import moto

        monkeypatch.setattr(moto, "__path__", [*moto.__path__, str(tmp_path)])
        told.clear()  # what is said of modules that were loaded already
        importlib.import_module("moto.chained_0")

    for number in range(chain):
        sys.modules.pop(f"moto.chained_{number}", None)
        vars(moto).pop(f"chained_{number}", None)
    assert told == [each for module in asked for each in module]
