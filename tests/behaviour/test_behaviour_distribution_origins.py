"""Distributions of CloudFront in front of APIs, function URLs, load balancers, websites and other servers.

Source: Amazon CloudFront Developer Guide, "Use various origins with CloudFront distributions", "Restrict access to an
AWS Lambda function URL origin", "Use managed origin request policies" (`AllViewerExceptHostHeader`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.distributions import (
    ALL_BUT_HOST,
    ALL_METHODS,
    ALL_VIEWER,
    OPTIMIZED,
    SITE_ARN,
    URLS,
    Site,
    access_control,
    behavior,
    bucket_origin,
    custom_origin,
    distribution,
    empty_buckets,
    readable_bucket,
)
from tests.fakes.function_urls import function_url, public
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.load_balancers import balancer, forward, lambda_group, listener
from tests.fakes.plain_assembly import Resources, function, http_api, write_stack
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution-origins")

SOURCE = """
import json
def handler(event, context):
    answer = {"statusCode": 200, "headers": {"content-type": "application/json", "vary": "Accept-Encoding, X-A"}}
    return {**answer, "cookies": ["a=1"], "body": json.dumps(event)}
"""
BALANCED = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": event["headers"]["host"]}
"""
RETURN = {"AllowedMethods": ALL_METHODS}
ANYBODY = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Fn::GetAtt": ["Fn", "Arn"]},
        "Principal": "apigateway.amazonaws.com",
    },
}


def host_of(url: Any) -> Any:
    """The host in an attribute that is a URL, as the CDK takes it out."""
    return {"Fn::Select": [2, {"Fn::Split": ["/", url]}]}


def signed_permissions(source_arn: Any) -> Resources:
    """What lets the distribution invoke the URL and the function."""
    return {
        f"Let{number}": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": action,
                "FunctionName": {"Fn::GetAtt": ["Fn", "Arn"]},
                "Principal": "cloudfront.amazonaws.com",
                "SourceArn": source_arn,
            },
        }
        for number, action in enumerate(["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"])
    }


def resources() -> Resources:
    """One distribution in front of everything: `/api/*`, `/named/*`, `/host/*`, `/url/*`, `/signed/*` …"""
    api_host = {"Fn::Sub": "${Api}.execute-api.${AWS::Region}.amazonaws.com"}
    website = {"IndexDocument": "index.html"}
    origins = [
        bucket_origin(),
        custom_origin(
            api_host, "api", OriginPath="/v1", OriginCustomHeaders=[header("x-secret", "s"), header("x-b", "2")]
        ),
        custom_origin(host_of({"Fn::GetAtt": ["Api", "ApiEndpoint"]}), "endpoint", OriginPath="/v1"),
        custom_origin(host_of({"Fn::GetAtt": ["Open", "FunctionUrl"]}), "url"),
        custom_origin(
            host_of({"Fn::GetAtt": ["Closed", "FunctionUrl"]}),
            "signed",
            OriginAccessControlId={"Fn::GetAtt": ["Control2", "Id"]},
        ),
        custom_origin(host_of({"Fn::GetAtt": ["Closed", "FunctionUrl"]}), "unsigned"),
        custom_origin(
            {"Fn::GetAtt": ["Shop", "DNSName"]}, "balancer", CustomOriginConfig={"OriginProtocolPolicy": "http-only"}
        ),
        custom_origin(
            host_of({"Fn::GetAtt": ["Pages", "WebsiteURL"]}),
            "website",
            CustomOriginConfig={"OriginProtocolPolicy": "http-only"},
        ),
        custom_origin("bound.example.com", "bound"),
        custom_origin("nowhere.example.com", "nowhere"),
    ]
    behaviors = [
        behavior("api", PathPattern="/api/*", OriginRequestPolicyId=ALL_BUT_HOST, **RETURN),
        behavior("api", PathPattern="/plain/*", **RETURN),
        behavior("api", PathPattern="/host/*", OriginRequestPolicyId=ALL_VIEWER, **RETURN),
        behavior("api", PathPattern="/optimized/*", CachePolicyId=OPTIMIZED),
        behavior("endpoint", PathPattern="/endpoint/*"),
        behavior("url", PathPattern="/url/*"),
        behavior("signed", PathPattern="/signed/*", **RETURN),
        behavior("unsigned", PathPattern="/unsigned/*"),
        behavior("balancer", PathPattern="/balancer/*"),
        behavior("website", PathPattern="/pages/*"),
        behavior("bound", PathPattern="/bound/*", **RETURN),
        behavior("nowhere", PathPattern="/nowhere/*"),
        behavior("missing", PathPattern="/missing/*"),
    ]
    pages = {"PublicAccessBlockConfiguration": dict.fromkeys(["BlockPublicPolicy", "RestrictPublicBuckets"], False)}
    control = access_control("lambda")["Control"]
    return {
        **function("Fn", SOURCE),
        **http_api("Api", {"$default": {"Fn::GetAtt": ["Fn", "Arn"]}}, stage="v1"),
        "Anybody": ANYBODY,
        **function_url("Open", "Fn"),
        **public("OpenTo", "Fn"),
        **function("Fn2", SOURCE),
        **{**function_url("Closed", "Fn2", auth="AWS_IAM")},
        **function("Balanced", BALANCED),
        **balancer(),
        **lambda_group("Group", "Balanced"),
        **listener("Web", 80, forward("Group")),
        "Pages": {"Type": "AWS::S3::Bucket", "Properties": {"WebsiteConfiguration": website, **pages}},
        "PagesPolicy": readable_bucket("Pages", principal="*")["PagesPolicy"],
        **readable_bucket(),
        **access_control(),
        "Control2": control,
        **{
            name: {**each, "Properties": {**each["Properties"], "FunctionName": {"Fn::GetAtt": ["Fn2", "Arn"]}}}
            for name, each in signed_permissions(SITE_ARN).items()
        },
        **distribution(origins, behavior("origin"), CacheBehaviors=behaviors),
    }


