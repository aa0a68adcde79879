"""Functions behind an API reach the pattern's database and cache, through proxy and security groups, and nothing else.

Servers of this machine stand for both: they say which of them they are, and what they heard.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from lambdakit.trace import NetworkBlocked

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """
application: shop
network: {vpc: {max_azs: 2, nat_gateways: 0, flow_log_retention: none}}
defaults: {timeout: 6s}
patterns:
  orders:
    kind: api_backend
    database: {kind: aurora_serverless}
    cache: {kind: serverless}
    routes:
      GET /orders: {name: read, code: functions, handler: app.read, database_access: true, cache_access: true}
      GET /strangers: {name: stranger, code: functions, handler: app.try_out}
      GET /cached: {name: cached, code: functions, handler: app.try_out, cache_access: true}
  archive:
    kind: api_backend
    database: {kind: instance, engine: mysql, authentication: secret, multi_az: false}
    routes:
      GET /archive: {name: read_archive, code: functions, handler: app.read_archive, database_access: true}
"""

HANDLERS = """
import json, os, socket
import boto3

def ask(host, port, text):
    with socket.create_connection((host, int(port)), 0.5) as connection:
        connection.sendall(text.encode())
        return connection.recv(200).decode()

def read(event, context):
    host, port = os.environ["DATABASE_PROXY_ENDPOINT"], os.environ["DATABASE_PORT"]
    token = boto3.client("rds").generate_db_auth_token(host, int(port), os.environ["DATABASE_USER"])
    found = {
        "database": ask(host, port, f"select from {os.environ['DATABASE_NAME']}"),
        "cache": ask(os.environ["CACHE_ENDPOINT"], os.environ["CACHE_PORT"], "GET order"),
        "token": token.split("?")[0],
        "host": host,
        "cache_host": os.environ["CACHE_ENDPOINT"],
        "variables": sorted(name for name in os.environ if name.startswith(("DATABASE_", "CACHE_"))),
    }
    return {"statusCode": 200, "body": json.dumps(found)}

def try_out(event, context):
    query = event["queryStringParameters"]
    try:
        answer = ask(query["host"], query["port"], "let me in")
    except OSError as error:
        answer = type(error).__name__
    names = sorted(name for name in os.environ if name.startswith(("DATABASE_", "CACHE_")))
    return {"statusCode": 200, "body": json.dumps({"answer": answer, "variables": names})}

def read_archive(event, context):
    found = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["DATABASE_SECRET_ARN"])
    answer = ask(os.environ["DATABASE_PROXY_ENDPOINT"], os.environ["DATABASE_PORT"], "select")
    body = {"answer": answer, "secret": sorted(json.loads(found["SecretString"]))}
    return {"statusCode": 200, "body": json.dumps(body)}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The deployed document. harness: whose names `DatabaseProxy` and `Cache` lead to servers of this machine."""

    harness: Harness
    deployment: Deployment

    def get(self, path: str, name: str = "orders", **query: str) -> Any:
        """The answer of a route, as JSON."""
        with self.deployment.http(name) as http:
            answer = http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def blocked(self) -> list[tuple[str, str]]:
        """Who was kept from connecting, and where to, in order."""
        found = [event for event in self.harness.trace.events if isinstance(event, NetworkBlocked)]
        return [(event.function, event.destination) for event in found]

    def function(self, name: str) -> str:
        """The physical name of a function."""
        return self.deployment.function(name).name


def _server(stack: ExitStack, name: str) -> int:
    """The port of a server that answers with its name and what it heard."""

    class Named(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(f"{name}: {self.request.recv(200).decode()}".encode())

    server = stack.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Named))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name=name, daemon=True)
    thread.start()
    stack.callback(thread.join)
    stack.callback(server.shutdown)
    port: int = server.server_address[1]
    return port


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    project = tmp_path_factory.mktemp("shop")
    (project / "functions").mkdir()
    (project / "functions" / "app.py").write_text(HANDLERS)
    (project / "lambdakit.yaml").write_text(DOCUMENT)
    with ExitStack() as stack:
        harness = stack.enter_context(Harness(enforce_iam="on", enforce_network="on"))
        deployment = harness.deploy(project / "lambdakit.yaml")
        harness.bind("shop/orders/DatabaseProxy", f"postgresql://127.0.0.1:{_server(stack, 'orders')}/app")
        harness.bind("shop/archive/DatabaseProxy", f"mysql://127.0.0.1:{_server(stack, 'archive')}/app")
        harness.bind("shop/orders/Cache", f"redis://127.0.0.1:{_server(stack, 'cache')}")
        yield Shop(harness=harness, deployment=deployment)


def test_a_function_with_access_reaches_database_and_cache(shop: Shop) -> None:
    before = len(shop.blocked())

    found = shop.get("/orders")

    assert (found["database"], found["cache"]) == ("orders: select from app", "cache: GET order")
    assert found["token"] == f"{found['host']}:5432/"
    assert found["variables"] == [
        *("CACHE_ENDPOINT", "CACHE_NAME", "CACHE_PORT", "CACHE_USER"),
        *("DATABASE_NAME", "DATABASE_PORT", "DATABASE_PROXY_ENDPOINT", "DATABASE_USER"),
    ]
    assert shop.blocked()[before:] == []


@pytest.mark.parametrize(
    ("function", "path", "key", "port"),
    [
        ("stranger", "/strangers", "host", "5432"),
        ("stranger", "/strangers", "cache_host", "6379"),
        ("cached", "/cached", "host", "5432"),
    ],
    ids=["the proxy", "the cache", "the proxy from who has the cache alone"],
)
def test_a_function_without_access_reaches_neither(shop: Shop, function: str, path: str, key: str, port: str) -> None:
    host = shop.get("/orders")[key]
    before = len(shop.blocked())

    found = shop.get(path, host=host, port=port)

    assert found["answer"] == "TimeoutError"
    assert not any(name.startswith("DATABASE_") for name in found["variables"])
    assert shop.blocked()[before:] == [(shop.function(function), f"{host}:{port}")]


def test_the_database_behind_the_proxy_lets_no_function_in(shop: Shop) -> None:
    resources = shop.deployment.stacks["shop"].resources
    (cluster,) = (each for each in resources.values() if each.type == "AWS::RDS::DBCluster")

    host = str(cluster.attributes["Endpoint.Address"])
    found = shop.get("/cached", host=host, port="5432")

    assert found["answer"] == "TimeoutError"


def test_a_function_that_asks_by_secret_reads_its_password_over_a_private_endpoint(shop: Shop) -> None:
    found = shop.get("/archive", "archive")

    assert found["answer"] == "archive: select"
    assert {"password", "username"} <= set(found["secret"])
