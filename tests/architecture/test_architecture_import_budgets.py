"""What importing costs, measured where it is paid: in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

import pytest

_BUDGET_MS: Final = 50.0
_RUNS: Final = 5

_CDK: Final = ("aws_cdk", "jsii")
_HARNESS: Final = ("moto", "flask")
_EVERYTHING_HEAVY: Final = (*_CDK, *_HARNESS, "boto3", "botocore", "pydantic", "httpx", "typer", "rich")

_PATTERN: Final = Path(__file__).parents[2] / "patterns" / "api_backend" / "lambdakit.yaml"
_COMMAND: Final = """
import contextlib, io, sys
sys.argv = ["lambdakit", *{arguments!r}]
from lambdakit.cli import main
with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.suppress(SystemExit):
    main()
assert ": valid" in text.getvalue(), text.getvalue()
"""
_VALIDATE: Final = _COMMAND.format(arguments=("validate", str(_PATTERN)))
# What no document can be validated without, and a model.
_VALIDATE_FLOOR: Final = """
import ruamel.yaml, typer
from pydantic import BaseModel
class Model(BaseModel):
    field: int
"""
_VALIDATE_RATIO_MAX: Final = 6
_COUNTED: Final = """
import sys
calls = 0
def count(frame, event, argument):
    global calls
    calls += event == "call"
sys.setprofile(count)
{program}
sys.setprofile(None)
print(calls)
"""

_HELP: Final = """
import contextlib, io, sys
sys.argv = ["lambdakit", "--help"]
from lambdakit.cli import main
with contextlib.redirect_stdout(io.StringIO()) as help_text, contextlib.suppress(SystemExit):
    main()
assert "validate" in help_text.getvalue()
"""


@pytest.mark.parametrize(
    ("program", "refused"),
    [
        pytest.param("import lambdakit", _EVERYTHING_HEAVY, id="package"),
        pytest.param(_HELP, (*_CDK, *_HARNESS), id="help"),
        pytest.param(
            _VALIDATE,
            (
                *_CDK,
                *_HARNESS,
                "boto3",
                "botocore",
                "httpx",
                "rich",
                "jsonschema",
                "asyncio",
                "lambdakit.arn",
                "lambdakit.assembly",
                "lambdakit.cli.diagnostic_formats",
                "lambdakit.cli.explanations",
                "lambdakit.compiler",
                "lambdakit.constructs",
                "lambdakit.harness",
                "lambdakit.session",
            ),
            id="validate",
        ),
        pytest.param(
            "import lambdakit.pytest_plugin", (*_CDK, *_HARNESS, "boto3", "botocore", "pydantic"), id="pytest plugin"
        ),
        pytest.param("from lambdakit import Harness", (*_CDK, *_HARNESS, "pydantic"), id="caller's side"),
        pytest.param("from lambdakit import LambdaFunction", (*_HARNESS, "boto3", "pydantic"), id="constructs"),
        pytest.param("import lambdakit.compiler.synthesize", (*_CDK, *_HARNESS, "boto3"), id="compiler's parent side"),
        pytest.param(
            # moto and boto3 come in behind its back, once it answers.
            "import lambdakit.harness.server",
            (
                *_CDK,
                *_HARNESS,
                "constructs",
                "pydantic",
                "typer",
                "rich",
                "boto3",
                "botocore.auth",
                "urllib3",
                "dateutil",
            ),
            id="harness",
        ),
    ],
)
def test_import_loads_only_what_it_needs(program: str, refused: Collection[str]) -> None:
    loaded = _run(f"{program}\nimport sys\nprint(*sys.modules)").split()

    assert {module for module in loaded if module in refused} == set()


def test_refused_module_is_found() -> None:
    loaded = _run("import pydantic, sys\nprint(*sys.modules)").split()

    assert "pydantic" in loaded


def test_import_of_the_package_is_within_its_budget() -> None:
    # Of the processor: how long others keep it busy is nothing that the package could mend.
    program = "import time\nbefore = time.process_time()\nimport lambdakit\nprint(time.process_time() - before)"

    milliseconds = [float(_run(program)) * 1000 for _ in range(_RUNS)]

    # The best of several: a busy machine makes an import slower, never faster.
    assert min(milliseconds) < _BUDGET_MS, milliseconds


def test_validating_calls_a_few_times_as_much_as_its_libraries() -> None:
    # Calls are counted, not seconds: they are the same on a busy machine.
    floor, validating = (int(_run(_COUNTED.format(program=program))) for program in (_VALIDATE_FLOOR, _VALIDATE))

    assert validating < _VALIDATE_RATIO_MAX * floor, (validating, floor)


def test_no_empty_list_is_made_by_list_itself() -> None:
    # pydantic reads the signature of each factory, which takes it 20 times as long for `list` as for a lambda.
    texts = {path.name: path.read_text() for path in (Path(__file__).parents[2] / "lambdakit" / "spec").rglob("*.py")}

    models = {name: text for name, text in texts.items() if "from pydantic import" in text}
    assert [name for name, text in models.items() if "default_factory=list" in text] == []


def test_modules_of_models_have_annotations_that_need_no_evaluation() -> None:
    # Those that are texts pydantic compiles and evaluates one by one: a tenth of what validating a document takes.
    texts = {path.name: path.read_text() for path in (Path(__file__).parents[2] / "lambdakit" / "spec").rglob("*.py")}

    models = {name: text for name, text in texts.items() if "(Model):" in text and name != "model.py"}
    assert len(models) > 20
    assert [name for name, text in models.items() if "from __future__ import annotations" in text] == []


def test_validating_looks_for_no_plugins_of_pydantic() -> None:
    # They are read from the metadata of every installed package.
    refuse = "import importlib.metadata\ndef refuse(**group): raise AssertionError(group)\n"

    _run(f"{refuse}importlib.metadata.entry_points = refuse\n{_VALIDATE}")


def _run(program: str) -> str:
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    return child.stdout