def header(name: str, value: str) -> dict[str, str]:
    return {"HeaderName": name, "HeaderValue": value}


@pytest.fixture(scope="module")
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver((200, b"bound")) as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, receiver: HttpReceiver) -> Iterator[Site]:
    with WiredHarness(enforce_iam="on") as harness:
        harness.call("POST", "outside", {"bind": "bound.example.com", "url": receiver.url})
        deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "origins", resources(), **URLS))
        yield Site(harness, deployment)


def told(site: Site, path: str, **more: Any) -> dict[str, Any]:
    """The event that the function behind a path got."""
    answer = site.ask(path, **more)
    assert answer.status == 200, (answer.body, site.problem())
    event: dict[str, Any] = json.loads(answer.body)
    return event


class TestApis:
    def test_an_api_gets_the_request_below_the_origins_path(self, site: Site) -> None:
        event = told(
            site, "/api/a%20b?x=1&y=2", method="POST", body=b'{"a": 1}', headers={"X-Mine": "m", "Cookie": "c=1"}
        )

        assert event["rawPath"] == "/v1/api/a%20b" or event["rawPath"] == "/v1/api/a b"
        assert (event["rawQueryString"], event["body"]) == ("x=1&y=2", '{"a": 1}')
        assert event["cookies"] == ["c=1"]
        assert event["headers"]["content-length"] == "8"
        headers = event["headers"]
        assert (headers["x-mine"], headers["x-secret"], headers["x-b"]) == ("m", "s", "2")
        assert headers["host"].endswith(".execute-api.us-east-1.amazonaws.com")
        assert headers["x-forwarded-for"].startswith("127.0.0.1")

    def test_without_a_policy_nothing_of_the_viewer_goes_on(self, site: Site) -> None:
        sent = {"X-Mine": "m", "Cookie": "c=1", "User-Agent": "mine", "Authorization": "a", "Accept": "text/html"}
        event = told(site, "/plain/a?x=1", headers=sent)

        headers = event["headers"]
        assert (event["rawQueryString"], event.get("cookies")) == ("", None)
        assert {"x-mine", "authorization", "accept", "cookie"}.isdisjoint(headers)
        assert headers["user-agent"] == "Amazon CloudFront"
        assert "x-amz-cf-id" in headers
        assert told(site, "/plain/a", method="POST", headers=sent)["headers"]["authorization"] == "a"

    def test_an_origins_own_headers_go_before_the_viewers(self, site: Site) -> None:
        assert told(site, "/api/a", headers={"X-Secret": "mine"})["headers"]["x-secret"] == "s"

    def test_the_viewers_host_is_not_that_of_an_api(self, site: Site) -> None:
        assert (site.ask("/host/a").status, site.ask("/api/a").status) == (403, 200)

    def test_cookies_and_vary_are_returned_only_where_the_origin_gets_them(self, site: Site) -> None:
        plain, all_but_host = site.ask("/plain/a"), site.ask("/api/a")

        assert "set-cookie" not in plain.headers
        assert plain.headers["vary"] == "Accept-Encoding"
        assert all_but_host.headers["set-cookie"] == "a=1"
        assert all_but_host.headers["vary"] == "Accept-Encoding, X-A"

    def test_encodings_are_normalized_where_the_policy_keeps_them(self, site: Site) -> None:
        sent = {"Accept-Encoding": "deflate, gzip;q=0.5, br"}

        assert told(site, "/optimized/a", headers=sent)["headers"]["accept-encoding"] == "br,gzip"
        assert "accept-encoding" not in told(site, "/plain/a", headers=sent)["headers"]

    def test_the_endpoint_of_an_api_is_its_domain_too(self, site: Site) -> None:
        assert told(site, "/endpoint/a")["rawPath"] == "/v1/endpoint/a"


