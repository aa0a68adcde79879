"""Durable functions that take AWS's SDK from their runtime, and what does not.

Source: AWS Lambda Developer Guide, "Supported runtimes for durable functions", "Lambda managed runtimes".
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests.fakes.durable_functions import DurableRuns
from tests.fakes.lambda_api import ROLE
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-durable-runtime")

IMPORTS = "import aws_durable_execution_sdk_python as sdk\n"
DURABLE = """
@sdk.durable_execution
def handler(event, context):
    return context.step(lambda step: event["given"] * 2, name="double")
"""
WHERE = """
def handler(event, context):
    return [sdk.__file__, getattr(sdk, "MINE", "")]
"""


def _create(client: Any, name: str, files: dict[str, str], **settings: Any) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    code = {"ZipFile": buffer.getvalue()}
    given = {"Runtime": "python3.13", "Handler": "app.handler", "Timeout": 60, "Publish": True, **settings}
    client.create_function(FunctionName=name, Role=ROLE, Code=code, **given)


def test_durable_function_without_the_sdk_runs_with_the_runtime_s(harness: WiredHarness) -> None:
    durable = {"DurableConfig": {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1}}
    _create(harness.aws("lambda"), "durable", {"app.py": IMPORTS + DURABLE}, **durable)
    runs = DurableRuns(harness, "durable")

    arn = runs.start(given=21)

    assert runs.result(arn) == 42


def test_every_function_finds_it_there(harness: WiredHarness) -> None:
    files = {"app.py": "from flows import sdk\n" + WHERE, "flows/__init__.py": IMPORTS}
    _create(harness.aws("lambda"), "plain", files)

    assert harness.invoke("plain").json() == ["/var/runtime/aws_durable_execution_sdk_python/__init__.py", ""]


def test_package_s_own_comes_first(harness: WiredHarness) -> None:
    own = {"app.py": IMPORTS + WHERE, "aws_durable_execution_sdk_python/__init__.py": "MINE = 'mine'\n"}
    _create(harness.aws("lambda"), "own", own)

    assert harness.invoke("own").json() == ["/var/task/aws_durable_execution_sdk_python/__init__.py", "mine"]


def test_older_runtimes_do_not_have_it(harness: WiredHarness) -> None:
    _create(harness.aws("lambda"), "older", {"app.py": IMPORTS + WHERE}, Runtime="python3.12")

    assert harness.invoke("older").json()["errorType"] == "Runtime.ImportModuleError"
