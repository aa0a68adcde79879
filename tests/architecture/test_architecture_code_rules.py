"""No file breaks a rule of the code, and every rule finds what it forbids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

from tests.architecture import code_rules
from tests.architecture.code_rules import LINES_MAX, RULES, Found, Scope, SourceFile, all_violations, violations

_ROOT: Final = Path(__file__).parents[2]

_EVERYWHERE: Final = Scope(folders=("lambdakit",))


@pytest.fixture(scope="module")
def found() -> dict[Callable[[SourceFile], Found], list[str]]:
    return all_violations(_ROOT, RULES)


@pytest.mark.xdist_group("code-rules")  # so that one worker parses the files, once
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_file_breaks_the_rule(
    found: dict[Callable[[SourceFile], Found], list[str]], rule: Callable[[SourceFile], Found]
) -> None:
    assert not found[rule], "\n".join(found[rule])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_looks_at_something(rule: Callable[[SourceFile], Found]) -> None:
    files = [PurePosixPath(path.relative_to(_ROOT)) for path in (_ROOT / "tests").rglob("test_*.py")]
    files.append(PurePosixPath("lambdakit/harness/server.py"))

    assert any(RULES[rule].covers(path) for path in files)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param("import aws_cdk.aws_lambda", False, id="CDK"),
        pytest.param("from lambdakit.constructs.table import Table", False, id="our constructs"),
        pytest.param("def test():\n    import jsii", False, id="in a function"),
        pytest.param('import aws_cdk\npytestmark = pytest.mark.xdist_group("cdk")', True, id="marked"),
        pytest.param("import boto3", True, id="another package"),
    ],
)
def test_test_that_loads_the_cdk_is_marked(tmp_path: Path, text: str, allowed: bool) -> None:
    _write(tmp_path, "lambdakit/test_table.py", text)

    assert (violations(tmp_path, code_rules.cdk_tests_share_a_worker, _EVERYWHERE) == []) is allowed


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        pytest.param(code_rules.file_is_short, "\n" * (LINES_MAX + 1), id="a line too long"),
        pytest.param(code_rules.names_say_something, "class QueueManager: ...", id="class of a refused name"),
        pytest.param(code_rules.names_say_something, "class HTTPHelper: ...", id="class behind an acronym"),
        pytest.param(code_rules.nothing_sleeps, "import time\ntime.sleep(1)", id="sleep"),
        pytest.param(code_rules.nothing_sleeps, "from time import sleep", id="sleep by name"),
        pytest.param(code_rules.nothing_prints, "print('x')", id="print"),
        pytest.param(code_rules.nothing_prints, "import sys\nprint('x', file=sys.stderr)", id="print to stderr"),
        pytest.param(code_rules.modules_hold_no_state, "import queue\nwaiting = queue.Queue()", id="queue"),
        pytest.param(code_rules.modules_hold_no_state, "x: deque[int] = deque[int]()", id="typed deque"),
        pytest.param(code_rules.modules_hold_no_state, "def f():\n    global x\n    x = 1", id="global"),
        pytest.param(code_rules.modules_hold_no_state, "def f():\n    globals()['x'] = 1", id="globals"),
        pytest.param(code_rules.modules_hold_no_state, "x = {}\ndef f():\n    x[1] = 2", id="item"),
        pytest.param(code_rules.modules_hold_no_state, "x = []\ndef f():\n    x.append(1)", id="method"),
        pytest.param(code_rules.modules_hold_no_state, "x = {1}\ndef f():\n    del x[1]", id="delete"),
        pytest.param(code_rules.modules_hold_no_state, "x = dict()\ndef f():\n    x[1] += 2", id="in place"),
        pytest.param(code_rules.modules_hold_no_state, "from a import TABLE\nTABLE.update(b=1)", id="another's"),
        pytest.param(code_rules.nothing_is_unfinished, "x = 1  # TODO: two", id="promise"),
        pytest.param(code_rules.nothing_is_unfinished, "# FIXME", id="confession"),
        pytest.param(code_rules.nothing_is_patched, "from unittest.mock import patch", id="patch"),
        pytest.param(code_rules.nothing_is_patched, "from unittest import mock\nmock.patch('a.b')", id="mock.patch"),
        pytest.param(
            code_rules.nothing_is_patched, "import unittest.mock\nunittest.mock.patch.object(a, 'b')", id="in full"
        ),
        pytest.param(code_rules.nothing_is_patched, "def test(mocker): ...", id="plugin"),
        pytest.param(code_rules.whole_modules_are_read, "import sys\nsys.modules.get('a')", id="modules"),
    ],
)
def test_breach_is_found(tmp_path: Path, rule: Callable[[SourceFile], Found], text: str) -> None:
    _write(tmp_path, "lambdakit/server.py", text)

    assert len(violations(tmp_path, rule, _EVERYWHERE)) == 1


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        pytest.param(code_rules.file_is_short, "\n" * LINES_MAX, id="as long as allowed"),
        pytest.param(code_rules.names_say_something, "class Uncommon: ...", id="refused name within a word"),
        pytest.param(code_rules.nothing_sleeps, "clock.sleep(1)", id="the clock sleeps"),
        pytest.param(code_rules.nothing_prints, "console.print('x')", id="a console prints"),
        pytest.param(code_rules.modules_hold_no_state, "x = {1: 2}\ndef f():\n    return x[1]", id="a table is read"),
        pytest.param(code_rules.modules_hold_no_state, "def f():\n    x = []\n    x.append(1)", id="a local list"),
        pytest.param(code_rules.nothing_is_unfinished, "x = 'TODO'", id="text"),
        pytest.param(code_rules.nothing_is_patched, "http.patch('/orders')", id="an HTTP method"),
    ],
)
def test_what_is_allowed_is_left_alone(tmp_path: Path, rule: Callable[[SourceFile], Found], text: str) -> None:
    _write(tmp_path, "lambdakit/server.py", text)

    assert violations(tmp_path, rule, _EVERYWHERE) == []


@pytest.mark.parametrize("name", ["utils.py", "http_helpers.py", "common/server.py", "ManagerOfQueues.py"])
def test_refused_file_name_is_found(tmp_path: Path, name: str) -> None:
    _write(tmp_path, f"lambdakit/{name}", "")

    assert len(violations(tmp_path, code_rules.names_say_something, _EVERYWHERE)) == 1


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param("", True, id="empty"),
        pytest.param('"""What it is."""\n', True, id="docstring"),
        pytest.param('from lambdakit.a import b\n\n__all__ = ["b"]\n', True, id="re-export"),
        pytest.param("x = 1\n", False, id="constant"),
        pytest.param("def f(): ...\n", False, id="function"),
        pytest.param('import a\n\n"not a docstring"\n', False, id="text behind imports"),
    ],
)
def test_package_file_holds_nothing_but_exports(tmp_path: Path, text: str, allowed: bool) -> None:
    _write(tmp_path, "lambdakit/spec/__init__.py", text)

    assert (violations(tmp_path, code_rules.package_file_only_exports, _EVERYWHERE) == []) is allowed


def test_exception_holds_for_its_file_only(tmp_path: Path) -> None:
    _write(tmp_path, "lambdakit/clock.py", "import time\ntime.sleep(1)")
    _write(tmp_path, "lambdakit/spec/clock.py", "import time\ntime.sleep(1)")

    found = violations(tmp_path, code_rules.nothing_sleeps, RULES[code_rules.nothing_sleeps])

    assert [line.partition(":")[0] for line in found] == ["lambdakit/spec/clock.py"]


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
