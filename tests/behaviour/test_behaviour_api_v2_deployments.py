"""`AWS::ApiGatewayV2::Deployment`: kept as the API's own deployments are.

Source: CloudFormation Template Reference, "AWS::ApiGatewayV2::Deployment".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-api-v2-deployments")


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    made = CloudFormation(harness, "deployed")
    yield made
    made.clean()


def _template(**properties: Any) -> dict[str, Any]:
    selection = "$request.body.action"
    api = {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": selection}
    return {
        "Resources": {
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": api},
            "Deployed": {
                "Type": "AWS::ApiGatewayV2::Deployment",
                "Properties": {"ApiId": {"Ref": "Api"}, **properties},
            },
        },
        "Outputs": {
            "Ref": {"Value": {"Ref": "Deployed"}},
            "Id": {"Value": {"Fn::GetAtt": ["Deployed", "DeploymentId"]}},
        },
    }


def test_a_deployment_of_a_template_is_the_apis(harness: WiredHarness, cloudformation: CloudFormation) -> None:
    client = harness.aws("apigatewayv2")
    cloudformation.create(_template(Description="first"))
    api_id, made = cloudformation.physical_id("Api"), cloudformation.outputs()

    (first,) = client.get_deployments(ApiId=api_id)["Items"]
    cloudformation.update(_template(Description="second"))
    (second,) = client.get_deployments(ApiId=api_id)["Items"]
    resources = _template()["Resources"]
    cloudformation.update({"Resources": {"Api": resources["Api"]}})

    assert made == {"Ref": first["DeploymentId"], "Id": first["DeploymentId"]}
    assert (first["Description"], first["DeploymentStatus"]) == ("first", "DEPLOYED")
    assert (second["DeploymentId"], second["Description"]) == (first["DeploymentId"], "second")
    assert client.get_deployments(ApiId=api_id)["Items"] == []
