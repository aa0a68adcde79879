"""What a function meets outside the harness: names, hosts that nobody allowed, and servers that stand for resources.

Source: Amazon VPC User Guide, "DNS attributes for your VPC".
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.errors import HarnessError
from tests.fakes.network_world import World, assert_timed_out, deployed_world

pytestmark = pytest.mark.xdist_group("behaviour-network-outside")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with deployed_world(tmp_path_factory.mktemp("network")) as world:
        if not world.has_sandbox:
            pytest.skip("this machine allows no sandbox")
        yield world


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    shared.rules.close()
    shared.forget()
    yield shared
    shared.rules.close()


@pytest.mark.parametrize("name", ["Inside", "Outside"])
@pytest.mark.parametrize(
    ("do", "arguments", "answer", "destination", "fix"),
    [
        (
            "connect",
            {"host": "api.example.com", "port": 443},
            "ConnectionRefusedError",
            "api.example.com:443",
            'allow it with harness.allow_host("api.example.com")',
        ),
        (
            "get",
            {"url": "https://api.example.com:8443/"},
            "URLError",
            "api.example.com:8443",
            'allow it with harness.allow_host("api.example.com:8443")',
        ),
        (
            "connect",
            {"host": "192.0.2.1", "port": 22},
            "ConnectionRefusedError",
            "192.0.2.1:22",
            "let the function connect to a name that is allowed",
        ),
        (
            "connect",
            {"host": "sqs.us-east-1.amazonaws.com", "port": 443},
            "ConnectionRefusedError",
            "sqs.us-east-1.amazonaws.com:443",
            "call the API at AWS_ENDPOINT_URL, which every AWS SDK does by itself",
        ),
        (
            "datagram",
            {"host": "192.0.2.1", "port": 123},
            "ConnectionRefusedError",
            "192.0.2.1:123",
            "let the function connect to a name that is allowed",
        ),
    ],
    ids=["a name", "another port", "an address", "AWS", "a datagram"],
)
def test_path_that_leads_out_of_the_harness_is_refused_at_once(
    world: World, name: str, do: str, arguments: dict[str, Any], answer: str, destination: str, fix: str
) -> None:
    result = world.invoke(name, do, **arguments)

    assert result.payload["answer"] == answer
    assert result.payload["seconds"] < 0.25
    assert [(event.function, event.destination, event.fix) for event in world.blocked()] == [
        (world.deployment.function(name).name, destination, fix)
    ]


@pytest.mark.parametrize("name", ["Inside", "Outside"])
@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("api.example.com", ["AF_INET 198.18."]),
        ("localhost", ["AF_INET 127.0.0.1"]),
        ("nothing.invalid", "gaierror"),
        ("single-label", "gaierror"),
    ],
)
def test_name_resolves_whether_or_not_it_can_be_reached(
    world: World, name: str, host: str, answer: list[str] | str
) -> None:
    world.rules.close("*")

    seen = world.answer(name, "names", host=host)

    if isinstance(answer, str):
        assert seen == answer
    else:
        assert len(seen) == len(answer)
        assert all(each.startswith(expected) for each, expected in zip(seen, answer, strict=True))
    assert world.blocked() == []


def test_names_keep_their_addresses(world: World) -> None:
    first, other = (world.answer("Inside", "names", host=host) for host in ("a.example.com", "b.example.com"))

    assert first != other
    assert world.answer("Outside", "names", host="a.example.com") == first


def test_node_is_refused_like_python(world: World) -> None:
    result = world.deployment.function("OutsideNode").invoke({"url": "https://api.example.com/"})

    assert result.payload == {"answer": "ECONNREFUSED"}
    assert [event.destination for event in world.blocked()] == ["api.example.com:443"]


@pytest.fixture
def echo_server() -> Iterator[int]:
    """The port of a server on this machine that says back what it hears."""

    class Echo(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while data := self.request.recv(1024):
                self.request.sendall(data.upper())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="echo", daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def _endpoint(world: World) -> tuple[str, int]:
    attributes = world.deployment.stacks["network"].resources["Database"].attributes
    return str(attributes["Endpoint.Address"]), int(attributes["Endpoint.Port"])


def test_database_that_is_not_bound_is_refused_with_the_way_to_bind_it(world: World) -> None:
    host, port = _endpoint(world)

    assert world.answer("InsideToo", "connect", host=host, port=port) == "ConnectionRefusedError"

    (blocked,) = world.blocked()
    assert blocked.destination == f"{host}:{port}"
    assert blocked.reason == "Database is recorded by the harness, which runs no server behind AWS::RDS::DBInstance"
    assert blocked.fix == 'bind a server to it: harness.bind("Database", "…://127.0.0.1:5432")'


def test_bound_database_answers_where_the_network_has_a_path(world: World, echo_server: int) -> None:
    host, port = _endpoint(world)

    world.harness.bind("Database", f"postgresql://127.0.0.1:{echo_server}/test")

    assert world.answer("Inside", "echo", host=host, port=port) == "HELLO"
    assert world.blocked() == []
    assert world.answer("Inside", "connect", host=host, port=port + 1) == "ConnectionRefusedError"
    assert [event.reason for event in world.blocked()] == [f"Database answers on port {port}, not on {port + 1}"]
    world.rules.close(f"*:{port}")
    assert_timed_out(world.invoke("Inside", "echo", host=host, port=port))


def test_cache_answers_on_the_port_that_clients_use(world: World, echo_server: int) -> None:
    attributes = world.deployment.stacks["network"].resources["Cache"].attributes

    world.harness.bind("Cache", f"redis://localhost:{echo_server}")

    assert world.answer("Inside", "echo", host=attributes["RedisEndpoint.Address"], port=6379) == "HELLO"


def test_bound_server_that_is_not_there_resets_the_connection(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    world.harness.bind("Database", f"127.0.0.1:{port}")
    host, own_port = _endpoint(world)

    assert world.answer("Inside", "echo", host=host, port=own_port) == "ConnectionResetError"

    (blocked,) = world.blocked()
    assert blocked.reason == f"nothing answers at 127.0.0.1:{port}, where Database was sent"


@pytest.mark.parametrize(
    ("resource", "address", "code"),
    [
        ("Database", "postgresql://db.example.com:5432/test", "LK505"),
        ("Database", "postgresql://10.0.0.1:5432/test", "LK505"),
        ("Database", "127.0.0.1", "LK505"),
        ("Database", "postgresql://127.0.0.1:port/", "LK505"),
        ("Nothing", "postgresql://127.0.0.1:5432/test", "LK545"),
        ("a", "postgresql://127.0.0.1:5432/test", "LK544"),
    ],
)
def test_binding_that_cannot_be_is_refused(world: World, resource: str, address: str, code: str) -> None:
    with pytest.raises(HarnessError, match=code):
        world.harness.bind(resource, address)


@pytest.mark.parametrize("host", ["", "localhost", "https://api.example.com", "api.example.com:0", "a b.com"])
def test_host_that_is_none_is_not_allowed(world: World, host: str) -> None:
    with pytest.raises(HarnessError, match="LK505"):
        world.harness.allow_host(host)


def test_allowed_host_is_tried_from_this_machine(world: World) -> None:
    """Nothing here may reach the internet: the name is one that nobody has."""
    world.harness.allow_host("nobody.here.invalid")
    world.harness.allow_host("api.nobody.example")

    assert world.answer("Outside", "echo", host="api.nobody.example", port=443) == "ConnectionResetError"

    (blocked,) = world.blocked()
    assert blocked.reason == "nothing answers at api.nobody.example:443, where api.nobody.example was sent"
