"""Lambda@Edge: what functions of a distribution's events are told, may change, and what is refused of them.

Source: Amazon CloudFront Developer Guide, "Lambda@Edge event structure", "Generate HTTP responses in request
triggers", "Update HTTP responses in origin response triggers", "Restrictions on Lambda@Edge", "Restrictions on all edge
functions".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.distributions import (
    ALL_METHODS,
    ALL_VIEWER,
    OPTIMIZED,
    URLS,
    Site,
    behavior,
    custom_origin,
    distribution,
)
from tests.fakes.edge_functions import EVENTS, associated, edge_function
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.plain_assembly import write_stack
from tests.fakes.wired_harness import Answer, WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution-edge")

HOST, OTHER = "edge.example.com", "other.example.com"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver((200, b"content"), headers=[("X-Origin", "here")]) as running:
        yield running


@pytest.fixture(scope="module")
def site(harness: WiredHarness, receiver: HttpReceiver, tmp_path_factory: pytest.TempPathFactory) -> Site:
    for host in (HOST, OTHER):
        harness.call("POST", "outside", {"bind": host, "url": receiver.url})
    all_of_viewer: dict[str, Any] = {"OriginRequestPolicyId": ALL_VIEWER, "AllowedMethods": ALL_METHODS}
    resources = {
        **edge_function(),
        **distribution(
            [custom_origin(HOST, OriginPath="/v1", OriginCustomHeaders=[{"HeaderName": "X-Own", "HeaderValue": "o"}])],
            behavior(**all_of_viewer, **associated(*EVENTS)),
            CacheBehaviors=[
                behavior(
                    PathPattern="/body/*",
                    **all_of_viewer,
                    **associated("viewer-request", "origin-request", IncludeBody=True),
                ),
                behavior(PathPattern="/kept/*", CachePolicyId=OPTIMIZED, **associated(*EVENTS)),
            ],
            CustomErrorResponses=[{"ErrorCode": 418, "ErrorCachingMinTTL": 0}],
        ),
    }
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "edge", resources, **URLS))
    return Site(harness, deployment)


def ask(site: Site, do: dict[str, Any], path: str = "/a?x=1", **more: Any) -> Answer:
    """The answer, with functions that do as they are told."""
    headers = {"X-Do": json.dumps(do), **more.pop("headers", {})}
    return site.ask(path, headers=headers, **more)


def told(answer: Answer) -> dict[str, Any]:
    """The event of which a response's function told in a header."""
    event: dict[str, Any] = json.loads(base64.b64decode(answer.headers["x-told"]))
    return event["Records"][0]["cf"]  # type: ignore[no-any-return]


class TestEvents:
    def test_a_viewers_request(self, site: Site) -> None:
        answer = ask(site, {"viewer-request": "echo"}, "/a%20b?x=1&y=", headers={"X-Mine": "m"})

        event = answer.json()["Records"][0]["cf"]
        assert answer.headers["x-cache"] == "LambdaGeneratedResponse from cloudfront"
        assert event["config"]["distributionDomainName"] == site.domain
        assert (event["config"]["distributionId"], event["config"]["eventType"]) == (site.id, "viewer-request")
        assert event["config"]["requestId"] == answer.headers["x-amz-cf-id"]
        asked = event["request"]
        assert (asked["uri"], asked["querystring"], asked["method"]) == ("/a%20b", "x=1&y=", "GET")
        assert asked["clientIp"] == "127.0.0.1"
        assert asked["headers"]["x-mine"] == [{"key": "X-Mine", "value": "m"}]
        assert "origin" not in asked
        assert "body" not in asked

    def test_a_request_to_an_origin(self, site: Site) -> None:
        asked = ask(site, {"origin-request": "echo"}).json()["Records"][0]["cf"]["request"]

        assert asked["origin"] == {
            "custom": {
                "customHeaders": {"x-own": [{"key": "X-Own", "value": "o"}]},
                "domainName": HOST,
                "keepaliveTimeout": 5,
                "path": "/v1",
                "port": 443,
                "protocol": "https",
                "readTimeout": 30,
                "sslProtocols": ["TLSv1.2"],
            }
        }
        assert asked["headers"]["x-forwarded-for"] == [{"key": "X-Forwarded-For", "value": "127.0.0.1"}]
        assert "x-own" not in asked["headers"]
        assert "x-amz-cf-id" not in asked["headers"]

    @pytest.mark.parametrize("event", ["origin-response", "viewer-response"])
    def test_answers(self, site: Site, event: str) -> None:
        record = told(ask(site, {event: "tell"}))

        assert record["config"]["eventType"] == event
        assert (record["response"]["status"], record["response"]["statusDescription"]) == ("200", "OK")
        assert record["response"]["headers"]["x-origin"] == [{"key": "X-Origin", "value": "here"}]
        assert ("origin" in record["request"]) is (event == "origin-response")

    def test_a_body_is_told_as_base64_and_cut(self, site: Site) -> None:
        limit = 40 * 1024
        answer = ask(site, {"viewer-request": "echo"}, "/body/a", method="POST", body=b"some")
        cut = {
            (event, length): ask(site, {event: "body"}, "/body/a", method="POST", body=b"x" * length).json()
            for event in ("viewer-request", "origin-request")
            for length in (limit, limit + 1)
        }

        data = base64.b64encode(b"some").decode()
        whole = {"action": "read-only", "data": data, "encoding": "base64", "inputTruncated": False}
        assert answer.json()["Records"][0]["cf"]["request"]["body"] == whole
        assert cut == {
            ("viewer-request", limit): {"length": limit, "cut": False},
            ("viewer-request", limit + 1): {"length": limit, "cut": True},
            ("origin-request", limit): {"length": limit, "cut": False},
            ("origin-request", limit + 1): {"length": limit + 1, "cut": False},
        }

    def test_the_log_group_is_that_of_a_replica(self, site: Site) -> None:
        name = site.deployment["stacks"]["edge"]["resources"]["Edge"]["physical_id"]
        config = {"distributionDomainName": "", "distributionId": "", "eventType": "viewer-request", "requestId": ""}
        asked = {"headers": {"x-do": [{"value": json.dumps({"viewer-request": "echo"})}]}}
        event = {"Records": [{"cf": {"config": config, "request": asked}}]}
        assert site.harness.invoke(name, json.dumps(event).encode(), qualifier="1").json()["status"] == "200"
        logs = site.harness.aws("logs")

        def said(group: str) -> int:
            messages = [each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]]
            return sum("echo viewer-request" in message for message in messages)

        replicas = f"/aws/lambda/us-east-1.{name}"
        groups = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
        before = said(replicas) if replicas in groups else 0
        ask(site, {"viewer-request": "echo"})

        assert said(replicas) == before + 1


