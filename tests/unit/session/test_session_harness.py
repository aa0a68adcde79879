"""The public class against a real process that speaks the protocol and deploys nothing."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from lambdakit.errors import HarnessError
from lambdakit.session.harness import Harness
from tests.fakes.fake_assembly import fake_harness, write_assembly


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _pid_at(port: int) -> int:
    """The process that listens on a loopback port, by the socket's inode."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = [str(link.readlink()) for link in (process / "fd").iterdir()]
        except OSError:
            continue
        if f"socket:[{inode}]" in links:
            return int(process.name)
    raise AssertionError(f"nothing listens on {port}")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"account_id": "12345678901"}, "account_id: '12345678901' is no account id: a string of 12 digits [LK502]"),
        ({"account_id": "1234567890123"}, "account_id: '1234567890123' is no account id"),
        ({"account_id": "12345678901a"}, "account_id: '12345678901a' is no account id"),
        ({"account_id": 123456789012}, "account_id: 123456789012 is no account id"),
        ({"region": "us-east"}, "region: 'us-east' does not name an AWS region"),
        ({"region": "../etc"}, "region: '../etc' does not name an AWS region"),
        ({"enforce_iam": "yes"}, 'enforce_iam: \'yes\' is not one of "on", "strict", "off"'),
        ({"sandbox": "on"}, 'sandbox: \'on\' is not one of "auto", "off"'),
        ({"unsupported": "ignore"}, "unsupported: 'ignore' is not one of"),
        ({"seed": "7"}, "seed: '7' is no seed: a whole number"),
        ({"seed": True}, "seed: True is no seed: a whole number"),
        ({"port": -1}, "port: -1 is no port"),
        ({"port": 65_536}, "port: 65536 is no port"),
        ({"port": True}, "port: True is no port"),
    ],
)
def test_wrong_option_is_refused_with_its_value_and_what_is_allowed(options: dict[str, object], problem: str) -> None:
    with pytest.raises(HarnessError) as refusal:
        Harness(**options)  # type: ignore[arg-type]  # wrong on purpose

    assert problem in str(refusal.value)


def test_every_wrong_option_is_named_at_once() -> None:
    with pytest.raises(HarnessError) as refusal:
        Harness(account_id="1", region="mars", sandbox="on")  # type: ignore[arg-type]  # wrong on purpose

    assert [diagnostic.pointer for diagnostic in refusal.value.diagnostics] == ["account_id", "region", "sandbox"]


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-7", "cn-north-1"])
def test_region_of_any_partition_is_accepted(region: str) -> None:
    assert Harness(region=region).region == region


@pytest.mark.parametrize(
    "options", [{"enforce_iam": "on"}, {"enforce_iam": "strict"}, {"enforce_network": "on"}], ids=str
)
def test_guards_can_be_chosen(options: dict[str, str]) -> None:
    Harness(**options)  # type: ignore[arg-type]  # mypy cannot match the keys of a dictionary


def test_process_is_gone_after_the_block() -> None:
    with fake_harness() as harness:
        pid = _pid_at(int(harness.endpoint_url.rsplit(":", 1)[1]))
        assert _process_exists(pid)

    assert not _process_exists(pid)


def test_process_is_gone_after_an_exception_in_the_block() -> None:
    pids = []

    with pytest.raises(KeyboardInterrupt), fake_harness() as harness:
        pids.append(_pid_at(int(harness.endpoint_url.rsplit(":", 1)[1])))
        raise KeyboardInterrupt

    assert not _process_exists(pids[0])


def test_no_thread_or_file_descriptor_is_left_after_close() -> None:
    with fake_harness() as warm:
        assert warm.endpoint_url
    threads, descriptors = threading.enumerate(), _descriptors()

    with fake_harness() as harness:
        assert harness.trace.events == ()

    assert threading.enumerate() == threads
    assert _descriptors() == descriptors


def test_close_may_be_repeated_and_nothing_works_afterwards() -> None:
    harness = fake_harness().start()

    harness.close()
    harness.close()

    with pytest.raises(HarnessError, match="the harness is closed"):
        harness.deploy("anything")
    with pytest.raises(HarnessError, match="the harness is closed"):
        harness.start()


def test_harness_works_without_a_block() -> None:
    harness = fake_harness()
    try:
        assert harness.endpoint_url.startswith("http://127.0.0.1:")
    finally:
        harness.close()


