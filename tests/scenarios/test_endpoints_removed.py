"""A network without one of its VPC endpoints: the calls of that service hang, in the functions that make them.

Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC"; Amazon VPC User
Guide, "Gateway endpoints"; AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint".
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from lambdakit import Harness
from lambdakit.compiler.synthesize import Compiler
from lambdakit.session.deployment import Deployment
from lambdakit.trace import AccessDenied, InvocationEnded, NetworkBlocked, ServiceCalled
from tests.fakes.removed_grants import Assembly
from tests.fakes.whole_document import write_document

pytestmark = pytest.mark.xdist_group("cdk")

FUNCTIONS: Final = ("create_order", "read_order", "thumbnails", "clicks")
TIMEOUT_SECONDS: Final = 10  # the document's
# A call that hangs costs a second of real time; the rest is for a busy machine.
REAL_SECONDS_MAX: Final = 6
# Endpoints of services that requests are signed for under another name.
SIGNED_AS: Final = {"kinesis-firehose": "firehose"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The document's application, and what it is asked."""

    harness: Harness
    deployment: Deployment
    assembly: Assembly

    def events(self) -> Mapping[str, object]:
        """What each function is invoked with."""
        bucket = self.deployment.outputs["shop"]["ThumbnailsBucketName"]
        return {
            "create_order": {},
            "read_order": {"pathParameters": {"order_id": "known"}},
            "thumbnails": {"detail": {"bucket": {"name": bucket}, "object": {"key": "incoming/a.png"}}},
            "clicks": {"Records": [{"kinesis": {"data": "Y2xpY2s="}}]},
        }

    def endpoints(self) -> Mapping[str, str]:
        """Each endpoint of the network by logical id, and the service that it leads to."""
        return {
            logical_id: str(resource["Properties"]["ServiceName"]["Fn::Join"][1][-1]).removeprefix(".")
            for logical_id, resource in self.assembly.template["Resources"].items()
            if resource["Type"] == "AWS::EC2::VPCEndpoint"
        }

    def kind(self, endpoint: str) -> str:
        """`gateway` or `interface`."""
        return str(self.assembly.template["Resources"][endpoint]["Properties"]["VpcEndpointType"]).lower()

    def change(self, without: str = "") -> None:
        """Makes the network what the document says, but for one endpoint."""
        template: dict[str, Any] = copy.deepcopy(self.assembly.template)
        template["Resources"].pop(without, None)
        self.assembly.write(template)
        self.deployment.update(self.assembly.directory, stacks=["shop"])
        self.harness.trace.clear()

    def told(self, function: str) -> Sequence[NetworkBlocked]:
        name = self.deployment.function(function).name
        return [event for event in self.harness.trace.of(NetworkBlocked) if event.function == name]


@pytest.fixture
def shop(harness: Harness, compiler: Compiler, tmp_path: Path) -> Iterator[Shop]:
    assembly = Assembly(compiler.synthesize(write_document(tmp_path)), "shop", tmp_path / "assembly")
    deployment = harness.deploy(assembly.directory, stacks=["shop"])
    outputs = deployment.outputs["shop"]
    harness.client("dynamodb").put_item(TableName=outputs["OrdersTableName"], Item={"order_id": {"S": "known"}})
    harness.client("s3").put_object(Bucket=outputs["ThumbnailsBucketName"], Key="incoming/a.png", Body=b"12345678")
    harness.drain()
    yield Shop(harness=harness, deployment=deployment, assembly=assembly)
    deployment.destroy()


def called(shop: Shop) -> Mapping[str, frozenset[str]]:
    """Function -> the services that it calls."""
    calls = shop.harness.trace.of(ServiceCalled)
    names = {name: shop.deployment.function(name).name for name in FUNCTIONS}
    return {
        function: frozenset(call.service for call in calls if call.function == name) for function, name in names.items()
    }


def test_without_an_endpoint_the_calls_through_it_hang_and_no_others(shop: Shop) -> None:
    shop.change()
    answers = {name: shop.deployment.function(name).invoke(event) for name, event in shop.events().items()}
    services = called(shop)
    assert {name: answer.function_error for name, answer in answers.items()} == dict.fromkeys(FUNCTIONS)
    assert shop.harness.trace.of(NetworkBlocked) == ()
    kinds = {endpoint: shop.kind(endpoint) for endpoint in shop.endpoints()}
    # No endpoint is there for nothing.
    signed = {endpoint: SIGNED_AS.get(service, service) for endpoint, service in shop.endpoints().items()}
    assert set(signed.values()) == frozenset().union(*services.values())

    for endpoint, service in signed.items():
        shop.change(without=endpoint)
        for name, event in shop.events().items():
            before, began = shop.harness.clock.now(), time.monotonic()

            result = shop.deployment.function(name).invoke(event)

            real_seconds = time.monotonic() - began
            ahead = (shop.harness.clock.now() - before).total_seconds()
            if service not in services[name]:
                assert (result.function_error, shop.told(name)) == (None, []), (endpoint, name)
                continue
            assert result.function_error == "Unhandled", (endpoint, name)
            assert f"Task timed out after {TIMEOUT_SECONDS}.00 seconds" in result.payload["errorMessage"]
            assert real_seconds < REAL_SECONDS_MAX
            assert TIMEOUT_SECONDS <= ahead < TIMEOUT_SECONDS + REAL_SECONDS_MAX
            [blocked] = shop.told(name)
            assert blocked.destination == f"{service}.us-east-1.amazonaws.com"
            assert "(shop/network:shared/Vpc" in blocked.reason
            assert f"no {kinds[endpoint]} endpoint in" in blocked.reason
            assert f"add a {kinds[endpoint]} endpoint for {shop.endpoints()[endpoint]}" in blocked.fix.replace(
                "an ", "a "
            )
        reached = {name: shop.deployment.reachability[name][service].reachable for name in FUNCTIONS}
        assert reached == dict.fromkeys(FUNCTIONS, False)
        ended = shop.harness.trace.of(InvocationEnded)
        assert {each.status for each in ended} == {"success", "timeout"}
        assert shop.harness.trace.of(AccessDenied) == ()
