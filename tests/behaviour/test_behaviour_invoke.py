"""`Invoke` as any SDK sends it, against a harness in its own process."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.plain_assembly import function, published, write_stack
from tests.fakes.wired_harness import Answer, WiredHarness, tail_of

pytestmark = pytest.mark.xdist_group("behaviour-invoke")

SOURCE = """
import os, sys

def handler(event, context):
    print("called by", context.invoked_function_arn)
    if event == "fail":
        raise LookupError("no")
    if event == "exit":
        os._exit(7)
    if event == "hang":
        import threading
        threading.Event().wait()
    if isinstance(event, dict) and "size" in event:
        return "x" * event["size"]
    client = context.client_context
    return {"event": event, "version": context.function_version, "custom": client and client.custom}
"""


@pytest.fixture(scope="module", autouse=True)
def deployment(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    resources = function("Fn", SOURCE, FunctionName="orders", Timeout=1) | published("Fn")
    deployed = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "invoke", resources))
    yield deployed
    harness.destroy(deployed)


def _refused(answer: Answer) -> tuple[int, str, str]:
    body = answer.json()
    assert body["Type"] == ("Service" if answer.status >= 500 else "User")
    return answer.status, answer.headers["x-amzn-errortype"], body.get("Message") or body.get("message")


ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"


class TestNames:
    @pytest.mark.parametrize(
        ("name", "qualifier", "version", "arn"),
        [
            ("orders", "", "$LATEST", ARN),
            ("orders", "$LATEST", "$LATEST", f"{ARN}:$LATEST"),
            ("orders", "1", "1", f"{ARN}:1"),
            ("orders", "live", "1", f"{ARN}:live"),
            ("orders:live", "", "1", f"{ARN}:live"),
            ("orders%3Alive", "live", "1", f"{ARN}:live"),
            ("123456789012:function:orders", "", "$LATEST", ARN),
            (ARN, "", "$LATEST", ARN),
            (f"{ARN}:1", "", "1", f"{ARN}:1"),
            (f"{ARN}:live".replace(":", "%3A"), "", "1", f"{ARN}:live"),
        ],
    )
    def test_every_way_to_name_it(
        self, harness: WiredHarness, name: str, qualifier: str, version: str, arn: str
    ) -> None:
        answer = harness.invoke(name, b'"hi"', qualifier=qualifier, headers={"X-Amz-Log-Type": "Tail"})

        assert answer.status == 200
        assert answer.json() == {"event": "hi", "version": version, "custom": None}
        assert answer.headers["x-amz-executed-version"] == version
        assert f"called by {arn}" in tail_of(answer)

    @pytest.mark.parametrize(
        ("name", "qualifier", "missing"),
        [
            ("missing", "", "missing"),
            ("orders", "missing", "orders:missing"),
            ("orders", "2", "orders:2"),
            (ARN.replace("us-east-1", "eu-west-1"), "", "orders"),
        ],
    )
    def test_what_is_missing_is_not_found(self, harness: WiredHarness, name: str, qualifier: str, missing: str) -> None:
        status, code, message = _refused(harness.invoke(name, qualifier=qualifier))

        assert (status, code) == (404, "ResourceNotFoundException")
        assert re.fullmatch(rf"Function not found: arn:aws:lambda:[a-z0-9-]+:123456789012:function:{missing}", message)

    def test_two_qualifiers_are_refused(self, harness: WiredHarness) -> None:
        status, code, _ = _refused(harness.invoke("orders:live", qualifier="1"))

        assert (status, code) == (400, "InvalidParameterValueException")

    @pytest.mark.parametrize("name", ["or%20ders", "%2e%2e", "a" * 65])
    def test_what_is_no_name_is_refused(self, harness: WiredHarness, name: str) -> None:
        status, code, _ = _refused(harness.invoke(name))

        assert (status, code) == (400, "ValidationException")


class TestInvocationTypes:
    def test_a_dry_run_runs_nothing(self, harness: WiredHarness) -> None:
        before = harness.position()

        answer = harness.invoke("orders", headers={"X-Amz-Invocation-Type": "DryRun"})

        assert (answer.status, answer.body) == (204, b"")
        assert harness.events("InvocationStarted", after=before) == []

    def test_a_dry_run_of_what_is_missing_is_refused(self, harness: WiredHarness) -> None:
        answer = harness.invoke("missing", headers={"X-Amz-Invocation-Type": "DryRun"})

        assert answer.status == 404

    def test_an_unknown_type_is_refused(self, harness: WiredHarness) -> None:
        status, code, message = _refused(harness.invoke("orders", headers={"X-Amz-Invocation-Type": "Later"}))

        assert (status, code) == (400, "InvalidParameterValueException")
        assert "Later" in message

    def test_another_operation_is_refused_clearly(self, harness: WiredHarness) -> None:
        status, code, message = _refused(harness.request("GET", "/2025-11-30/functions/orders/function-scaling-config"))

        assert (status, code) == (501, "NotImplementedException")
        assert "GetFunctionScalingConfig" in message


class TestPayloads:
    @pytest.mark.parametrize(
        "body", [b"{", b"no", b"NaN", b"\xff", b'{"a": Infinity}', "\ufeff{}".encode(), "{}".encode("utf-16"), b"1 2"]
    )
    def test_what_is_no_json_is_refused(self, harness: WiredHarness, body: bytes) -> None:
        before = harness.position()

        status, code, message = _refused(harness.invoke("orders", body))

        assert (status, code) == (400, "InvalidRequestContentException")
        assert message.startswith("Could not parse request body into json")
        assert harness.events("InvocationStarted", after=before) == []

    def test_nothing_is_an_empty_object(self, harness: WiredHarness) -> None:
        assert harness.invoke("orders", b"").json()["event"] == {}

    @pytest.mark.parametrize(("size", "ok"), [(6_291_455, True), (6_291_456, True), (6_291_457, False)])
    def test_an_event_has_6_mb(self, harness: WiredHarness, size: int, ok: bool) -> None:
        answer = harness.invoke("orders", b'"' + b"x" * (size - 2) + b'"')

        if ok:
            assert len(answer.json()["event"]) == size - 2
        else:
            status, code, message = _refused(answer)
            assert (status, code) == (413, "RequestTooLargeException")
            assert message == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"

    @pytest.mark.parametrize(("size", "ok"), [(6_291_556, True), (6_291_557, False)])
    def test_an_answer_has_6_mb_and_100_bytes(self, harness: WiredHarness, size: int, ok: bool) -> None:
        answer = harness.invoke("orders", json.dumps({"size": size - 2}).encode())

        assert answer.status == 200
        assert ("x-amz-function-error" not in answer.headers) is ok
        if ok:
            assert len(answer.body) == size
        else:
            assert answer.json()["errorType"] == "Function.ResponseSizeTooLarge"


class TestFunctionErrors:
    @pytest.mark.parametrize(
        ("event", "error_type"), [("fail", "LookupError"), ("exit", "Runtime.ExitError"), ("hang", "Sandbox.Timedout")]
    )
    def test_they_are_answers(self, harness: WiredHarness, event: str, error_type: str) -> None:
        answer = harness.invoke("orders", json.dumps(event).encode())

        assert answer.status == 200
        assert answer.headers["x-amz-function-error"] == "Unhandled"
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["errorType"] == error_type
        assert answer.headers["x-amz-executed-version"] == "$LATEST"

    def test_the_time_out_is_the_configured_one(self, harness: WiredHarness) -> None:
        answer = harness.invoke("orders", b'"hang"')

        request_id = answer.headers["x-amzn-requestid"]
        assert answer.json()["errorMessage"] == f"RequestId: {request_id} Error: Task timed out after 1.00 seconds"


class TestHeaders:
    def test_the_log_comes_along_when_asked_for(self, harness: WiredHarness) -> None:
        with_tail = harness.invoke("orders", b"1", headers={"X-Amz-Log-Type": "Tail"})
        without = harness.invoke("orders", b"1")

        request_id = with_tail.headers["x-amzn-requestid"]
        lines = tail_of(with_tail)
        assert f"START RequestId: {request_id} Version: $LATEST" in lines
        assert f"END RequestId: {request_id}" in lines
        assert lines[-1].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
        assert "x-amz-log-result" not in without.headers

    def test_a_client_context_arrives(self, harness: WiredHarness) -> None:
        context = base64.b64encode(json.dumps({"custom": {"k": "ü"}}, ensure_ascii=False).encode()).decode()

        answer = harness.invoke("orders", b"1", headers={"X-Amz-Client-Context": context})

        assert answer.json()["custom"] == {"k": "ü"}

    @pytest.mark.parametrize("context", ["no base64!", base64.b64encode(b"no json").decode(), "e30" * 1195])
    def test_a_client_context_that_is_none_is_refused(self, harness: WiredHarness, context: str) -> None:
        status, code, _ = _refused(harness.invoke("orders", b"1", headers={"X-Amz-Client-Context": context}))

        assert (status, code) == (400, "InvalidRequestContentException")


class TestSdk:
    def test_boto3_invokes(self, harness: WiredHarness) -> None:
        answer = harness.aws("lambda").invoke(
            FunctionName="orders", Qualifier="live", Payload=b'{"a": 1}', LogType="Tail"
        )

        assert answer["StatusCode"] == 200
        assert answer["ExecutedVersion"] == "1"
        assert "FunctionError" not in answer
        assert json.loads(answer["Payload"].read())["event"] == {"a": 1}
        assert b"REPORT RequestId" in base64.b64decode(answer["LogResult"])

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ({"FunctionName": "missing"}, "ResourceNotFoundException"),
            ({"FunctionName": "orders", "Payload": b"{"}, "InvalidRequestContentException"),
            ({"FunctionName": "missing", "InvocationType": "Event"}, "ResourceNotFoundException"),
        ],
    )
    def test_boto3_understands_a_refusal(self, harness: WiredHarness, arguments: dict[str, Any], code: str) -> None:
        with pytest.raises(ClientError) as refused:
            harness.aws("lambda").invoke(**arguments)

        assert refused.value.response["Error"]["Code"] == code
        assert refused.value.response["Error"]["Message"]


def test_many_callers_at_once_each_get_their_own_answer(harness: WiredHarness) -> None:
    answers: dict[int, Any] = {}

    def call(number: int) -> None:
        answers[number] = harness.invoke("orders", str(number).encode(), qualifier="live").json()["event"]

    threads = [threading.Thread(target=call, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert answers == {number: number for number in range(24)}


def test_the_trace_tells_of_an_invocation(harness: WiredHarness) -> None:
    before = harness.position()

    answer = harness.invoke("orders", b'{"sku": "a"}', qualifier="live")

    (started,) = harness.events("InvocationStarted", after=before)
    (ended,) = harness.events("InvocationEnded", after=before)
    assert started["request_id"] == ended["request_id"] == answer.headers["x-amzn-requestid"]
    assert (started["function"], started["version"], started["qualifier"]) == ("orders", "1", "live")
    assert json.loads(started["payload"]) == {"sku": "a"}
    assert (ended["status"], ended["error_type"]) == ("success", None)
    assert json.loads(ended["payload"]) == answer.json()
    assert ended["billed_duration_ms"] >= ended["duration_ms"]


def test_the_log_group_has_the_lines(harness: WiredHarness, deployment: dict[str, Any]) -> None:
    answer = harness.invoke("orders", b"1")
    harness.drain()

    group = deployment["stacks"]["invoke"]["resources"]["FnLogs"]["physical_id"]
    pages = harness.aws("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    messages = [event["message"] for page in pages for event in page["events"]]
    assert any(answer.headers["x-amzn-requestid"] in message for message in messages)
    assert f"called by {ARN}" in messages


def test_a_package_from_an_asset_runs(harness: WiredHarness, tmp_path: Path) -> None:
    from tests.fakes.plain_assembly import asset_code, write_stacks

    # given: a package with a module of its own, and a layer
    code, layer = tmp_path / "out" / "asset.code", tmp_path / "out" / "asset.layer"
    (code / "inner").mkdir(parents=True)
    (layer / "python").mkdir(parents=True)
    (code / "app.py").write_text("import inner.part, shared\ndef handler(e, c): return [inner.part.X, shared.Y]\n")
    (code / "inner" / "part.py").write_text("X = 'package'\n")
    (layer / "python" / "shared.py").write_text("Y = 'layer'\n")
    resources = function("Fn", FunctionName="packaged", Handler="app.handler", Layers=[{"Ref": "Layer"}])
    resources["Fn"]["Properties"]["Code"] = asset_code("code.zip")
    resources["Layer"] = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": asset_code("layer.zip")}}
    assembly = write_stacks(
        tmp_path / "out", {"packaged": {"Resources": resources}}, assets={"code.zip": code, "layer.zip": layer}
    )

    deployed = harness.deploy(assembly)
    answer = harness.invoke("packaged")
    harness.destroy(deployed)

    assert answer.json() == ["package", "layer"]
