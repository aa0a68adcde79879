"""What holds for every test: nothing of this machine's AWS configuration, no connection that leaves it.

Warnings are errors by pyproject.toml's `filterwarnings`.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import settings

_ATTEMPTS: Final = pytest.StashKey[list[str]]()


class ConnectionLeavesTheMachine(BaseException):
    """A test tried to reach another machine. Not an Exception, so that code which forgives failures cannot hide it."""


def pytest_configure(config: pytest.Config) -> None:
    """Takes AWS's variables out of the environment, and arms the guard on sockets."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    attempts = config.stash[_ATTEMPTS] = []
    sys.addaudithook(_SocketGuard(attempts))
    # A shared machine stands still at times; that is no property of what is tested.
    settings.register_profile("shared-machine", deadline=None, print_blob=True)
    settings.load_profile("shared-machine")


@pytest.fixture(autouse=True)
def _stays_on_this_machine(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fails a test during which something tried to leave, in a background thread too."""
    attempts = pytestconfig.stash[_ATTEMPTS]
    attempts.clear()
    yield
    if attempts:
        pytest.fail(f"tried to reach another machine: {', '.join(attempts)}")


class _SocketGuard:
    """An audit hook (PEP 578): it sees every socket of the process, whoever opened it, and stays until the end."""

    def __init__(self, attempts: list[str]) -> None:
        self._attempts = attempts

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.sendto"):
            address = arguments[1]
            if isinstance(address, tuple) and not _is_loopback(str(address[0])):
                self._refuse(f"{address[0]} port {address[1]}")
        elif event == "socket.getaddrinfo" and not _is_loopback(_text(arguments[0])):
            self._refuse(f"the name {_text(arguments[0])}")

    def _refuse(self, what: str) -> None:
        self._attempts.append(what)
        raise ConnectionLeavesTheMachine(what)


def _is_loopback(host: str) -> bool:
    """Whether `host` is this machine; an empty one is, as it names no other."""
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _text(host: object) -> str:
    return host.decode() if isinstance(host, bytes) else "" if host is None else str(host)
