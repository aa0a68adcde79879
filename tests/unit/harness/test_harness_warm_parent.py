"""What forked environments have from their parent, and what they must not have."""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from pathlib import Path

import pytest

from lambdakit.harness.runtime import process_tree
from lambdakit.harness.runtime.random_ids import random_hex, random_uuid
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from lambdakit.harness.runtime.zygote import ForkedProcess, Zygote
from tests.fakes.function_host import FunctionHost, json_of
from tests.fakes.waiting import wait_for_exit, wait_until


def _waiting_children() -> list[int]:
    """The processes that were forked ahead: those of the parents that have started nothing."""
    below = process_tree.descendants(os.getpid())
    return [
        pid
        for pid in below
        if b"zygote" in Path(f"/proc/{pid}/cmdline").read_bytes() and not process_tree.children(pid)
    ]


def test_an_environment_starts_after_the_process_made_ahead_for_it_was_killed(sandboxed: FunctionHost) -> None:
    function = sandboxed.function("def handler(event, context): return event")
    sandboxed.invoke(function, 1)
    sandboxed.pool.retire(function.arn, reason="updated")
    ahead = _waiting_children()
    for pid in ahead:
        os.kill(pid, signal.SIGKILL)
        wait_for_exit(pid)

    result = sandboxed.invoke(function, 2)

    assert ahead
    assert json_of(result) == 2


def test_an_answer_that_comes_too_late_is_no_other_environments(
    forking: object, runtimes: Runtimes, tmp_path: Path
) -> None:
    if isinstance(forking, str):
        pytest.skip(forking)
    before = set(process_tree.descendants(os.getpid()))

    with contextlib.closing(Zygote(runtimes.own_interpreter, preload="nothing", patience_seconds=1.5)) as zygote:
        started = [pid for pid in process_tree.descendants(os.getpid()) if pid not in before]
        parent = next(pid for pid in started if b"zygote.py" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(parent, signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            zygote.fork(_idle("late", tmp_path), [9001])
        os.kill(parent, signal.SIGCONT)
        process, listeners = zygote.fork(_idle("asked", tmp_path), [9001])

        wait_until(lambda: _variables_of(process) == [b"NAME=asked\0"], "it is another environment")
        process.kill()

    listeners[0].close()


def test_an_environment_that_could_not_be_made_leaves_no_tmp(
    forking: object, runtimes: Runtimes, tmp_path: Path
) -> None:
    if isinstance(forking, str):
        pytest.skip(forking)
    before = set(process_tree.descendants(os.getpid()))

    with contextlib.closing(Zygote(runtimes.own_interpreter, preload="nothing")) as zygote:
        started = [pid for pid in process_tree.descendants(os.getpid()) if pid not in before]
        parent = next(pid for pid in started if b"zygote.py" in Path(f"/proc/{pid}/cmdline").read_bytes())
        slots = Path(f"/proc/{parent}/root/.slots")
        with pytest.raises(OSError):  # by the parent
            zygote.fork({**_idle("size", tmp_path), "tmp_mib": "no"}, [9001])
        with pytest.raises(OSError):  # by its own process, once it has a /tmp
            zygote.fork(_idle("twice", tmp_path), [9001, 9001])
        process, listeners = zygote.fork(_idle("whole", tmp_path), [9001])
        wait_until(
            lambda: [slot.name for slot in slots.iterdir()] == ["whole"],
            lambda: f"a broken one has a /tmp: {list(slots.iterdir())}",
        )
        process.kill()
        with pytest.raises(OSError):
            zygote.fork(_idle("whole", tmp_path), [9001, 9001])
        again, others = zygote.fork(_idle("again", tmp_path), [9001])

        wait_until(lambda: sorted(slot.name for slot in slots.iterdir()) == ["again", "whole"], "one is gone")
        again.kill()

    for listener in (*listeners, *others):
        listener.close()


def _variables_of(process: ForkedProcess) -> list[bytes]:
    return [Path(f"/proc/{pid}/environ").read_bytes() for pid in process.members()]


def _idle(name: str, code: Path) -> dict[str, object]:
    """What an environment is made of that does nothing."""
    return {
        "slot": name,
        "tmp_mib": 512,
        "binds": [[str(code), "/var/task"]],
        "directory": "/",
        "variables": {"NAME": name},
        "extensions": [],
        "connectors": 0,
        "relays": None,
        "file_systems": [],
        "listens_on": "127.0.0.1",
        "command": ["/usr/bin/sleep", "60"],
    }


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_of_the_functions_is_heeded(sandboxed: FunctionHost, name: str) -> None:
    source = """
    import boto3, botocore.exceptions
    def handler(event, context):
        try:
            boto3.client("sqs")
        except botocore.exceptions.ProfileNotFound as missing:
            return str(missing)
    """
    function = sandboxed.function(source, environment={name: "nobody"})

    assert json_of(sandboxed.invoke(function)) == "The config profile (nobody) could not be found"


def test_the_default_session_has_the_functions_own_region_and_credentials(sandboxed: FunctionHost) -> None:
    source = """
    import os
    import boto3
    def handler(event, context):
        session = boto3.client("sqs")
        key = boto3.DEFAULT_SESSION.get_credentials().access_key
        return [session.meta.region_name, key == os.environ["AWS_ACCESS_KEY_ID"]]
    """
    function = sandboxed.function(source)

    assert json_of(sandboxed.invoke(function)) == ["us-east-1", True]


def test_ids_are_of_the_form_that_they_stand_for() -> None:
    made = [random_uuid() for _ in range(1000)]

    assert {uuid.UUID(text).version for text in made} == {4}
    assert {uuid.UUID(text).variant for text in made} == {uuid.RFC_4122}
    assert len(set(made)) == len(made)
    assert {len(random_hex(digits)) for digits in (24, 24, 24)} == {24}
