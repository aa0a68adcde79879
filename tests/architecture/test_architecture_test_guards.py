"""What is around every test works: sockets lead nowhere but here, AWS's variables are gone, workers share no set-up."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pytest

_ROOT: Final = Path(__file__).parents[2]

# A project of its own, run with the guards of this one.
_TESTS: Final = """
import os, socket, threading, warnings

def connect(address):
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(address)

def test_loopback():
    connect(("127.0.0.1", 9))
    socket.getaddrinfo("localhost", 9)

def test_address():
    connect(("192.0.2.1", 9))

def test_name():
    socket.getaddrinfo("example.invalid", 9)

def test_datagram():
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.sendto(b"", ("192.0.2.1", 9))

def test_forgiven():
    try:
        connect(("192.0.2.1", 9))
    except BaseException:
        pass

def test_environment():
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_CONFIG_FILE"] == os.devnull

def test_next_one_is_not_blamed():
    pass
"""

# One module with a fixture for all of its tests, one with none.
_SHARING: Final = """
import pytest

@pytest.fixture(scope="module")
def slow(): ...

def test_one(slow): ...

def test_two(): ...

@pytest.mark.xdist_group("theirs")
def test_three(): ...
"""
_ALONE: Final = """
def test_four(tmp_path): ...
"""
_NAMES: Final = """
import os

def pytest_collection_finish(session):
    for item in session.items:
        print(item.name, [mark.args[0] for mark in item.iter_markers("xdist_group")])
    print("bytecode", os.environ.get("PYTHONDONTWRITEBYTECODE", "is written"))
"""

pytest_plugins = ["pytester"]


def test_connections_that_leave_the_machine_fail_the_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    pytester.makeconftest((_ROOT / "tests" / "conftest.py").read_text())
    pytester.makepyfile(_TESTS)

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:lambdakit", "-rA")

    failed = set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", result.stdout.str(), re.MULTILINE))
    assert failed == {"test_address", "test_name", "test_datagram", "test_forgiven"}
    assert result.parseoutcomes()["passed"] >= 3


def test_a_module_that_shares_a_fixture_is_one_workers_and_compiled_files_are_kept(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    pytester.makeconftest((_ROOT / "tests" / "conftest.py").read_text())
    pytester.makepyfile(test_sharing=_SHARING, test_alone=_ALONE, names=_NAMES)

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:lambdakit", "-p", "names", "-q")

    told = [line for line in result.outlines if line.startswith(("test_", "bytecode")) and "::" not in line]
    assert told == [
        "test_four []",
        "test_one ['test_sharing']",
        "test_two ['test_sharing']",
        "test_three ['theirs']",
        "bytecode is written",
    ]


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