@pytest.mark.parametrize(
    "ending",
    ["pass", "sys.exit(4)", "raise RuntimeError('a bug')", "os._exit(5)", "os.kill(os.getpid(), signal.SIGKILL)"],
)
def test_process_never_outlives_the_caller(ending: str, tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import os, signal, sys
        from tests.fakes.fake_assembly import fake_harness
        harness = fake_harness()
        print(harness.endpoint_url.rsplit(":", 1)[1], flush=True)
        sys.stdin.readline()
        {ending}
    """)
    caller = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
        text=True,
    )
    assert caller.stdout is not None
    harness_pid = _pid_at(int(caller.stdout.readline()))
    handle = os.pidfd_open(harness_pid)

    caller.communicate("\n", timeout=20)

    # A pidfd becomes readable when its process has ended.
    assert select.select([handle], [], [], 10)[0]
    os.close(handle)


def test_start_failure_carries_the_refusal_of_the_process() -> None:
    with pytest.raises(HarnessError) as refusal, fake_harness(region="xx-refuse-1") as harness:
        assert harness.endpoint_url

    assert str(refusal.value) == "port 80 is in use [LK542]\n  hint: choose another"


def test_crash_at_start_carries_the_last_lines_of_stderr() -> None:
    with pytest.raises(HarnessError, match="ended with exit status 1 before it was ready") as crash:
        with fake_harness(region="xx-crash-1") as harness:
            assert harness.endpoint_url

    assert "the machine is on fire" in str(crash.value)


def test_answer_that_is_none_is_shown() -> None:
    with pytest.raises(HarnessError, match="did not say that it is ready, but 'good morning"):
        with fake_harness(region="xx-mute-1") as harness:
            assert harness.endpoint_url


def test_fixed_port_in_use_is_an_error_of_the_start() -> None:
    with fake_harness() as other:
        port = int(other.endpoint_url.rsplit(":", 1)[1])

        with pytest.raises(HarnessError, match="Address already in use"):
            fake_harness(port=port).start()


def test_crash_in_use_is_said_with_its_exit_status(tmp_path: Path) -> None:
    with fake_harness() as harness:
        deployment = harness.deploy(write_assembly(tmp_path / "a", functions={}))
        os.kill(_pid_at(int(harness.endpoint_url.rsplit(":", 1)[1])), 9)

        with pytest.raises(HarnessError, match="the harness's process ended with signal 9 while it was in use"):
            deployment.reset()


def test_environment_of_the_process_has_nothing_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("LAMBDAKIT_SOMETHING", "kept")

    with fake_harness() as harness:
        pid = _pid_at(int(harness.endpoint_url.rsplit(":", 1)[1]))
        variables = dict(
            line.split("=", 1) for line in Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in line
        )

    assert not [name for name in variables if name.startswith("AWS_")]
    assert "HTTPS_PROXY" not in variables
    assert variables["LAMBDAKIT_SOMETHING"] == "kept"
    assert variables["PATH"] == os.environ["PATH"]


def test_environment_for_other_processes_names_endpoint_and_administrator() -> None:
    with fake_harness(region="eu-central-1") as harness:
        environment = harness.environment

        assert environment["AWS_ENDPOINT_URL"] == harness.endpoint_url
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_frozen_time_of_the_caller_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: 1_000_000_000.0)

    with fake_harness() as harness:
        assembly = write_assembly(tmp_path / "a", functions={"shop-late": "shop/late/Resource"})
        result = harness.deploy(assembly).function("late").invoke({})

        assert result.duration_ms == 12.3
        pid = _pid_at(int(harness.endpoint_url.rsplit(":", 1)[1]))
    assert not _process_exists(pid)


def test_two_harnesses_of_one_account_are_two_processes() -> None:
    with fake_harness() as one, fake_harness() as other:
        assert one.account_id == other.account_id
        assert one.endpoint_url != other.endpoint_url


def test_importing_the_class_loads_neither_boto3_nor_httpx_nor_moto() -> None:
    code = "import sys, lambdakit.session.harness; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["aws_cdk", "jsii", "boto3", "botocore", "httpx", "moto", "pydantic", "typer", "rich", "pytest"]

    printed = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert printed == "[]"
