"""CloudFront functions: what they are told, may change, and what is refused of them.

Source: Amazon CloudFront Developer Guide, "CloudFront Functions event structure", "JavaScript runtime 2.0 features for
CloudFront Functions", "Example code for CloudFront Functions", "Restrictions on CloudFront Functions".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import DeploymentError
from tests.fakes.distributions import ALL_METHODS, ALL_VIEWER, URLS, Site, behavior, custom_origin, distribution
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.plain_assembly import Resources
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution-functions")

HOST = "functions.example.com"
ECHO = """
function handler(event) {
    return {statusCode: 200, statusDescription: 'OK', body: JSON.stringify(event)};
}
"""


def plain_function(code: str, name: str = "Fn", runtime: str = "cloudfront-js-2.0", **config: Any) -> Resources:
    """A CloudFront function."""
    properties = {
        "Name": {"Fn::Sub": f"${{AWS::StackName}}-{name}"},
        "AutoPublish": True,
        "FunctionCode": code,
        "FunctionConfig": {"Comment": "", "Runtime": runtime, **config},
    }
    return {name: {"Type": "AWS::CloudFront::Function", "Properties": properties}}


def associated(event: str = "viewer-request", name: str = "Fn") -> dict[str, Any]:
    return {"FunctionAssociations": [{"EventType": event, "FunctionARN": {"Fn::GetAtt": [name, "FunctionARN"]}}]}


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


@pytest.fixture(scope="module")
def receiver(harness: WiredHarness) -> Iterator[HttpReceiver]:
    headers = [("X-Origin", "here"), ("Set-Cookie", "a=1; Path=/; Secure"), ("Set-Cookie", "b=2")]
    with HttpReceiver((200, b"content"), headers=headers) as running:
        harness.call("POST", "outside", {"bind": HOST, "url": running.url})
        yield running


@pytest.fixture
def stacks(
    harness: WiredHarness, receiver: HttpReceiver, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Stacks]:
    del receiver
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-40:].strip("-")
    stacks = Stacks(harness, tmp_path, f"t-{name}")
    yield stacks
    stacks.destroy()


def deployed(
    harness: WiredHarness, stacks: Stacks, code: str, event: str = "viewer-request", more: Any = None, **config: Any
) -> Site:
    default = behavior(OriginRequestPolicyId=ALL_VIEWER, AllowedMethods=ALL_METHODS, **associated(event))
    resources = {
        **(more or {}),
        **plain_function(code, **config),
        **distribution([custom_origin(HOST)], default),
    }
    return Site(harness, stacks.deploy(resources, **URLS))


class TestEvents:
    def test_a_viewers_request(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, ECHO)

        sent = {"X-Mine": "m", "Cookie": "c=1; d=2; c=3"}
        answer = site.ask("/a%20b?x=1&y=&x=a%20b", headers=sent)

        event = answer.json()
        assert answer.headers["x-cache"] == "FunctionGeneratedResponse from cloudfront"
        assert event["version"] == "1.0"
        assert event["context"] == {
            "distributionDomainName": site.domain,
            "distributionId": site.id,
            "eventType": "viewer-request",
            "requestId": answer.headers["x-amz-cf-id"],
        }
        assert event["viewer"] == {"ip": "127.0.0.1"}
        request = event["request"]
        assert (request["method"], request["uri"]) == ("GET", "/a%20b")
        assert request["querystring"] == {
            "x": {"value": "1", "multiValue": [{"value": "1"}, {"value": "a%20b"}]},
            "y": {"value": ""},
        }
        assert request["headers"]["x-mine"] == {"value": "m"}
        assert "cookie" not in request["headers"]
        assert request["cookies"] == {
            "c": {"value": "1", "multiValue": [{"value": "1"}, {"value": "3"}]},
            "d": {"value": "2"},
        }

    def test_a_viewers_response(self, harness: WiredHarness, stacks: Stacks) -> None:
        code = "function handler(event) { event.response.body = JSON.stringify(event); return event.response; }"
        site = deployed(harness, stacks, code, "viewer-response")

        answer = site.ask("/a")

        response = answer.json()["response"]
        assert (response["statusCode"], response["statusDescription"]) == (200, "OK")
        assert response["headers"]["x-origin"] == {"value": "here"}
        assert response["cookies"] == {
            "a": {"value": "1", "attributes": "Path=/; Secure"},
            "b": {"value": "2"},
        }
        assert [value for name, value in answer.pairs if name == "set-cookie"] == ["a=1; Path=/; Secure", "b=2"]


class TestChanges:
    def test_a_request_may_be_another(self, harness: WiredHarness, stacks: Stacks, receiver: HttpReceiver) -> None:
        code = """
        function handler(event) {
            const request = event.request;
            if (request.uri.endsWith('/')) request.uri += 'index.html';
            request.headers['x-new'] = {value: 'n'};
            delete request.headers['x-mine'];
            request.querystring.z = {value: '9'};
            request.cookies.e = {value: '5'};
            return request;
        }
        """
        site = deployed(harness, stacks, code)

        site.ask("/docs/?x=1&x=2", headers={"X-Mine": "m", "Cookie": "c=1"})

        received = receiver.received[-1]
        assert received.path == "/docs/index.html?x=1&x=2&z=9"
        assert (received.headers["x-new"], received.headers["cookie"]) == ("n", "c=1; e=5")
        assert "x-mine" not in received.headers

    def test_a_request_that_is_given_back_is_the_viewers(
        self, harness: WiredHarness, stacks: Stacks, receiver: HttpReceiver
    ) -> None:
        site = deployed(harness, stacks, "function handler(event) { return event.request; }")

        site.ask("/a%20b?x&y=&z=a+b", method="POST", body=b"sent")

        assert (receiver.received[-1].path, receiver.received[-1].body) == ("/a%20b?x&y=&z=a+b", b"sent")

    def test_what_the_viewer_called_otherwise_than_a_function_may_stays(
        self, harness: WiredHarness, stacks: Stacks, receiver: HttpReceiver
    ) -> None:
        code = "function handler(event) { event.request.querystring.z = {value: '1'}; return event.request; }"
        site = deployed(harness, stacks, code)

        answer = site.ask("/a?x=%C3%BC", headers={"Cookie": "list[0]=1; b=2"})

        assert answer.status == 200, site.problem()
        assert receiver.received[-1].path == "/a?x=%C3%BC&z=1"
        assert receiver.received[-1].headers["cookie"] == "list[0]=1; b=2"

    def test_an_answer_may_be_given_at_once(
        self, harness: WiredHarness, stacks: Stacks, receiver: HttpReceiver
    ) -> None:
        code = """
        function handler(event) {
            return {
                statusCode: 302,
                statusDescription: 'Found',
                headers: {location: {value: '/new'}},
                cookies: {a: {value: '1', attributes: 'Secure'}},
                body: {encoding: 'base64', data: 'AG1hZGU='},
            };
        }
        """
        site, before = deployed(harness, stacks, code, runtime="cloudfront-js-1.0"), len(receiver.received)

        answer = site.ask("/old")

        assert (answer.status, answer.headers["location"], answer.body) == (302, "/new", b"\x00made")
        assert answer.headers["set-cookie"] == "a=1; Secure"
        assert len(receiver.received) == before

    def test_a_response_may_be_another(self, harness: WiredHarness, stacks: Stacks) -> None:
        code = """
        function handler(event) {
            const response = event.response;
            response.statusCode = 203;
            response.headers['strict-transport-security'] = {value: 'max-age=1'};
            delete response.headers['x-origin'];
            return response;
        }
        """
        answer = deployed(harness, stacks, code, "viewer-response").ask("/a")

        assert (answer.status, answer.body, answer.headers["strict-transport-security"]) == (
            203,
            b"content",
            "max-age=1",
        )
        assert "x-origin" not in answer.headers

    def test_modules_hash_read_and_keep_values(self, harness: WiredHarness, stacks: Stacks) -> None:
        code = """
        import cf from 'cloudfront';
        import crypto from 'crypto';
        const querystring = require('querystring');
        const store = cf.kvs();
        async function handler(event) {
            const text = 'x'.repeat(100) + 'é';
            const told = {
                md5: crypto.createHash('md5').update(text).digest('hex'),
                sha1: crypto.createHash('sha1').update(text).digest('hex'),
                sha256: crypto.createHash('sha256').update(text).digest('base64url'),
                hmac: crypto.createHmac('sha256', 'key').update(text).digest('hex'),
                decoded: Buffer.from('w6k=', 'base64').toString(),
                parsed: querystring.parse('a=1&b=%20&a=2'),
                kept: await store.get('name'),
                json: await store.get('json', {format: 'json'}),
                exists: await store.exists('none'),
            };
            try { await store.get('none'); } catch (error) { told.missing = String(error); }
            return {statusCode: 200, body: JSON.stringify(told)};
        }
        """
        bucket = "kept-values-of-a-function"
        harness.aws("s3").create_bucket(Bucket=bucket)
        data = {"data": [{"key": "name", "value": "kept"}, {"key": "json", "value": '{"a": 1}'}]}
        harness.aws("s3").put_object(Bucket=bucket, Key="values.json", Body=json.dumps(data).encode())
        source = {"SourceType": "S3", "SourceArn": f"arn:aws:s3:::{bucket}/values.json"}
        properties = {"Name": {"Ref": "AWS::StackName"}, "ImportSource": source}
        store = {"Store": {"Type": "AWS::CloudFront::KeyValueStore", "Properties": properties}}
        associations = [{"KeyValueStoreARN": {"Fn::GetAtt": ["Store", "Arn"]}}]
        site = deployed(harness, stacks, code, more=store, KeyValueStoreAssociations=associations)

        answer = site.ask("/a")
        assert answer.status == 200, site.problem()
        told = answer.json()

        text = ("x" * 100 + "é").encode()
        assert told["md5"] == hashlib.md5(text, usedforsecurity=False).hexdigest()
        assert told["sha1"] == hashlib.sha1(text, usedforsecurity=False).hexdigest()
        assert bytes.fromhex(told["hmac"]) == hmac.digest(b"key", text, "sha256")
        assert len(told["sha256"]) == 43
        assert (told["decoded"], told["parsed"]) == ("é", {"a": ["1", "2"], "b": " "})
        assert (told["kept"], told["json"], told["exists"]) == ("kept", {"a": 1}, False)
        assert "KeyNotFound" in told["missing"]

    def test_what_a_function_logs_is_in_its_group(self, harness: WiredHarness, stacks: Stacks) -> None:
        code = "function handler(event) { console.log('said', {a: 1}); return event.request; }"
        site = deployed(harness, stacks, code)
        answer = site.ask("/a")
        (stack,) = site.deployment["stacks"].values()
        name = stack["resources"]["Fn"]["physical_id"].rpartition("/")[2]

        group = f"/aws/cloudfront/function/{name}"
        events = harness.aws("logs").filter_log_events(logGroupName=group)["events"]

        begins, said, ends = (each["message"] for each in events)
        request_id = answer.headers["x-amz-cf-id"]
        assert begins == f"{request_id} START DistributionID: {site.id}"
        assert (said, ends) == (f'{request_id} said {{"a":1}}', f"{request_id} END")


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "why"),
        [
            ("function handler(event) { throw new Error('a secret'); }", "a secret"),
            ("async function handler(event) { throw new Error('a secret'); }", "a secret"),
            ("function handler(event) { for (;;) {} }", "longer than it may"),
            ("function other(event) {}", "no function named handler"),
            ("function handler(event) {", "SyntaxError"),
            ("function handler(event) { return eval('1'); }", "EvalError"),
            ("function handler(event) { return new Function('return 1')(); }", "EvalError"),
            ("function handler(event) { return setTimeout(handler, 1); }", "setTimeout"),
            ("function handler(event) { return process.env; }", "process"),
            ("function handler(event) { return fetch('http://127.0.0.1'); }", "fetch"),
            ("function handler(event) { return require('fs'); }", "Cannot find module"),
            ("function handler(event) { let a = {}; for (let i = 0; i < 5000; i += 1) a = {a}; return a; }", ""),
            ("function handler(event) { let a = {}; a.a = a; return a; }", "circular"),
        ],
    )
    def test_a_function_that_fails_is_told_as_503(
        self, harness: WiredHarness, stacks: Stacks, code: str, why: str
    ) -> None:
        site = deployed(harness, stacks, code)

        answer = site.ask("/a")

        assert (answer.status, answer.headers["x-cache"]) == (503, "FunctionExecutionError from cloudfront")
        assert b"a secret" not in answer.body
        assert why in site.problem()

    @pytest.mark.parametrize(
        ("event", "result", "why"),
        [
            ("viewer-request", "null", "no object"),
            ("viewer-request", "'text'", "no object"),
            ("viewer-request", "{statusCode: 99}", "statusCode"),
            ("viewer-request", "{statusCode: 100}", "statusCode"),
            ("viewer-request", "{statusCode: '199'}", "statusCode"),
            ("viewer-request", "{statusCode: 600}", "statusCode"),
            ("viewer-response", "{...event.response, statusCode: 101}", "statusCode"),
            ("viewer-request", "{...event.request, uri: 'a'}", "uri"),
            ("viewer-request", "{...event.request, method: 'PUT'}", "method"),
            ("viewer-request", "{...event.request, headers: {'x-cache': {value: 'a'}}}", "disallowed"),
            ("viewer-request", "{...event.request, headers: {'X-Upper': {value: 'a'}}}", "lower case"),
            ("viewer-request", "{...event.request, headers: {a: 'b'}}", "no object with a value"),
            ("viewer-request", "{...event.request, headers: {host: {value: 'a.example.com'}}}", "read-only"),
            ("viewer-request", "{...event.request, querystring: {a: {value: 'b c'}}}", "querystring"),
            ("viewer-request", "{...event.request, querystring: {a: {value: 'ü'}}}", "querystring"),
            ("viewer-request", "{...event.request, querystring: {'ü': {value: ''}}}", "querystring"),
            ("viewer-request", "{...event.request, cookies: {'a b': {value: 'c'}}}", "name of a cookie"),
            ("viewer-request", "{...event.request, cookies: {'a=b;c': {value: 'c'}}}", "name of a cookie"),
            ("viewer-request", "{...event.request, cookies: {'a\\r\\nX': {value: 'c'}}}", "name of a cookie"),
            ("viewer-request", "{statusCode: 200, cookies: {'a\\nX': {value: 'c'}}}", "name of a cookie"),
            ("viewer-response", "{...event.response, cookies: {'': {value: 'c'}}}", "name of a cookie"),
            ("viewer-request", "{statusCode: 200, body: {encoding: 'base64', data: '?'}}", "base64"),
            ("viewer-response", "{...event.response, headers: {warning: {value: 'a'}}}", "read-only"),
        ],
    )
    def test_a_result_that_breaks_a_rule_is_told_as_502(
        self, harness: WiredHarness, stacks: Stacks, event: str, result: str, why: str
    ) -> None:
        site = deployed(harness, stacks, f"function handler(event) {{ return {result}; }}", event)

        assert site.ask("/a").status == 502
        assert why in site.problem()

    def test_nothing_of_one_run_is_there_in_the_next(self, harness: WiredHarness, stacks: Stacks) -> None:
        code = """
        let count = 0;
        function handler(event) {
            globalThis.kept = (globalThis.kept ?? 0) + 1;
            count += 1;
            return {statusCode: 200, body: `${globalThis.kept} ${count}`};
        }
        """
        site = deployed(harness, stacks, code)

        assert [site.ask("/a").body for _ in range(3)] == [b"1 1"] * 3

    def test_code_of_more_than_ten_kilobytes_is_refused(self, harness: WiredHarness, tmp_path: Path) -> None:
        with pytest.raises(DeploymentError, match="may have 10240"):
            Stacks(harness, tmp_path, "large").deploy(plain_function(f"// {'x' * 10_240}"))

    def test_a_behaviour_has_functions_of_one_kind_for_viewers(self, harness: WiredHarness, tmp_path: Path) -> None:
        twice = [associated("viewer-request")["FunctionAssociations"][0] for _ in range(2)]
        resources = {
            **plain_function(ECHO),
            **distribution([custom_origin(HOST)], behavior(FunctionAssociations=twice)),
        }
        with pytest.raises(DeploymentError, match="one function only"):
            Stacks(harness, tmp_path, "twice").deploy(resources)
