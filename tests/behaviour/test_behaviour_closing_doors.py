"""Front doors that are closed through themselves: the request that does it is answered, later ones are refused.

Source: API Gateway API Reference and Lambda API Reference: `DeleteApi`, `DeleteRestApi` and `DeleteFunctionUrlConfig`
are answered when the API or URL is gone; nothing there ends a request that an integration works on.
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.fakes.function_urls import function_url, public
from tests.fakes.plain_assembly import function, http_api, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-closing-doors")

SECONDS = 15.0  # less than the function's time-out, after which a request that waits for itself would end as well
SOURCE = """
import json

import boto3

def handler(event, context):
    call = json.loads(event["body"])
    getattr(boto3.client(call["service"]), call["operation"])(**call["parameters"])
    return {"statusCode": 200, "body": "done"}
"""


def _ends_itself(url: str, service: str, operation: str, **parameters: str) -> httpx.Response:
    with httpx.Client(timeout=SECONDS) as client:
        call = {"service": service, "operation": operation, "parameters": parameters}
        return client.post(url, json=call)


def test_http_api_that_a_function_behind_it_deletes(harness: WiredHarness, tmp_path: Path) -> None:
    resources = function("Fn", SOURCE) | http_api("Api", {"POST /": {"Fn::GetAtt": ["Fn", "Arn"]}}) | _may_call("Fn")
    url = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/"}
    deployment = harness.deploy(write_stack(tmp_path, "closing-api", resources, Url=url, Id={"Ref": "Api"}))
    outputs = deployment["stacks"]["closing-api"]["outputs"]

    answer = _ends_itself(outputs["Url"], "apigatewayv2", "delete_api", ApiId=outputs["Id"])

    assert (answer.status_code, answer.text) == (200, "done")
    assert httpx.get(outputs["Url"], timeout=SECONDS).status_code == 404


def test_url_that_its_function_deletes(harness: WiredHarness, tmp_path: Path) -> None:
    resources = function("Fn", SOURCE) | function_url("Url", "Fn") | public("UrlTo", "Fn")
    url = {"Fn::GetAtt": ["Url", "FunctionUrl"]}
    deployment = harness.deploy(write_stack(tmp_path, "closing-url", resources, Url=url, Name={"Ref": "Fn"}))
    outputs = deployment["stacks"]["closing-url"]["outputs"]

    answer = _ends_itself(outputs["Url"], "lambda", "delete_function_url_config", FunctionName=outputs["Name"])

    assert (answer.status_code, answer.text) == (200, "done")
    with pytest.raises(httpx.ConnectError):
        httpx.get(outputs["Url"], timeout=SECONDS)


def test_stack_that_a_function_in_it_deletes(harness: WiredHarness, tmp_path: Path) -> None:
    resources = function("Fn", SOURCE) | http_api("Api", {"POST /": {"Fn::GetAtt": ["Fn", "Arn"]}}) | _may_call("Fn")
    url = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/"}
    deployment = harness.deploy(write_stack(tmp_path, "closing-stack", resources, Url=url))
    outputs = deployment["stacks"]["closing-stack"]["outputs"]

    answer = _ends_itself(outputs["Url"], "cloudformation", "delete_stack", StackName="closing-stack")

    assert (answer.status_code, answer.text) == (200, "done")
    harness.aws("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName="closing-stack", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    with pytest.raises(httpx.ConnectError):
        httpx.get(outputs["Url"], timeout=SECONDS)


def _may_call(name: str) -> dict[str, dict[str, object]]:
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": name},
        "Principal": "apigateway.amazonaws.com",
    }
    return {f"{name}Permission": {"Type": "AWS::Lambda::Permission", "Properties": permission}}
