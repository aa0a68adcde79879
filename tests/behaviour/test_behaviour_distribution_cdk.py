"""A site of the CDK's, unchanged: a bucket and a function URL behind access controls, APIs, a CloudFront function, and
a function of Lambda@Edge whose stack is in another region than the site's.
"""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("cdk")

_SOURCE = """
def handler(event, context):
    return {"statusCode": 200, "body": event.get("rawPath") or event["path"]}
"""
_AT_EDGE = """
def handler(event, context):
    request = event["Records"][0]["cf"]["request"]
    request["uri"] = request["uri"].replace("/edge/", "/rest/")
    return request
"""
_PLAIN = """
function handler(event) {
    var request = event.request;
    if (request.uri === '/old') {
        return {statusCode: 301, statusDescription: 'Moved', headers: {location: {value: '/new'}}};
    }
    return request;
}
"""


def _synthesized(directory: Path) -> Path:
    app = cdk.App(outdir=str(directory))
    stack = cdk.Stack(app, "site", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    bucket = s3.Bucket(stack, "Bucket", enforce_ssl=True)
    code = lambda_.Code.from_inline(_SOURCE)
    function = lambda_.Function(stack, "Echo", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code)
    at_edge = cloudfront.experimental.EdgeFunction(
        stack,
        "Edge",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline(_AT_EDGE),
    )
    api = origins.RestApiOrigin(apigateway.LambdaRestApi(stack, "Api", handler=function))
    url = function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM)
    plain = cloudfront.Function(
        stack,
        "Plain",
        code=cloudfront.FunctionCode.from_inline(_PLAIN),
        runtime=cloudfront.FunctionRuntime.JS_2_0,
    )
    disabled = cloudfront.CachePolicy.CACHING_DISABLED
    site = cloudfront.Distribution(
        stack,
        "Site",
        default_root_object="index.html",
        default_behavior=cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(bucket),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            response_headers_policy=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
            function_associations=[
                cloudfront.FunctionAssociation(function=plain, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST)
            ],
        ),
        additional_behaviors={
            "/rest/*": cloudfront.BehaviorOptions(origin=api, cache_policy=disabled),
            "/url/*": cloudfront.BehaviorOptions(
                origin=origins.FunctionUrlOrigin.with_origin_access_control(url), cache_policy=disabled
            ),
            "/edge/*": cloudfront.BehaviorOptions(
                origin=api,
                cache_policy=disabled,
                edge_lambdas=[
                    cloudfront.EdgeLambda(
                        function_version=at_edge.current_version,
                        event_type=cloudfront.LambdaEdgeEventType.ORIGIN_REQUEST,
                    )
                ],
            ),
        },
    )
    cdk.CfnOutput(stack, "Bucket2", value=bucket.bucket_name)
    cdk.CfnOutput(stack, "Url", value=f"https://{site.distribution_domain_name}")
    return Path(app.synth().directory)


def test_a_site_of_the_cdk_is_served(tmp_path: Path) -> None:
    assembly = _synthesized(tmp_path / "assembly")

    with WiredHarness(enforce_iam="on") as harness:
        deployment = harness.deploy(assembly)
        outputs = deployment["stacks"]["site"]["outputs"]
        harness.aws("s3").put_object(Bucket=outputs["Bucket2"], Key="index.html", Body=b"home")
        port = int(outputs["Url"].rpartition(":")[2])
        home, moved, missing, rest, url, edge = (
            harness.request("GET", path, port=port)
            for path in ("/", "/old", "/missing", "/rest/a", "/url/a", "/edge/a")
        )

    assert (home.status, home.body, home.headers["x-frame-options"]) == (200, b"home", "SAMEORIGIN")
    assert (moved.status, moved.headers["location"], missing.status) == (301, "/new", 403)
    assert [answer.body for answer in (rest, url, edge)] == [b"/rest/a", b"/url/a", b"/rest/a"]
