"""A REST API of the CDK's, unchanged: proxy, preflight by a mock, keys, and the account's role for logs."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import httpx
import pytest
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_

from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("cdk")

_SOURCE = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": event["resource"]}
"""
_KEY = "a-key-that-is-long-enough"


def _synthesized(directory: Path) -> Path:
    app = cdk.App(outdir=str(directory))
    stack = cdk.Stack(app, "shop")
    function = lambda_.Function(
        stack,
        "Echo",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline(_SOURCE),
    )
    api = apigateway.LambdaRestApi(
        stack,
        "Api",
        handler=function,
        cloud_watch_role=True,
        default_cors_preflight_options=apigateway.CorsOptions(
            allow_origins=["https://one.example", "https://two.example"], allow_methods=["GET"], status_code=200
        ),
        deploy_options=apigateway.StageOptions(
            stage_name="v1", metrics_enabled=True, logging_level=apigateway.MethodLoggingLevel.INFO
        ),
    )
    keyed = api.root.add_resource("keyed")
    keyed.add_method("GET", apigateway.LambdaIntegration(function), api_key_required=True)
    plan = api.add_usage_plan("Plan", throttle=apigateway.ThrottleSettings(rate_limit=100, burst_limit=10))
    plan.add_api_stage(stage=api.deployment_stage)
    plan.add_api_key(api.add_api_key("Key", value=_KEY))
    return Path(app.synth().directory)


def test_an_application_of_the_cdk_answers(tmp_path: Path) -> None:
    assembly = _synthesized(tmp_path / "assembly")

    with WiredHarness(enforce_iam="on") as harness:
        deployment = harness.deploy(assembly)
        (url,) = (value for name, value in deployment["stacks"]["shop"]["outputs"].items() if "Endpoint" in name)
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            answers = [client.get(path).text for path in ("", "a/b")]
            preflights = [
                client.options("a/b", headers={"Origin": f"https://{name}.example"}) for name in ("two", "no")
            ]
            keyed = [client.get("keyed", headers=headers) for headers in ({}, {"x-api-key": _KEY})]

    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/v1/")
    assert answers == ["/", "/{proxy+}"]
    assert [answer.status_code for answer in preflights] == [200, 200]
    allowed = [answer.headers["access-control-allow-origin"] for answer in preflights]
    assert allowed == ["https://two.example", "https://one.example"]
    assert preflights[0].headers["access-control-allow-methods"] == "GET"
    assert [answer.status_code for answer in keyed] == [403, 200]
    assert keyed[0].json() == {"message": "Forbidden"}
