"""Reserved and provisioned concurrency as boto3 sees them, against a harness in its own process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.plain_assembly import function, published, write_stack
from tests.fakes.wired_harness import Answer, WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-concurrency")

# Stands still as long as an object is in the bucket, so that a test says how many run at once.
SOURCE = """
import os, threading
import boto3

STARTED = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
s3 = boto3.client("s3")

def handler(event, context):
    if event.get("exit"):
        os._exit(3)
    if event.get("hold"):
        s3.put_object(Bucket="gate", Key="in/" + context.aws_request_id)
        while s3.list_objects_v2(Bucket="gate", Prefix="closed").get("KeyCount"):
            threading.Event().wait(0.02)
    return {"version": context.function_version, "started": STARTED}
"""


@pytest.fixture(scope="module", autouse=True)
def deployment(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    resources = function("Fn", SOURCE, FunctionName="busy", Timeout=60) | published("Fn")
    deployed = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "busy", resources))
    yield deployed
    harness.destroy(deployed)


@pytest.fixture
def gate(harness: WiredHarness) -> Iterator[Gate]:
    gate = Gate(harness)
    yield gate
    gate.remove()


class Gate:
    """Invocations that stand still until the gate is opened."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness = harness
        self._s3 = harness.aws("s3")
        self._s3.create_bucket(Bucket="gate")
        self._s3.put_object(Bucket="gate", Key="closed")
        self._threads = ThreadPoolExecutor(8)

    def hold(self, count: int, name: str = "busy") -> list[Any]:
        """Futures of `count` invocations, once all of them stand still."""
        before = self._arrived()
        body = json.dumps({"hold": True}).encode()
        futures = [self._threads.submit(self.harness.invoke, name, body) for _ in range(count)]
        position = 0
        while self._arrived() < before + count:
            answer = self.harness.call("GET", f"trace?after={position}&wait_seconds=20").json()["events"]
            assert answer, f"only {self._arrived() - before} of {count} stand still"
            position = answer[-1]["sequence"]
        return futures

    def open(self) -> None:
        """Lets all of them go on."""
        self._s3.delete_object(Bucket="gate", Key="closed")

    def remove(self) -> None:
        """Lets go of all and takes the gate away."""
        self.open()
        self._threads.shutdown()
        for found in self._s3.list_objects_v2(Bucket="gate").get("Contents", []):
            self._s3.delete_object(Bucket="gate", Key=found["Key"])
        self._s3.delete_bucket(Bucket="gate")

    def _arrived(self) -> int:
        count: int = self._s3.list_objects_v2(Bucket="gate", Prefix="in/")["KeyCount"]
        return count


def _total(harness: WiredHarness, name: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    points = harness.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7_200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def _throttle(answer: Answer) -> tuple[int, str, str, str]:
    body = answer.json()
    return answer.status, answer.headers["x-amzn-errortype"], body["Reason"], body.get("message") or body["Message"]


class TestReserved:
    @pytest.fixture(autouse=True)
    def unreserved_again(self, harness: WiredHarness) -> Iterator[None]:
        yield
        harness.aws("lambda").delete_function_concurrency(FunctionName="busy")

    def test_beyond_it_there_is_429(self, harness: WiredHarness, gate: Gate) -> None:
        harness.aws("lambda").put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=2)
        before, throttles = harness.position(), _total(harness, "Throttles", FunctionName="busy")

        held = gate.hold(2)
        refused = harness.invoke("busy")
        gate.open()
        answers = [future.result(20) for future in held]
        later = harness.invoke("busy")

        assert _throttle(refused) == (
            429,
            "TooManyRequestsException",
            "ReservedFunctionConcurrentInvocationLimitExceeded",
            "Rate Exceeded.",
        )
        assert [answer.status for answer in [*answers, later]] == [200, 200, 200]
        (throttled,) = harness.events("InvocationThrottled", after=before)
        assert throttled["reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert _total(harness, "Throttles", FunctionName="busy") == throttles + 1

    def test_versions_and_aliases_share_it(self, harness: WiredHarness, gate: Gate) -> None:
        harness.aws("lambda").put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=1)

        gate.hold(1, "busy:live")

        assert harness.invoke("busy").status == 429
        assert harness.invoke("busy:1").status == 429

    def test_nothing_runs_with_0(self, harness: WiredHarness) -> None:
        harness.aws("lambda").put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=0)

        assert harness.invoke("busy").status == 429
        assert harness.invoke("busy", headers={"X-Amz-Invocation-Type": "DryRun"}).status == 204

    def test_what_is_thrown_back_into_the_queue_runs_later(self, harness: WiredHarness, gate: Gate) -> None:
        harness.aws("lambda").put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=1)
        before = harness.position()

        held = gate.hold(1)
        harness.invoke("busy", headers={"X-Amz-Invocation-Type": "Event"})
        position = before
        while not harness.events("InvocationRetryScheduled", after=before):
            answer = harness.call("GET", f"trace?after={position}&wait_seconds=20").json()["events"]
            assert answer, "no retry was scheduled"
            position = answer[-1]["sequence"]
        gate.open()
        held[0].result(20)
        harness.call("POST", "drain", {"timeout_seconds": 120, "advance": True})

        (settled,) = harness.events("EventSettled", after=before)
        assert (settled["condition"], settled["attempts"]) == ("Success", 1)
        assert harness.events("InvocationRetryScheduled", after=before)[0]["delay_seconds"] == 1


