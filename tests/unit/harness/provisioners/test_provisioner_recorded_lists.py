"""Lists that resources give which are only recorded: templates select the first of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from lambdakit.harness.deployment.known_types import known_types
from lambdakit.harness.deployment.provisioner import Provisioned, Resource
from tests.fakes.provisioning import Provisioning

pytestmark = pytest.mark.xdist_group("moto")

_BROKER = {
    "BrokerName": "b",
    "DeploymentMode": "SINGLE_INSTANCE",
    "EngineType": "RABBITMQ",
    "HostInstanceType": "mq.m5.large",
    "PubliclyAccessible": False,
    "Users": [{"Username": "u", "Password": "password-of-u"}],
}


@pytest.mark.parametrize(
    ("attribute", "form"),
    [
        ("AmqpEndpoints", r"amqp\+ssl://[^:]+\.amazonaws\.com:5671"),
        ("OpenWireEndpoints", r"ssl://[^:]+\.amazonaws\.com:61617"),
        ("MqttEndpoints", r"mqtt\+ssl://[^:]+\.amazonaws\.com:8883"),
        ("WssEndpoints", r"wss://[^:]+\.amazonaws\.com:61619"),
        ("StompEndpoints", r"stomp\+ssl://[^:]+\.amazonaws\.com:61614"),
    ],
)
def test_brokers_endpoints_have_protocol_and_port(provisioning: Provisioning, attribute: str, form: str) -> None:
    broker = _recorded(provisioning, "AWS::AmazonMQ::Broker", _BROKER)

    (endpoint,) = broker.attributes[attribute]
    assert re.fullmatch(form, endpoint)


def test_list_of_something_whose_form_is_known_has_one(provisioning: Provisioning) -> None:
    broker = _recorded(provisioning, "AWS::AmazonMQ::Broker", _BROKER)

    assert broker.attributes["IpAddresses"] == ["10.0.0.10"]


def test_list_of_which_nothing_is_known_is_empty(provisioning: Provisioning) -> None:
    properties = {"Name": "g", "BlockedInputMessaging": "no", "BlockedOutputsMessaging": "no"}
    guardrail = _recorded(provisioning, "AWS::Bedrock::Guardrail", properties)

    assert guardrail.attributes["FailureRecommendations"] == []


def _recorded(provisioning: Provisioning, type_name: str, properties: Mapping[str, Any]) -> Provisioned:
    provisioner = known_types({})(type_name)
    assert provisioner is not None
    resource = Resource(
        stack="lists",
        stack_id="arn:aws:cloudformation:eu-west-1:111122223333:stack/lists/1",
        logical_id="Mine",
        type=type_name,
        properties=properties,
        account_id="111122223333",
        region="eu-west-1",
    )
    return provisioner.create(resource, provisioning.context)