class TestChanges:
    def test_a_viewers_request_may_be_another(self, site: Site, receiver: HttpReceiver) -> None:
        changes = [[["uri"], "/b"], [["querystring"], "y=2"], [["headers", "x-new"], [{"value": "n"}]]]

        ask(site, {"viewer-request": {"set": changes}})

        received = receiver.received[-1]
        assert received.path == "/v1/b?y=2"
        assert (received.headers["x-new"], received.headers["x-own"]) == ("n", "o")

    def test_a_path_that_cannot_be_sent_is_encoded(self, site: Site, receiver: HttpReceiver) -> None:
        ask(site, {"viewer-request": {"set": [[["uri"], "/a b/é?#%20"]]}}, "/a")

        assert receiver.received[-1].path == "/v1/a%20b/%C3%A9%3F%23%20"

    def test_a_request_may_go_to_another_origin(self, site: Site, receiver: HttpReceiver) -> None:
        domain = [["origin", "custom", "domainName"], OTHER]
        changes = [domain, [["origin", "custom", "path"], "/v2"], [["headers", "host"], [{"value": OTHER}]]]

        assert ask(site, {"origin-request": {"set": changes}}).status == 200

        received = receiver.received[-1]
        assert (received.path, received.headers["host"]) == ("/v2/a?x=1", OTHER)

    def test_a_body_may_be_replaced(self, site: Site, receiver: HttpReceiver) -> None:
        replaced = {"action": "replace", "encoding": "text", "data": "new"}
        read_only = {"action": "read-only", "encoding": "text", "data": "new"}
        for body, path, expected in (
            (replaced, "/body/a", b"new"),
            (read_only, "/body/a", b"old"),
            (replaced, "/a", b"old"),
        ):
            ask(site, {"origin-request": {"set": [[["body"], body]]}}, path, method="POST", body=b"old")

            assert receiver.received[-1].body == expected
            assert receiver.received[-1].headers["content-length"] == "3"

    def test_an_origins_answer_may_be_another(self, site: Site) -> None:
        changes = [
            [["status"], "302"],
            [["headers", "location"], [{"key": "Location", "value": "/b"}]],
            [["body"], "gone"],
        ]

        answer = ask(site, {"origin-response": {"set": changes}})

        assert (answer.status, answer.headers["location"], answer.body) == (302, "/b", b"gone")
        assert answer.headers["x-origin"] == "here"

    def test_an_answer_may_be_generated_and_is_kept_of_an_origins_request(
        self, site: Site, receiver: HttpReceiver
    ) -> None:
        body = {"body": base64.b64encode(b"\x00made").decode(), "bodyEncoding": "base64"}
        generated = {"status": 201, "headers": {"x-made": [{"value": "m"}]}, **body}
        before = len(receiver.received)

        first = ask(site, {"origin-request": {"return": generated}})

        assert (first.status, first.body, first.headers["x-made"]) == (201, b"\x00made", "m")
        assert first.headers["x-cache"] == "LambdaGeneratedResponse from cloudfront"
        assert len(receiver.received) == before

    def test_functions_of_origins_do_not_run_for_what_is_kept(self, site: Site, receiver: HttpReceiver) -> None:
        position, before = site.harness.position(), len(receiver.received)

        for _ in range(2):
            assert site.ask("/kept/a").body == b"content"

        assert len(receiver.received) == before + 1
        assert len(site.harness.events("InvocationStarted", after=position)) == 4 + 2

    @pytest.mark.parametrize("status", [400, 404, 500])
    def test_the_viewers_response_has_no_function_for_errors(
        self, site: Site, receiver: HttpReceiver, status: int
    ) -> None:
        answers, receiver.answers = receiver.answers, [(status, b"no")]
        try:
            answer = ask(site, {"viewer-response": "tell", "origin-response": None}, f"/error-{status}")
            seen = ask(site, {"origin-response": "tell"}, f"/error-{status}-seen")
        finally:
            receiver.answers = answers

        assert answer.status == status
        assert "x-told" not in answer.headers
        assert told(seen)["response"]["status"] == str(status)