class TestProvisioned:
    @pytest.fixture(autouse=True)
    def provisioned(self, harness: WiredHarness) -> Iterator[None]:
        self.lambda_ = harness.aws("lambda")
        self.lambda_.put_provisioned_concurrency_config(
            FunctionName="busy", Qualifier="live", ProvisionedConcurrentExecutions=2
        )
        harness.drain()
        yield
        self.lambda_.delete_provisioned_concurrency_config(FunctionName="busy", Qualifier="live")
        harness.drain()

    def state(self) -> tuple[str, int, int]:
        """Status, requested, available."""
        config = self.lambda_.get_provisioned_concurrency_config(FunctionName="busy", Qualifier="live")
        return (
            config["Status"],
            config["RequestedProvisionedConcurrentExecutions"],
            config["AvailableProvisionedConcurrentExecutions"],
        )

    def test_environments_are_there_before_the_first_event(self, harness: WiredHarness) -> None:
        before = harness.position()

        answer = harness.invoke("busy:live", b"{}")

        assert self.state() == ("READY", 2, 2)
        assert answer.json() == {"version": "1", "started": "provisioned-concurrency"}
        assert harness.events("EnvironmentStarted", after=before) == []
        assert [event["cold_start"] for event in harness.events("InvocationStarted", after=before)] == [False]

    def test_they_serve_nothing_else(self, harness: WiredHarness) -> None:
        assert harness.invoke("busy", b"{}").json() == {"version": "$LATEST", "started": "on-demand"}
        assert harness.invoke("busy:1", b"{}").json() == {"version": "1", "started": "on-demand"}

    def test_what_is_too_much_spills_over(self, harness: WiredHarness, gate: Gate) -> None:
        before = harness.position()
        measured = _total(harness, "ProvisionedConcurrencySpilloverInvocations", FunctionName="busy")

        held = gate.hold(3, "busy:live")
        gate.open()
        started = Counter(future.result(20).json()["started"] for future in held)

        assert started == {"provisioned-concurrency": 2, "on-demand": 1}
        assert len(harness.events("ProvisionedSpillover", after=before)) == 1
        spilled = _total(harness, "ProvisionedConcurrencySpilloverInvocations", FunctionName="busy")
        assert spilled == measured + 1

    def test_one_that_crashed_is_made_anew_ahead(self, harness: WiredHarness) -> None:
        for _ in range(2):
            harness.invoke("busy:live", b'{"exit": 1}')
        harness.drain()
        before = harness.position()

        answers = [harness.invoke("busy:live", b"{}") for _ in range(2)]

        assert self.state() == ("READY", 2, 2)
        assert {answer.json()["started"] for answer in answers} == {"provisioned-concurrency"}
        assert harness.events("EnvironmentStarted", after=before) == []

    def test_an_update_of_the_function_leaves_them_ready(self, harness: WiredHarness) -> None:
        self.lambda_.update_function_configuration(FunctionName="busy", Description="updated")
        harness.drain()

        assert self.state() == ("READY", 2, 2)
        assert harness.invoke("busy:live", b"{}").json()["started"] == "provisioned-concurrency"

    def test_a_reset_takes_away_what_was_not_deployed(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        before = harness.position()

        harness.reset(deployment)
        harness.drain()

        assert harness.events("ProvisionedConcurrencyChanged", after=before)[-1]["status"] == "DELETED"
        assert harness.invoke("busy:live", b"{}").json()["started"] == "on-demand"

    def test_they_follow_the_alias(self, harness: WiredHarness) -> None:
        self.lambda_.update_function_configuration(FunctionName="busy", Description="another")
        self.lambda_.publish_version(FunctionName="busy")
        versions = self.lambda_.list_versions_by_function(FunctionName="busy")["Versions"]
        newest = max(int(version["Version"]) for version in versions if version["Version"] != "$LATEST")

        self.lambda_.update_alias(FunctionName="busy", Name="live", FunctionVersion=str(newest))
        harness.drain()
        before = harness.position()
        moved = harness.invoke("busy:live", b"{}").json()
        cold = harness.events("EnvironmentStarted", after=before)
        self.lambda_.update_alias(FunctionName="busy", Name="live", FunctionVersion="1")
        harness.drain()

        assert moved == {"version": str(newest), "started": "provisioned-concurrency"}
        assert cold == []
        assert self.state() == ("READY", 2, 2)

    def test_what_cannot_start_fails(self, harness: WiredHarness, tmp_path: Any) -> None:
        resources = function("Bad", "raise LookupError('at import')", FunctionName="bad") | published("Bad")
        deployed = harness.deploy(write_stack(tmp_path, "bad", resources))

        self.lambda_.put_provisioned_concurrency_config(
            FunctionName="bad", Qualifier="live", ProvisionedConcurrentExecutions=3
        )
        harness.drain()
        config = self.lambda_.get_provisioned_concurrency_config(FunctionName="bad", Qualifier="live")
        harness.destroy(deployed)

        assert config["Status"] == "FAILED"
        assert config["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
        assert config["AvailableProvisionedConcurrentExecutions"] == 0


class TestWeightedAliases:
    def test_traffic_is_shared_by_weight_and_the_same_each_time(self, harness: WiredHarness) -> None:
        lambda_ = harness.aws("lambda")
        lambda_.update_function_configuration(FunctionName="busy", Description="weighed")
        second = lambda_.publish_version(FunctionName="busy")["Version"]
        lambda_.update_alias(
            FunctionName="busy", Name="live", RoutingConfig={"AdditionalVersionWeights": {second: 0.25}}
        )

        answers = [harness.invoke("busy:live", b"{}") for _ in range(200)]
        lambda_.update_alias(FunctionName="busy", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})

        shares = Counter(answer.headers["x-amz-executed-version"] for answer in answers)
        assert shares.keys() == {"1", second}
        assert 30 <= shares[second] <= 70
        assert all(answer.json()["version"] == answer.headers["x-amz-executed-version"] for answer in answers)
        measured = _total(harness, "Invocations", FunctionName="busy", Resource="busy:live", ExecutedVersion=second)
        assert measured == shares[second]

    def test_an_alias_that_moves_leaves_what_runs_alone(self, harness: WiredHarness, gate: Gate) -> None:
        lambda_ = harness.aws("lambda")
        lambda_.update_function_configuration(FunctionName="busy", Description="moved")
        second = lambda_.publish_version(FunctionName="busy")["Version"]

        held = gate.hold(1, "busy:live")
        lambda_.update_alias(FunctionName="busy", Name="live", FunctionVersion=second)
        after = harness.invoke("busy:live", b"{}")
        gate.open()
        before = held[0].result(20)
        lambda_.update_alias(FunctionName="busy", Name="live", FunctionVersion="1")

        assert before.headers["x-amz-executed-version"] == "1"
        assert after.headers["x-amz-executed-version"] == second
