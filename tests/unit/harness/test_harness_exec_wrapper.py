"""Wrapper scripts of Python functions: on the host as it is and in a sandbox.

Source: AWS Lambda Developer Guide, "Modifying the runtime environment".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from tests.fakes.function_host import FunctionHost, error_of, json_of, own_lines

# The guide's own example, word for word but for its comments.
IMPORTTIME = """\
#!/bin/bash
args=("$@")
extra_args=("-X" "importtime")
args=("${args[@]:0:$#-1}" "${extra_args[@]}" "${args[@]: -1}")
exec "${args[@]}"
"""
EXPORTS = '#!/bin/sh\nexport FOO=bar\nexec "$@"\n'
IN_PYTHON = """\
#!/usr/bin/env python3
import os, sys
os.execv(sys.argv[1], [*sys.argv[1:-1], "-X", "importtime", sys.argv[-1]])
"""
ANSWERS = """
import os, sys

def handler(event, context):
    return {"event": event, "foo": os.environ.get("FOO"), "options": sorted(sys._xoptions)}
"""


def _wrapped(
    host: FunctionHost, wrapper: str | None, source: str = ANSWERS, *, mode: int = 0o755, **settings: Any
) -> FunctionConfiguration:
    settings.setdefault("environment", {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"})
    function = host.function(source, **settings)
    if wrapper is not None:
        script = function.code / "wrapper"
        script.write_text(wrapper)
        script.chmod(mode)
    return function


def test_what_it_exports_is_the_function_s(host: FunctionHost) -> None:
    function = _wrapped(host, EXPORTS)

    first, second = (json_of(host.invoke(function, number)) for number in (1, 2))

    assert (first["event"], first["foo"]) == (1, "bar")
    assert (second["event"], second["foo"]) == (2, "bar")


@pytest.mark.parametrize("wrapper", [IMPORTTIME, IN_PYTHON], ids=["bash", "python"])
def test_it_may_add_options_of_the_interpreter_before_the_last_argument(host: FunctionHost, wrapper: str) -> None:
    function = _wrapped(host, wrapper)

    result = host.invoke(function)

    assert json_of(result)["options"] == ["importtime"]
    assert any("import time:" in line and "awslambdaric" in line for line in own_lines(result))


def test_it_may_lie_in_a_layer(host: FunctionHost, tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    (layer / "bin").mkdir(parents=True)
    (layer / "bin" / "wrapper").write_text(EXPORTS)
    (layer / "bin" / "wrapper").chmod(0o755)
    function = _wrapped(host, None, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bin/wrapper"}, layers=(layer,))

    assert json_of(host.invoke(function))["foo"] == "bar"


def test_it_is_given_the_interpreter_and_the_runtime_s_script(host: FunctionHost) -> None:
    function = _wrapped(
        host, '#!/bin/sh\nexport FOO="$# $1 ${0##*/}"\nfor last; do :; done\nFOO="$FOO $last" exec "$@"\n'
    )

    words = json_of(host.invoke(function))["foo"].split()

    assert "python3" in words[1]
    assert words[2] == "wrapper"
    assert words[3].endswith("bootstrap.py")
    if not host.shares_pids:
        assert words == ["2", words[1], "wrapper", "/var/runtime/bootstrap.py"]
        assert words[1].startswith("/var/lang/bin/")


def test_the_search_path_is_that_of_a_function_without_one(host: FunctionHost, tmp_path: Path) -> None:
    source = """
    import os, sys

    def handler(event, context):
        import boto3
        root = os.environ["LAMBDA_TASK_ROOT"]
        path = [entry for entry in sys.path if entry]
        return [path[0] == root, os.getcwd() == root, path, sys.argv, os.environ["PYTHONPATH"]]
    """
    layer = tmp_path / "layer"
    (layer / "python").mkdir(parents=True)
    plain = host.function(source, name="wrapped", layers=(layer,))
    function = _wrapped(host, EXPORTS, source, name="wrapped", layers=(layer,))

    expected, seen = json_of(host.invoke(plain)), json_of(host.invoke(function))

    assert seen[:2] == [True, True]
    assert set(seen[2]) == set(expected[2])
    assert seen[2][: len(expected[2]) // 2] == expected[2][: len(expected[2]) // 2]
    assert seen[3:] == expected[3:]


@pytest.mark.parametrize("name", ["pytest", "moto", "lambdakit", "pip", "setuptools", "hypothesis"])
def test_nothing_of_the_surroundings_can_be_imported(host: FunctionHost, name: str) -> None:
    source = f"""
    import importlib.util

    def handler(event, context):
        return importlib.util.find_spec("{name}") is not None
    """
    function = _wrapped(host, EXPORTS, source)

    assert json_of(host.invoke(function)) is False


def test_a_tool_that_starts_by_its_own_sitecustomize_starts(host: FunctionHost) -> None:
    """How agents for tracing come in: the wrapper puts a directory on PYTHONPATH."""
    function = _wrapped(
        host,
        '#!/bin/sh\nexport PYTHONPATH="$(dirname "$0")/tool:$PYTHONPATH"\nexec "$@"\n',
        "def handler(event, context): return STARTED",
    )
    (function.code / "tool").mkdir()
    (function.code / "tool" / "sitecustomize.py").write_text("import builtins; builtins.STARTED = 'by the tool'")

    assert json_of(host.invoke(function)) == "by the tool"


def test_the_function_sees_no_variable_of_the_harness_s(host: FunctionHost) -> None:
    function = _wrapped(host, EXPORTS, "import os\ndef handler(event, context): return sorted(os.environ)")

    assert not [name for name in json_of(host.invoke(function)) if "LAMBDAKIT" in name]


def test_it_may_name_another_handler(host: FunctionHost) -> None:
    function = _wrapped(
        host,
        '#!/bin/sh\nexport ORIGINAL="$_HANDLER" _HANDLER=app.instrumented\nexec "$@"\n',
        """
        import os

        def handler(event, context):
            return "plain"

        def instrumented(event, context):
            return [os.environ["ORIGINAL"], handler(event, context)]
        """,
    )

    assert json_of(host.invoke(function)) == ["app.handler", "plain"]


@pytest.mark.parametrize(
    ("wrapper", "mode", "status", "reason"),
    [
        (None, 0, 127, "/wrapper: does not exist"),
        (EXPORTS, 0o644, 126, "/wrapper: is not an executable"),
        ("#!/bin/sh\nexit 3\n", 0o755, 3, ""),
        ('#!/no/such/shell\nexec "$@"\n', 0o755, None, ""),
    ],
    ids=["missing", "not-executable", "exits", "no-interpreter"],
)
def test_one_that_does_not_start_the_runtime_is_an_exit(
    host: FunctionHost, wrapper: str | None, mode: int, status: int | None, reason: str
) -> None:
    """Statuses and texts: the script /var/runtime/bootstrap of AWS's base images."""
    function = _wrapped(host, wrapper, mode=mode)

    result = host.invoke(function)

    error = error_of(result)
    assert error["errorType"] == "Runtime.ExitError"
    assert f"exit status {'' if status is None else status}" in error["errorMessage"]
    assert any(line.endswith(reason) for line in result.log)


def test_a_wrapped_function_fails_and_is_limited_as_any_other(host: FunctionHost) -> None:
    source = """
    import resource

    def handler(event, context):
        if event == "limit":
            return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        raise LookupError("no")
    """
    function = _wrapped(host, EXPORTS, source)

    assert json_of(host.invoke(function, "limit")) <= 1024
    error = error_of(host.invoke(function))
    assert (error["errorType"], error["errorMessage"]) == ("LookupError", "no")


def test_an_os_only_runtime_has_none(host: FunctionHost) -> None:
    function = _wrapped(host, None, runtime="provided.al2023")
    (function.code / "bootstrap").write_text("#!/bin/sh\nexit 9\n")
    (function.code / "bootstrap").chmod(0o755)

    assert error_of(host.invoke(function))["errorMessage"].endswith("exit status 9")
