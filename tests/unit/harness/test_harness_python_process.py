"""What a Python function may expect of the process it runs in, forked or not: its start, its surroundings, its end."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import pytest

from tests.fakes.function_host import FunctionHost, error_of, json_of, own_lines


class TestEnd:
    """Source: Python documentation, "sys.exit", "atexit" and "threading": what an interpreter does at its end."""

    def test_an_exit_says_its_text_waits_for_threads_and_runs_what_was_registered(self, host: FunctionHost) -> None:
        source = """
        import atexit, sys, threading

        leaving = threading.Event()
        atexit.register(print, "at exit")

        def last():
            leaving.wait()
            print("the thread is done")

        def handler(event, context):
            threading.Thread(target=last).start()
            threading.Timer(0.05, leaving.set).start()
            sys.exit("good bye")
        """

        result = host.invoke(host.function(source))

        assert error_of(result)["errorMessage"].endswith("Error: Runtime exited with error: exit status 1")
        assert own_lines(result) == ["good bye", "the thread is done", "at exit"]

    @pytest.mark.parametrize(
        ("raised", "last_line", "reason"),
        [
            ("Odd('so')", "app.Odd: so", "exit status 1"),
            ("Mute()", "RuntimeError: no text", "exit status 1"),
            ("KeyboardInterrupt", "KeyboardInterrupt", "signal: interrupt"),
        ],
    )
    def test_what_the_runtime_client_does_not_catch_is_traced_and_ends_the_process(
        self, host: FunctionHost, raised: str, last_line: str, reason: str
    ) -> None:
        source = f"""
        class Odd(BaseException): pass

        class Mute(Exception):
            def __str__(self): raise RuntimeError("no text")

        def handler(event, context):
            raise {raised}
        """

        result = host.invoke(host.function(source))

        assert error_of(result)["errorMessage"].endswith(f"Error: Runtime exited with error: {reason}")
        lines = own_lines(result)
        assert lines[0] == "Traceback (most recent call last):"
        assert lines[-1] == last_line

    def test_a_result_that_cannot_be_encoded_is_the_runtime_client_s_own_crash(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return chr(0xD800)")

        result = host.invoke(function)

        assert error_of(result)["errorType"] == "Runtime.ExitError"
        assert "surrogates not allowed" in own_lines(result)[-1]


class TestSurroundings:
    def test_the_time_zone_is_the_one_configured(self, host: FunctionHost) -> None:
        source = "import time\ndef handler(event, context): return [time.tzname[0], time.localtime(0).tm_hour]"

        configured = host.invoke(host.function(source, name="tokyo", environment={"TZ": "JST-9"}))
        default = host.invoke(host.function(source, name="utc"))

        assert json_of(configured) == ["JST", 9]
        assert json_of(default) == ["UTC", 0]

    @pytest.mark.parametrize("folder", ["", "lib"])
    def test_shared_libraries_of_the_package_are_found(self, host: FunctionHost, folder: str) -> None:
        """Source: AWS Lambda Developer Guide, "Working with Lambda environment variables", LD_LIBRARY_PATH."""
        function = host.function(
            "import ctypes\ndef handler(event, context): return bool(ctypes.CDLL('libown.so').cos)"
        )
        (function.code / folder).mkdir(exist_ok=True)
        shutil.copy(_mathematics(), function.code / folder / "libown.so")

        assert json_of(host.invoke(function)) is True

    def test_shared_libraries_of_a_layer_are_found(self, host: FunctionHost, tmp_path: Path) -> None:
        layer = tmp_path / "layer"
        (layer / "lib").mkdir(parents=True)
        shutil.copy(_mathematics(), layer / "lib/libown.so")
        source = "import ctypes\ndef handler(event, context): return bool(ctypes.CDLL('libown.so').cos)"

        assert json_of(host.invoke(host.function(source, layers=(layer,)))) is True

    def test_a_library_path_of_the_function_s_own_is_heeded(self, host: FunctionHost) -> None:
        if host.shares_pids:
            pytest.skip("without a sandbox `/var/task` is somewhere else")
        source = "import ctypes\ndef handler(event, context): return bool(ctypes.CDLL('libown.so').cos)"
        function = host.function(source, environment={"LD_LIBRARY_PATH": "/var/task/native"})
        (function.code / "native").mkdir()
        shutil.copy(_mathematics(), function.code / "native/libown.so")

        assert json_of(host.invoke(function)) is True

    def test_variables_that_an_interpreter_reads_when_it_starts_are_heeded(self, host: FunctionHost) -> None:
        if host.shares_pids:
            pytest.skip("without a sandbox the interpreter is isolated from variables")
        source = "import sys\ndef handler(event, context): return [sys.warnoptions, sys.flags.optimize]"
        function = host.function(source, environment={"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "1"})

        assert json_of(host.invoke(function)) == [["error"], 1]

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_processes_of_multiprocessing_start(self, host: FunctionHost, method: str) -> None:
        source = f"""
        import multiprocessing

        def answer(connection):
            connection.send("from the child")

        def handler(event, context):
            context = multiprocessing.get_context({method!r})
            ours, theirs = context.Pipe()
            child = context.Process(target=answer, args=(theirs,))
            child.start()
            theirs.close()
            return ours.recv()
        """

        assert json_of(host.invoke(host.function(source))) == "from the child"

    @pytest.mark.parametrize("module", ["glob", "boto3"])
    def test_a_module_of_the_package_stands_before_any_other(self, host: FunctionHost, module: str) -> None:
        """Source: AWS Lambda Developer Guide, "Working with .zip file archives for Python", search path."""
        function = host.function(f"import {module}\ndef handler(event, context): return {module}.whose")
        (function.code / f"{module}.py").write_text("whose = 'the package'")

        assert json_of(host.invoke(function)) == "the package"


def test_what_is_logged_at_once_is_one_log_event(host: FunctionHost) -> None:
    """Source: aws/aws-lambda-python-runtime-interface-client, `bootstrap.py`, `FramedTelemetryLogSink`."""
    source = """
    import logging

    def handler(event, context):
        try:
            1 / 0
        except ZeroDivisionError:
            logging.getLogger().exception("it failed")
        logging.getLogger().error("two\\nlines")
        print("printed\\napart")
        raise ValueError("first\\nsecond")
    """

    exception, error, *printed, raised = own_lines(host.invoke(host.function(source)))

    assert exception.startswith("[ERROR]\t")
    assert exception.splitlines()[1] == "Traceback (most recent call last):"
    assert exception.endswith("\nZeroDivisionError: division by zero")
    assert error.endswith("\ttwo\nlines")
    assert printed == ["printed", "apart"]
    assert raised.startswith("[ERROR] ValueError: first\nsecond\nTraceback (most recent call last):\n")


def _mathematics() -> Path:
    """The file of a shared library that every system has."""
    ctypes.CDLL("libm.so.6")
    maps = Path("/proc/self/maps").read_text().splitlines()
    return Path(next(line.split()[-1] for line in maps if "/libm.so" in line or "/libm-" in line))
