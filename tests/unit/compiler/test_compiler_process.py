from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path

import pytest

from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

DEADLINE_SECONDS = 60.0


def in_group(group: int) -> set[int]:
    """The process ids of a process group, from the fifth field of each process's stat."""
    members = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                members.add(int(process.name))
    return members


def wait_for_end(pid: int) -> None:
    """Waits until a process that is not ours has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        readable, _, _ = select.select([handle], [], [], DEADLINE_SECONDS)
        assert readable, f"process {pid} is still there after {DEADLINE_SECONDS:g} seconds"
    finally:
        os.close(handle)


def test_a_child_that_died_is_replaced(document: Path, tmp_path: Path, children: Callable[[], set[int]]) -> None:
    before = children()
    with Compiler(validation=False, cache_directory=tmp_path / "cache") as compiler:
        compiler.start().result(timeout=DEADLINE_SECONDS)
        (child,) = children() - before
        os.kill(child, signal.SIGKILL)

        assembly = compiler.synthesize(document)

        assert (assembly / "shop.template.json").is_file()
        assert children() - before - {child}


def test_a_home_directory_that_cannot_be_is_no_obstacle(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with Compiler(validation=False) as compiler:
        assert (compiler.synthesize(document) / "shop.template.json").is_file()


def test_the_first_document_waits_for_no_other_synthesis(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with Compiler(validation=False, cache_directory=tmp_path / "cache") as compiler:
        compiler.synthesize(document)

        assert list(tmp_path.glob("tmp/*/warm-up")) == []


def test_a_compiler_that_is_started_warms_up_once(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with Compiler(validation=False, cache_directory=tmp_path / "cache") as compiler:
        compiler.start()
        compiler.start().result(timeout=DEADLINE_SECONDS)

        assert len(list(tmp_path.glob("tmp/*/warm-up/assembly/manifest.json"))) == 1
        assert (compiler.synthesize(document) / "shop.template.json").is_file()


def test_a_compiler_that_is_closed_as_it_warms_up_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Callable[[], set[int]]
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    before = children()
    compiler = Compiler(validation=False, cache_directory=tmp_path / "cache")
    started = compiler.start()

    compiler.close()

    wait([started], timeout=DEADLINE_SECONDS)
    assert started.done()
    assert children() == before
    assert list((tmp_path / "tmp").iterdir()) == []


ENVIRONMENT = """
import os, tempfile
from pathlib import Path
from lambdakit.compiler.child_environment import child_variables
os.environ |= child_variables(os.environ, temporary_directory=Path(tempfile.gettempdir()))
"""
ASKED = f"""{ENVIRONMENT}
from jsii._kernel.providers.process import _NodeProcess
import aws_cdk
def refuse(self, request, response):
    raise AssertionError("asked for", request)
_NodeProcess.send = refuse
import lambdakit.compiler.compile
import lambdakit.spec.document
"""


def test_nothing_is_asked_of_node_as_modules_are_imported() -> None:
    # Another thread talks to it meanwhile, for as long as a second, and would have to be waited for.
    asked = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS
    )

    assert asked.returncode == 0, asked.stderr


TWO_THREADS = f"""{ENVIRONMENT}
import threading
from lambdakit.compiler.loading import load
wrong = []
def ask():
    from aws_cdk import Aws
    for _ in range(300):
        answers = [Aws.REGION, Aws.PARTITION]
        if not ("AWS.Region" in answers[0] and "AWS.Partition" in answers[1]):
            wrong.append(answers)
other = threading.Thread(target=ask, daemon=True)
with tempfile.TemporaryDirectory() as directory:
    other.start()
    load(Path(directory) / "loading", validation=False)
    other.join()
    assert wrong == [], wrong[0]
    assert (Path(directory) / "loading" / "manifest.json").is_file()
"""


def test_threads_that_ask_node_as_it_loads_get_each_its_own_answers() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TWO_THREADS], capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS
    )

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_child_that_keeps_dying_is_a_plain_error(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import os, sys\nsys.stderr.write('no room\\n')\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))

    with Compiler(validation=False, cache_directory=tmp_path / "cache") as compiler:
        with pytest.raises(SynthesisError) as caught:
            compiler.synthesize(document)

    (found,) = caught.value.diagnostics
    assert (found.code, found.problem) == ("LK430", "the process that runs the CDK died twice: no room")


def test_what_is_printed_in_the_child_does_not_disturb_it(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import os\nprint('hello')\nos.write(1, b'[1]\\n')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))

    with Compiler(validation=False, cache_directory=tmp_path / "cache") as compiler:
        assembly = compiler.synthesize(document)

        assert (assembly / "shop.template.json").is_file()


def test_closing_leaves_no_process_and_no_file(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Callable[[], set[int]]
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    before = children()
    compiler = Compiler(validation=False, cache_directory=tmp_path / "cache")
    compiler.synthesize(document)
    (child,) = children() - before
    assert len(in_group(child)) > 1

    compiler.close()
    compiler.close()

    assert in_group(child) == set()
    assert list((tmp_path / "tmp").iterdir()) == []


SESSION = """
import sys
from pathlib import Path
from lambdakit.compiler.synthesize import Compiler
with Compiler(validation=False, cache_directory=Path(sys.argv[2])) as compiler:
    compiler.start().result()
    print("running", flush=True)
    while True:
        compiler.synthesize(Path(sys.argv[1]))
        Path(sys.argv[1]).with_name("code").joinpath("app.py").open("a").write("x = 1\\n")
"""


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "killed"])
def test_nothing_is_left_when_the_session_ends(document: Path, tmp_path: Path, signal_number: int) -> None:
    (tmp_path / "tmp").mkdir()
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(document), str(tmp_path / "cache")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        start_new_session=True,
    )
    with session:
        assert session.stdout is not None
        session.stdout.readline()
        (child,) = map(int, _children(session))
        session.send_signal(signal_number)
        session.wait(timeout=DEADLINE_SECONDS)
        wait_for_end(child)

    assert in_group(child) == set()
    assert list((tmp_path / "tmp").iterdir()) == []


def _children(session: subprocess.Popen[bytes]) -> list[str]:
    # A child belongs to the thread that started it.
    tasks = Path(f"/proc/{session.pid}/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]


def test_the_parents_side_loads_nothing_of_the_cdk() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, lambdakit.compiler.synthesize; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE_SECONDS,
    ).stdout.split()

    assert {"aws_cdk", "constructs", "jsii"} & set(loaded) == set()