class TestFunctionUrls:
    def test_an_open_url_is_an_origin(self, site: Site) -> None:
        assert told(site, "/url/a")["rawPath"] == "/url/a"

    def test_a_url_with_authorization_is_called_as_the_distribution(self, site: Site) -> None:
        assert told(site, "/signed/a")["requestContext"]["authorizer"]["iam"]["accessKey"].startswith("ASIA")
        refused = site.ask("/unsigned/a")
        assert refused.status == 403
        assert b"Forbidden" in refused.body

    def test_the_viewer_has_to_state_the_hash_of_a_body(self, site: Site) -> None:
        body = b'{"a": 1}'
        stated = {"x-amz-content-sha256": hashlib.sha256(body).hexdigest()}

        assert site.ask("/signed/a", method="POST", body=body).status == 403
        assert told(site, "/signed/a", method="POST", body=body, headers=stated)["body"] == body.decode()

    def test_a_permission_for_another_distribution_lets_nobody_in(self, site: Site, tmp_path: Path) -> None:
        other = "arn:aws:cloudfront::123456789012:distribution/EOTHER"
        stack = {
            **function("Fn", SOURCE),
            **function_url("Closed", "Fn", auth="AWS_IAM"),
            **signed_permissions(other),
            **access_control("lambda"),
            **distribution(
                [
                    custom_origin(
                        host_of({"Fn::GetAtt": ["Closed", "FunctionUrl"]}),
                        OriginAccessControlId={"Fn::GetAtt": ["Control", "Id"]},
                    )
                ]
            ),
        }
        stacks = Stacks(site.harness, tmp_path, "other")
        other_site = Site(site.harness, stacks.deploy(stack, **URLS))

        assert other_site.ask("/a").status == 403
        denied = site.harness.events("AccessDenied")[-1]
        assert (denied["principal"], denied["action"]) == ("cloudfront.amazonaws.com", "lambda:InvokeFunctionUrl")
        stacks.destroy()


class TestOthers:
    def test_a_load_balancer_is_an_origin(self, site: Site) -> None:
        answer = site.ask("/balancer/a")

        assert (answer.status, answer.body.endswith(b".elb.amazonaws.com")) == (200, True)

    def test_a_website_is_an_origin_with_its_indexes_and_redirects(self, site: Site) -> None:
        site.put("pages/index.html", b"<h1>pages</h1>", bucket="Pages")

        assert site.ask("/pages/").body == b"<h1>pages</h1>"
        missing = site.ask("/pages/none")
        assert missing.status == 403
        assert missing.headers["content-type"].startswith("text/html")
        empty_buckets(site.harness)

    def test_a_server_that_a_test_binds_is_asked_by_its_name(self, site: Site, receiver: HttpReceiver) -> None:
        answer = site.ask("/bound/a?b=c", method="POST", body=b"sent")

        assert (answer.status, answer.body) == (200, b"bound")
        received = receiver.received[-1]
        assert (received.method, received.path, received.body) == ("POST", "/bound/a", b"sent")
        assert received.headers["host"] == "bound.example.com"

    def test_no_other_host_is_reached_and_the_trace_says_so(self, site: Site) -> None:
        answer = site.ask("/nowhere/a")

        assert (answer.status, answer.headers["x-cache"]) == (502, "Error from cloudfront")
        assert "nowhere.example.com" in site.problem()
        assert "harness.bind" in site.problem()

    def test_an_origin_that_is_not_there_is_told(self, site: Site) -> None:
        assert site.ask("/missing/a").status == 502
        assert "no origin missing" in site.problem()

    def test_a_distribution_is_no_origin_of_another(self, site: Site, tmp_path: Path) -> None:
        stacks = Stacks(site.harness, tmp_path, "loop")
        loop = Site(site.harness, stacks.deploy(distribution([custom_origin(site.domain)]), **URLS))

        assert loop.ask("/a").status == 502
        assert "not served as the origin of another" in loop.problem()
        stacks.destroy()
