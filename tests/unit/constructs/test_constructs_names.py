"""What can be imported from `lambdakit.constructs`."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from lambdakit import constructs

pytestmark = pytest.mark.xdist_group("cdk")

_PATTERNS = ("ApiBackend", "EventProcessing", "LambdaFunction", "Network", "StreamProcessing")
_ROOT = Path(constructs.__file__).parent
_UNION = r"^([A-Z]\w+)(?:: \w+)? = (\(?[^\n]*\|[^\n]*|\((?:\n    [^\n]*)+\n\)|Union\[[^\]]*\])"


@pytest.mark.parametrize("name", constructs.__all__)
def test_every_name_is_what_its_module_has(name: str) -> None:
    found = getattr(constructs, name)

    assert found.__name__ == name if inspect.isclass(found) or inspect.isfunction(found) else found is not None
    assert name in dir(constructs)


def test_a_name_that_is_a_class_somewhere_is_no_alias_of_another_module() -> None:
    texts = [path.read_text() for path in _ROOT.rglob("*.py")]
    classes = {name for text in texts for name in re.findall(r"^class ([A-Z]\w+)", text, re.MULTILINE)}

    named_alike = classes & set(constructs.__all__)

    assert {"Route", "ApiBackend"} <= named_alike
    assert [name for name in sorted(named_alike) if not inspect.isclass(getattr(constructs, name))] == []


@pytest.mark.parametrize("pattern", _PATTERNS)
def test_whatever_a_pattern_takes_of_ours_can_be_imported_from_one_place(pattern: str) -> None:
    texts = [path.read_text() for path in _ROOT.rglob("*.py")]
    ours = {name for text in texts for name in re.findall(r"^class ([A-Z]\w+)", text, re.MULTILINE)}
    unions = {name: union for text in texts for name, union in re.findall(_UNION, text, re.MULTILINE)}
    taken: set[str] = set()
    waiting = [_annotations(getattr(constructs, pattern).__init__)]
    while waiting:
        names = set(re.findall(r"\w+", waiting.pop()))
        waiting += [unions.pop(name) for name in names & unions.keys()]
        for name in names & ours - taken:
            taken.add(name)
            kind = getattr(constructs, name, None)
            waiting += [_annotations(kind)] if dataclasses.is_dataclass(kind) else []

    assert len(taken) > 3 or pattern == "Network"
    assert taken - set(constructs.__all__) == set()


def _annotations(made: typing.Any) -> str:
    return " ".join(str(each.annotation) for each in inspect.signature(made).parameters.values())


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="no attribute 'EventProcesing'"):
        typing.cast("typing.Any", constructs).EventProcesing  # noqa: B018


def test_nothing_of_the_cdk_is_loaded_before_it_is_needed() -> None:
    program = "import sys, lambdakit.constructs; print(any(name.startswith('aws_cdk') for name in sys.modules))"

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "False"
