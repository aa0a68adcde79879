from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from lambdakit.session.aws_clients import AwsClients


class _Listener(HTTPServer):
    """Remembers the Authorization header of every request and answers with no queues."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.authorizations: list[str] = []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    def __enter__(self) -> _Listener:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Requests(BaseHTTPRequestHandler):
    server: _Listener

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.authorizations.append(self.headers["authorization"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")


def test_clients_act_as_the_administrator_and_read_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile other]\nregion = mars-1\n")
    for name, value in {
        "AWS_PROFILE": "no-such-profile",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_CA_BUNDLE": "/nowhere",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    clients = AwsClients(region="eu-west-1")

    with _Listener() as listener:
        sqs = clients.client("sqs", endpoint_url=listener.url, role_arn=None, region=None)
        sqs.list_queues()

    (authorization,) = listener.authorizations
    assert "Credential=LAMBDAKITADMINISTRATOR/" in authorization
    assert "/eu-west-1/sqs/aws4_request" in authorization
    clients.close()


def test_clients_pass_by_a_mock_of_the_caller() -> None:
    clients = AwsClients(region="us-east-1")

    with _Listener() as listener, mock_aws():
        clients.client("sqs", endpoint_url=listener.url, role_arn=None, region=None).list_queues()

    assert len(listener.authorizations) == 1
    clients.close()


def test_client_is_made_once_per_arguments() -> None:
    clients = AwsClients(region="us-east-1")

    def client(service: str, **arguments: object) -> object:
        return clients.client(service, **{"endpoint_url": "http://x", "role_arn": None, "region": None, **arguments})  # type: ignore[arg-type]

    assert client("sqs") is client("sqs")
    assert client("sqs") is not client("sns")
    assert client("sqs", region="eu-west-1") is not client("sqs")
    clients.close()


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_front_door_has_clients_of_its_own(scheme: str) -> None:
    clients = AwsClients(region="us-east-1")
    url = f"{scheme}://127.0.0.1:1/prod"

    def client(**arguments: object) -> Any:
        given = {"endpoint_url": "http://x", "role_arn": None, "region": None, **arguments}
        return clients.client("apigatewaymanagementapi", **given)  # type: ignore[arg-type]

    assert client(own_url=url).meta.endpoint_url == "http://127.0.0.1:1/prod"
    assert client(own_url=url) is client(own_url=url)
    assert client(own_url=url) is not client()
    clients.close()


def test_operations_with_a_host_prefix_go_to_the_same_address() -> None:
    clients = AwsClients(region="us-east-1")

    states = clients.client("stepfunctions", endpoint_url="http://127.0.0.1:1", role_arn=None, region=None)

    assert states.meta.config.inject_host_prefix is False  # `sync-` of StartSyncExecution leads nowhere
    clients.close()
