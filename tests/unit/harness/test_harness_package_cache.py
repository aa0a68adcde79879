"""Folders that are built once, and wheels that are installed into them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lambdakit.harness.runtime.interpreters import Interpreter, own_interpreter
from lambdakit.harness.runtime.package_cache import PackagesUnavailable, built_once, install
from tests.fakes.fake_wheels import use_only, use_unreachable_index, write_wheel


def _write(building: Path) -> None:
    (building / "file").write_text("content")


class TestBuiltOnce:
    def test_folder_is_built_the_first_time_only(self, tmp_path: Path) -> None:
        built: list[Path] = []

        def build(building: Path) -> None:
            built.append(building)
            _write(building)

        for _ in range(3):
            assert (built_once(tmp_path / "below/target", build) / "file").read_text() == "content"

        assert len(built) == 1

    def test_every_user_can_read_it(self, tmp_path: Path) -> None:
        assert built_once(tmp_path / "target", _write).stat().st_mode & 0o777 == 0o755

    def test_failure_leaves_nothing_and_the_next_try_succeeds(self, tmp_path: Path) -> None:
        def fail(building: Path) -> None:
            _write(building)
            raise PackagesUnavailable("no network")

        with pytest.raises(PackagesUnavailable, match="no network"):
            built_once(tmp_path / "target", fail)
        left = [path.name for path in tmp_path.iterdir() if path.is_dir()]

        assert left == []
        assert (built_once(tmp_path / "target", _write) / "file").exists()

    def test_what_a_killed_process_left_behind_is_removed(self, tmp_path: Path) -> None:
        (tmp_path / "target.abc.partial").mkdir()
        (tmp_path / "target.abc.partial/half").write_text("")

        built_once(tmp_path / "target", _write)

        assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["target"]

    def test_one_of_several_threads_builds_and_the_others_wait(self, tmp_path: Path) -> None:
        built: list[Path] = []
        everybody = threading.Barrier(4)
        found: list[str] = []

        def build(building: Path) -> None:
            built.append(building)
            _write(building)

        def want() -> None:
            everybody.wait()
            found.append((built_once(tmp_path / "target", build) / "file").read_text())

        threads = [threading.Thread(target=want) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert found == ["content"] * 4
        assert len(built) == 1

    def test_one_of_several_processes_builds(self, tmp_path: Path) -> None:
        script = (
            "import sys, pathlib\n"
            "from lambdakit.harness.runtime.package_cache import built_once\n"
            "def build(building):\n"
            "    with open(sys.argv[2], 'a') as log: log.write('x')\n"
            "    (building / 'file').write_text('content')\n"
            "built_once(pathlib.Path(sys.argv[1]), build)\n"
        )
        command = [sys.executable, "-c", script, str(tmp_path / "target"), str(tmp_path / "log")]

        running = [subprocess.Popen(command) for _ in range(3)]
        codes = [process.wait() for process in running]

        assert codes == [0, 0, 0]
        assert (tmp_path / "log").read_text() == "x"
        assert (tmp_path / "target/file").read_text() == "content"

    def test_folder_that_cannot_be_made_is_an_error_of_the_system(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("a file")

        with pytest.raises(OSError, match="cache"):
            built_once(tmp_path / "cache/target", _write)


@pytest.fixture
def interpreter() -> Interpreter:
    return own_interpreter()


class TestInstall:
    def test_wheel_and_what_it_requires_is_there_and_compiled(
        self, tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_wheel(tmp_path / "wheels", "small", "1.0", "py3-none-any", {"small/__init__.py": "VALUE = 1\n"})
        use_only(tmp_path / "wheels", monkeypatch)

        install(["small"], tmp_path / "target", interpreter, dependencies=True)

        assert (tmp_path / "target/small/__init__.py").read_text() == "VALUE = 1\n"
        assert list((tmp_path / "target/small/__pycache__").glob(f"*cpython-3{interpreter.minor}.pyc"))

    def test_wheel_for_another_python_is_refused_by_name(
        self, tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tag = f"cp3{interpreter.minor + 1}-cp3{interpreter.minor + 1}-any"
        write_wheel(tmp_path / "wheels", "small", "1.0", tag, {"small.py": ""})
        use_only(tmp_path / "wheels", monkeypatch)

        with pytest.raises(PackagesUnavailable, match=r"small==1\.0"):
            install(["small==1.0"], tmp_path / "target", interpreter, dependencies=False)

    def test_source_is_never_built(
        self, tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wheels = tmp_path / "wheels"
        use_only(wheels, monkeypatch)
        (wheels / "small-1.0.tar.gz").write_bytes(b"setup.py would run")

        with pytest.raises(PackagesUnavailable, match="small"):
            install(["small"], tmp_path / "target", interpreter, dependencies=False)

    def test_user_s_own_settings_for_pip_do_not_lead_elsewhere(
        self, tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_wheel(tmp_path / "wheels", "small", "1.0", "py3-none-any", {"small.py": ""})
        use_only(tmp_path / "wheels", monkeypatch)
        (tmp_path / "constraints.txt").write_text("small==2.0\n")
        monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
        monkeypatch.setenv("PIP_USER", "1")
        monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
        monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))

        install(["small"], tmp_path / "target", interpreter, dependencies=False)

        assert (tmp_path / "target/small.py").exists()
        assert not (tmp_path / "elsewhere").exists()

    def test_index_that_cannot_be_reached_is_the_reason_given(
        self, tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use_unreachable_index(monkeypatch)

        with pytest.raises(PackagesUnavailable, match=r"^the package index cannot be reached: .*refused"):
            install(["small"], tmp_path / "target", interpreter, dependencies=False)

    def test_interpreter_that_is_gone_is_the_reason_given(self, tmp_path: Path, interpreter: Interpreter) -> None:
        gone = dataclasses.replace(interpreter, executable=tmp_path / "python3.13")

        with pytest.raises(PackagesUnavailable, match=r"python3\.13 does not start: No such file"):
            install(["small"], tmp_path / "target", gone, dependencies=False)
