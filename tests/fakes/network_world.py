"""Functions in a VPC and outside, and what they see of their network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from lambdakit.session.results import InvocationResult
from lambdakit.trace import NetworkBlocked, RuntimeNote
from tests.fakes.judged_harness import VPC, NetworkRules, in_vpc, judged_harness
from tests.fakes.plain_assembly import Resources, function, write_stack

TIMEOUT_SECONDS = 9
REAL_SECONDS_MAX = 5.0

_PYTHON = """
import boto3, socket, threading, time, urllib.request
from botocore.config import Config

def handler(event, context):
    started = time.monotonic()
    try:
        answer = globals()[event.pop("do")](**event)
    except Exception as error:
        answer = type(error).__name__
    return {"answer": answer, "seconds": time.monotonic() - started}

def connect(host, port, timeout=None):
    socket.create_connection((host, port), timeout).close()
    return "connected"

def many(host, port):
    threads = [threading.Thread(target=connect, args=(host, port, 0.4)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return "went on"

def get(url):
    return urllib.request.urlopen(url).status

def names(*, host):
    return [family.name + " " + address[0] for family, _, _, _, address in
            socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)]

def tables(**config):
    retries = config.pop("retries", None)
    config = Config(**config, retries={"max_attempts": retries}) if retries is not None else Config(**config)
    return boto3.client("dynamodb", config=config).list_tables()["ResponseMetadata"]["HTTPStatusCode"]

def buckets():
    return boto3.client("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"]

def datagram(host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0.3)
        sender.connect((host, port))
        sender.send(b"x")
        return sender.recv(1).decode()

def echo(host, port):
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(b"hello")
        return connection.recv(16).decode()
"""

_NODE = """
exports.handler = async (event) => {
  try { return { answer: (await fetch(event.url)).status }; }
  catch (error) { return { answer: (error.cause || error).code || String(error) }; }
};
"""

_AT_INIT = """
import socket
socket.create_connection(("db.example.com", 5432))

def handler(event, context):
    return "never"
"""


class World:
    """A harness with its functions, and what they do not reach."""

    def __init__(self, harness: Harness, rules: NetworkRules, deployment: Deployment) -> None:
        self.harness = harness
        self.rules = rules
        self.deployment = deployment
        self._seen = 0

    def invoke(self, name: str, do: str, **arguments: Any) -> InvocationResult:
        """What came of a call of the function's."""
        return self.deployment.function(name).invoke({"do": do, **arguments})

    def answer(self, name: str, do: str, **arguments: Any) -> Any:
        """What the function saw. AssertionError when it failed."""
        result = self.invoke(name, do, **arguments)
        assert result.function_error is None, f"{result.raw_payload!r}\n{result.log}"
        return result.payload["answer"]

    def blocked(self) -> list[NetworkBlocked]:
        """What was told of blocked connections since the last call of `forget`."""
        return [event for event in self._new() if isinstance(event, NetworkBlocked)]

    def told(self, kind: type[Any]) -> list[Any]:
        """The events of a kind since the last call of `forget`."""
        return [event for event in self._new() if isinstance(event, kind)]

    @property
    def has_sandbox(self) -> bool:
        """Whether this machine allows one. The first start of all tells."""
        self.invoke("Outside", "names", host="localhost")
        return not any("sandbox" in note.note for note in self.harness.trace.events if isinstance(note, RuntimeNote))

    def forget(self) -> None:
        """Looks only at what comes from now on."""
        self._seen = len(self.harness.trace.events)

    def _new(self) -> list[Any]:
        return list(self.harness.trace.events)[self._seen :]


@contextmanager
def deployed_world(directory: Path, **options: Any) -> Iterator[World]:
    """The functions, deployed, for as long as the block lasts."""
    resources: Resources = {
        **VPC,
        **in_vpc("Inside", _PYTHON, Timeout=TIMEOUT_SECONDS),
        **in_vpc("InsideToo", _PYTHON, Timeout=TIMEOUT_SECONDS),
        **in_vpc("AtInit", _AT_INIT, Timeout=TIMEOUT_SECONDS),
        **in_vpc("InsideNode", _NODE, Timeout=TIMEOUT_SECONDS, Runtime="nodejs22.x"),
        **function("Outside", _PYTHON),
        **function("OutsideNode", _NODE, Runtime="nodejs22.x"),
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "Engine": "postgres",
                "DBInstanceClass": "db.t4g.micro",
                "AllocatedStorage": "20",
                "MasterUsername": "shop",
                "MasterUserPassword": "not-a-secret",
            },
        },
        "Cache": {
            "Type": "AWS::ElastiCache::CacheCluster",
            "Properties": {"CacheNodeType": "cache.t4g.micro", "Engine": "redis", "NumCacheNodes": 1},
        },
    }
    with judged_harness(directory, **options) as (harness, rules):
        yield World(harness, rules, harness.deploy(write_stack(directory / "assembly", "network", resources)))


def timed(call: Callable[[], InvocationResult]) -> tuple[InvocationResult, float]:
    """The result, and the seconds that it took."""
    started = time.monotonic()
    result = call()
    return result, time.monotonic() - started


def assert_timed_out(result: InvocationResult, *, seconds: int = TIMEOUT_SECONDS) -> None:
    """The invocation ended as one that really ran into its time-out."""
    assert result.function_error == "Unhandled", result.raw_payload
    assert result.payload["errorType"] == "Sandbox.Timedout"
    assert result.payload["errorMessage"].endswith(f"Task timed out after {seconds:.2f} seconds")
    assert result.duration_ms == seconds * 1000
    assert f"Duration: {seconds}000.00 ms" in result.log