class TestRefusals:
    def test_a_function_that_fails_is_told_as_503(self, site: Site) -> None:
        answer = ask(site, {"viewer-request": "raise"})

        assert (answer.status, answer.headers["x-cache"]) == (503, "LambdaExecutionError from cloudfront")
        assert b"a secret" not in answer.body
        assert "LookupError" in site.problem()

    @pytest.mark.parametrize(
        ("event", "do", "why"),
        [
            ("viewer-request", {"return": None}, "no object"),
            ("viewer-request", {"return": "text"}, "no object"),
            ("viewer-request", {"return": {"status": "99"}}, "between 200 and 599"),
            ("viewer-request", {"return": {"status": "ok"}}, "between 200 and 599"),
            ("viewer-request", {"return": {"status": "204", "body": "x"}}, "204"),
            ("viewer-request", {"large": 41_000}, "larger than 40960"),
            ("viewer-request", {"return": {"status": "200", "body": "?", "bodyEncoding": "base64"}}, "base64"),
            ("viewer-request", {"return": {"status": "200", "headers": {"x-cache": [{"value": "a"}]}}}, "disallowed"),
            ("viewer-request", {"return": {"status": "200", "headers": {"a": [{"key": "b", "value": "c"}]}}}, "key"),
            ("viewer-request", {"return": {"status": "200", "headers": {"a": "b"}}}, "no array"),
            ("viewer-request", {"set": [[["uri"], "b"]]}, "slash"),
            ("viewer-request", {"set": [[["querystring"], "a b"]]}, "querystring"),
            ("viewer-request", {"set": [[["method"], "PUT"]]}, "method"),
            ("viewer-request", {"set": [[["headers", "host"], [{"value": "other.example.com"}]]]}, "read-only"),
            ("viewer-request", {"set": [[["headers", "x-edge-a"], [{"value": "a"}]]]}, "disallowed"),
            ("origin-request", {"set": [[["headers", "via"], [{"value": "a"}]]]}, "read-only"),
            ("origin-request", {"set": [[["origin"], {}]]}, "exactly one"),
            ("origin-request", {"set": [[["origin", "custom", "domainName"], "no domain"]]}, "domainName"),
            ("origin-request", {"set": [[["origin", "custom", "port"], 81]]}, "port"),
            (
                "origin-request",
                {"set": [[["origin", "custom", "customHeaders"], {"x-cache": [{"value": "a"}]}]]},
                "customHeaders",
            ),
            ("origin-request", {"set": [[["origin", "custom", "path"], "/a/"]]}, "path"),
            ("origin-response", {"set": [[["headers", "transfer-encoding"], [{"value": "a"}]]]}, "read-only"),
            ("origin-response", {"set": [[["status"], "600"]]}, "between 200 and 599"),
            ("viewer-response", {"set": [[["status"], "404"]]}, "cannot be changed"),
            ("viewer-response", {"set": [[["headers", "warning"], [{"value": "a"}]]]}, "read-only"),
        ],
    )
    def test_a_result_that_breaks_a_rule_is_told_as_502(self, site: Site, event: str, do: Any, why: str) -> None:
        answer = ask(site, {event: do})

        assert (answer.status, answer.headers["x-cache"]) == (502, "LambdaValidationError from cloudfront")
        assert why in site.problem()
