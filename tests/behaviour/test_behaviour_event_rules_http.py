"""API destinations, called over HTTP on this machine, and what does not run here.

Source: Amazon EventBridge User Guide, "API destinations as targets in Amazon EventBridge" and "Connections for HTTP
targets in Amazon EventBridge".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_bus import ROLE, EventBus
from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-event-rules")


@pytest.fixture
def bus(harness: WiredHarness) -> Iterator[EventBus]:
    made = EventBus(harness, "http")
    yield made
    made.remove()


class ApiTarget:
    """An API destination with its connection."""

    def __init__(self, bus: EventBus, url: str, method: str = "POST", **connection: Any) -> None:
        self._events = bus.events
        parameters = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "secret"}}
        given = {"AuthorizationType": "API_KEY", "AuthParameters": parameters, **connection}
        made = self._events.create_connection(Name="api", **given)
        self.arn = str(
            self._events.create_api_destination(
                Name="api", ConnectionArn=made["ConnectionArn"], InvocationEndpoint=url, HttpMethod=method
            )["ApiDestinationArn"]
        )

    def remove(self) -> None:
        """Takes both away."""
        self._events.delete_api_destination(Name="api")
        self._events.delete_connection(Name="api")


def test_api_destination_is_called_with_what_the_connection_adds(bus: EventBus) -> None:
    pairs = {
        "HeaderParameters": [{"Key": "x-both", "Value": "connection"}],
        "BodyParameters": [{"Key": "tenant", "Value": "t1"}],
    }
    parameters = {
        "BasicAuthParameters": {"Username": "u", "Password": "p"},
        "InvocationHttpParameters": {**pairs, "QueryStringParameters": [{"Key": "q", "Value": "a b"}]},
    }
    with HttpReceiver() as receiver:
        api = ApiTarget(bus, f"{receiver.url}/orders/*/x", "PUT", AuthorizationType="BASIC", AuthParameters=parameters)
        http = {
            "PathParameterValues": ["o/1"],
            "HeaderParameters": {"x-both": "target", "x-target": "yes"},
            "QueryStringParameters": {"t": "1"},
        }
        bus.rule("api", {"Arn": api.arn, "RoleArn": ROLE, "InputPath": "$.detail", "HttpParameters": http})

        bus.put({"sku": "a"})

    (request,) = receiver.received
    assert (request.method, request.path) == ("PUT", "/orders/o%2F1/x?t=1&q=a+b")
    assert json.loads(request.body) == {"sku": "a", "tenant": "t1"}
    assert request.headers["authorization"] == f"Basic {base64.b64encode(b'u:p').decode()}"
    assert (request.headers["x-both"], request.headers["x-target"]) == ("connection", "yes")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["user-agent"] == "Amazon/EventBridge/ApiDestinations"
    api.remove()


def test_api_destination_signs_in_with_a_token(bus: EventBus) -> None:
    with HttpReceiver((200, b'{"access_token": "tok"}'), (204, b"")) as receiver:
        oauth = {
            "ClientParameters": {"ClientID": "id", "ClientSecret": "s"},
            "AuthorizationEndpoint": f"{receiver.url}/token",
            "HttpMethod": "POST",
        }
        parameters = {"OAuthParameters": oauth}
        api = ApiTarget(
            bus, f"{receiver.url}/in", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=parameters
        )
        bus.rule("api", {"Arn": api.arn, "RoleArn": ROLE})

        bus.put()

    token, call = receiver.received
    assert token.body == b"grant_type=client_credentials&client_id=id&client_secret=s"
    assert call.headers["authorization"] == "Bearer tok"
    api.remove()


def test_what_cannot_be_reached_from_here_is_told_and_not_given_up_to_a_queue(bus: EventBus) -> None:
    dead = {"DeadLetterConfig": {"Arn": bus.queue("dead")}}
    api = ApiTarget(bus, "https://api.example.com/orders")
    job = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/q"
    bus.rule("outside", {"Arn": api.arn, "RoleArn": ROLE, **dead}, {"Arn": job, "RoleArn": ROLE, **dead})

    bus.put()

    told = bus.not_delivered()
    assert [event["reason"] for event in told] == [
        "POST https://api.example.com/orders leads off this machine, where nothing is sent from here",
        "targets of this kind do not run here",
    ]
    assert {event["settled"] for event in told} == {"dropped"}
    assert bus.messages("dead") == []
    api.remove()
