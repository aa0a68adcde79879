"""What holds for every test: nothing of this machine's AWS configuration, no connection that leaves it.

Warnings are errors by pyproject.toml's `filterwarnings`. Of workers of pytest-xdist, one runs what shares fixtures.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

from tests.fakes.pauses import put_pauses

if TYPE_CHECKING:
    from lambdakit.compiler.synthesize import Compiler

_ATTEMPTS: Final = pytest.StashKey[list[str]]()
# The plugin's harness, in which a module's deployments are made once per worker.
_DEPLOYED_INTO: Final = "_lambdakit_worker"


class ConnectionLeavesTheMachine(BaseException):
    """A test tried to reach another machine. Not an Exception, so that code which forgives failures cannot hide it."""


def pytest_configure(config: pytest.Config) -> None:
    """Takes AWS's variables out of the environment, and arms the guard on sockets."""
    # The suite starts hundreds of processes: each would compile all that it imports, if none left it to the others.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    put_pauses()
    attempts = config.stash[_ATTEMPTS] = []
    sys.addaudithook(_SocketGuard(attempts))
    # A shared machine stands still at times; that is no property of what is tested.
    settings.register_profile("shared-machine", deadline=None, print_blob=True)
    settings.load_profile("shared-machine")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Has the garbage collector leave alone what is collected here: it stays, and is much to go through each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups the tests of a module that share what is set up for all of them: each worker would set it up again.

    All others are given out one by one, behind the groups, to whichever worker has nothing else to do.
    """
    shared = {item.path for item in items if _shares_fixtures(item)}
    for item in items:
        if item.path in shared and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compiler]:
    """A compiler without the CDK's validation, warm from the worker's first document on."""
    from lambdakit.compiler.synthesize import Compiler

    with Compiler(validation=False, cache_directory=tmp_path_factory.mktemp("cache")) as compiler:
        yield compiler


@pytest.fixture(scope="session")
def validating_compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compiler]:
    """The same with the CDK's validation."""
    from lambdakit.compiler.synthesize import Compiler

    with Compiler(cache_directory=tmp_path_factory.mktemp("cache")) as compiler:
        yield compiler


@pytest.fixture(autouse=True)
def _stays_on_this_machine(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fails a test during which something tried to leave, in a background thread too."""
    attempts = pytestconfig.stash[_ATTEMPTS]
    attempts.clear()
    yield
    if attempts:
        pytest.fail(f"tried to reach another machine: {', '.join(attempts)}")


def _shares_fixtures(item: pytest.Item) -> bool:
    """Whether it uses a fixture that is set up once for several tests of its module."""
    if not isinstance(item, pytest.Function):
        return False
    definitions = item._fixtureinfo.name2fixturedefs
    scopes = {found[-1].scope for found in definitions.values() if found}
    return _DEPLOYED_INTO in definitions or not scopes <= {"function", "session"}


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
