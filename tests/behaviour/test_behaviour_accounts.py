"""Stacks of several accounts and regions in one harness: each function, table and caller in its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from tests.fakes.accounts import (
    ANOTHER,
    ECHO,
    ENVIRONMENTS,
    HOME,
    ONE,
    REGIONS,
    Accounts,
    arn_of,
    function_of,
    kept,
    template_of,
    writers,
)
from tests.fakes.lambda_api import create_function
from tests.fakes.plain_assembly import function, write_stacks

pytestmark = pytest.mark.xdist_group("behaviour-accounts")


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness(account_id=HOME, region=REGIONS[HOME], enforce_iam="off") as running:
        yield running


@pytest.fixture
def accounts(harness: Harness, tmp_path: Path) -> Iterator[Accounts]:
    accounts = Accounts(harness, tmp_path)
    yield accounts
    accounts.close()


class TestFunctionsOfOneName:
    def test_each_runs_in_its_own_account(self, accounts: Accounts) -> None:
        deployment = writers(accounts)
        first, second = function_of(deployment, "first"), function_of(deployment, "second")

        answers = [first.invoke({"id": "1"}).payload, second.invoke({"id": "2"}).payload]

        assert (first.name, second.name) == ("shared", "shared")
        for answer, account_id in zip(answers, (ONE, ANOTHER), strict=True):
            assert answer == {
                "arn": arn_of(account_id, "shared"),
                "account": account_id,
                "functions": [arn_of(account_id, "plain"), arn_of(account_id, "shared")],
            }
        assert kept(accounts, ONE) == {"1": {"by": arn_of(ONE, "shared")}}
        assert kept(accounts, ANOTHER) == {"2": {"by": arn_of(ANOTHER, "shared")}}
        assert "items" not in accounts.client("dynamodb", HOME).list_tables()["TableNames"]

    def test_the_trace_tells_them_apart(self, accounts: Accounts) -> None:
        deployment = writers(accounts)
        first, second = function_of(deployment, "first"), function_of(deployment, "second")
        before = len(first.invocations)

        second.invoke({"id": "x"})

        assert len(first.invocations) == before
        assert second.invocations[-1].event == {"id": "x"}

    def test_logs_and_metrics_are_their_account_s(self, accounts: Accounts) -> None:
        source = "def handler(event, context): print('seen', event)"
        deployment = accounts.deploy(
            {"second": template_of(function("Fn", source, FunctionName="measured"))}, ENVIRONMENTS
        )

        function_of(deployment, "second").invoke("something")

        group = deployment.stacks["second"].resources["FnLogs"].physical_id
        events = accounts.client("logs", ANOTHER).filter_log_events(logGroupName=group)["events"]
        assert any("seen something" in event["message"] for event in events)
        measured = {
            account_id: len(
                accounts.client("cloudwatch", account_id).list_metrics(
                    Namespace="AWS/Lambda",
                    MetricName="Invocations",
                    Dimensions=[{"Name": "FunctionName", "Value": "measured"}],
                )["Metrics"]
            )
            for account_id in REGIONS
        }
        assert measured == {HOME: 0, ONE: 0, ANOTHER: 1}

    def test_their_reservations_come_from_separate_pools(self, accounts: Accounts) -> None:
        template = template_of(function("Fn", ECHO, FunctionName="reserving", ReservedConcurrentExecutions=900))
        accounts.deploy({"first": template, "second": template}, ENVIRONMENTS)

        for account_id in (ONE, ANOTHER):
            settings = accounts.client("lambda", account_id).get_account_settings()["AccountLimit"]
            assert settings["UnreservedConcurrentExecutions"] == 100
        assert (
            accounts.client("lambda", HOME).get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
            == 1000
        )

    def test_stacks_of_one_name_are_told_apart_by_their_environment(self, accounts: Accounts) -> None:
        template = template_of({"Only": {"Type": "AWS::CloudFormation::WaitConditionHandle"}})
        directory = accounts.directory / "alike"
        write_stacks(directory, {"first": template, "second": template}, environments=ENVIRONMENTS)
        manifest = json.loads((directory / "manifest.json").read_text())
        for name in ENVIRONMENTS:
            manifest["artifacts"][name]["properties"]["stackName"] = "app"
        (directory / "manifest.json").write_text(json.dumps(manifest))

        deployment = accounts.harness.deploy(directory)

        assert sorted(deployment.stacks) == [f"{ONE}/us-east-1/app", f"{ANOTHER}/eu-west-1/app"]
        deployment.destroy()


class TestCallsAcrossAccounts:
    @pytest.mark.parametrize("qualifier", ["", ":$LATEST"])
    def test_a_function_calls_another_account_s_by_its_arn(self, accounts: Accounts, qualifier: str) -> None:
        deployment = writers(accounts)
        target = arn_of(ANOTHER, "plain") + qualifier

        answer = function_of(deployment, "first").invoke({"id": "1", "call": target}).payload

        assert answer["called"] == [target, "hello"]

    def test_a_bare_name_is_the_caller_s_own(self, accounts: Accounts) -> None:
        deployment = writers(accounts)

        for stack, account_id in (("first", ONE), ("second", ANOTHER)):
            answer = function_of(deployment, stack).invoke({"id": "1", "call": "plain"}).payload
            assert answer["called"] == [arn_of(account_id, "plain"), "hello"]

    def test_a_partial_arn_names_the_account(self, accounts: Accounts) -> None:
        template = template_of(function("Plain", ECHO, FunctionName="plain"))
        accounts.deploy({"first": template}, {"first": f"{ONE}/us-east-1"})

        answer = accounts.harness.client("lambda").invoke(FunctionName=f"{ONE}:function:plain", Payload=b"1")

        assert json.loads(answer["Payload"].read()) == [arn_of(ONE, "plain"), 1]

    def test_a_bare_name_is_the_caller_s_own_for_a_stream_too(self, accounts: Accounts) -> None:
        writers(accounts)

        answer = accounts.client("lambda", ANOTHER).invoke_with_response_stream(FunctionName="plain", Payload=b"1")

        payload = b"".join(
            event["PayloadChunk"]["Payload"] for event in answer["EventStream"] if "PayloadChunk" in event
        )
        assert json.loads(payload) == [arn_of(ANOTHER, "plain"), 1]

    def test_a_role_of_another_account_acts_there(self, accounts: Accounts) -> None:
        deployment = writers(accounts)
        function_of(deployment, "second").invoke({"id": "kept there"})

        event = {"id": "kept here", "assume": f"arn:aws:iam::{ANOTHER}:role/any", "region": REGIONS[ANOTHER]}
        answer = function_of(deployment, "first").invoke(event).payload

        assert answer["there"] == ["kept there"]

    @pytest.mark.parametrize("name", ["plain", "missing"])
    def test_the_harness_s_own_account_has_none_of_them(self, accounts: Accounts, name: str) -> None:
        writers(accounts)

        with pytest.raises(ClientError, match=f"Function not found: arn:aws:lambda:us-east-1:{HOME}:function:{name}"):
            accounts.harness.client("lambda").invoke(FunctionName=name)

    @pytest.mark.parametrize("account_id", [ANOTHER, "999999999999"])
    def test_a_function_that_is_in_no_account_is_not_found(self, accounts: Accounts, account_id: str) -> None:
        writers(accounts)
        arn = f"arn:aws:lambda:eu-west-1:{account_id}:function:nothing"

        with pytest.raises(ClientError, match=f"Function not found: {arn}"):
            accounts.harness.client("lambda", region="eu-west-1").invoke(FunctionName=arn)

    def test_calls_that_take_an_arn_of_another_account(self, accounts: Accounts) -> None:
        writers(accounts)
        client, arn = accounts.harness.client("lambda", region=REGIONS[ANOTHER]), arn_of(ANOTHER, "plain")

        assert client.get_function_configuration(FunctionName=arn)["FunctionArn"] == arn
        client.tag_resource(Resource=arn, Tags={"a": "b"})
        assert client.list_tags(Resource=arn)["Tags"] == {"a": "b"}

    def test_calls_that_do_not(self, accounts: Accounts) -> None:
        writers(accounts)
        client, arn = accounts.harness.client("lambda", region=REGIONS[ANOTHER]), arn_of(ANOTHER, "plain")

        with pytest.raises(ClientError, match="Function not found"):
            client.update_function_configuration(FunctionName=arn, MemorySize=256)
        with pytest.raises(ClientError, match="Function not found"):
            client.put_function_event_invoke_config(FunctionName=arn, MaximumRetryAttempts=0)

    @pytest.mark.parametrize("operation", ["get_function", "get_policy", "invoke", "delete_function", "get_alias"])
    def test_a_function_of_another_region_is_not_reachable(self, accounts: Accounts, operation: str) -> None:
        writers(accounts)
        client = accounts.harness.client("lambda")
        named = {"Name": "live"} if operation == "get_alias" else {}

        with pytest.raises(ClientError, match="not reachable in this region") as refused:
            getattr(client, operation)(FunctionName=arn_of(ANOTHER, "plain"), **named)

        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
        assert "Functions from 'eu-west-1'" in str(refused.value)

    def test_nobody_makes_a_function_in_another_account(self, accounts: Accounts) -> None:
        with pytest.raises(ClientError, match="lambda:CreateFunction") as refused:
            create_function(accounts.harness.client("lambda"), arn_of(ONE, "theirs"))

        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
        assert accounts.harness.client("lambda").list_functions()["Functions"] == []


class TestCloudFormationApi:
    def test_a_caller_sees_and_makes_the_stacks_of_its_account(self, accounts: Accounts) -> None:
        writers(accounts)
        client = accounts.client("cloudformation", ANOTHER)
        template = template_of(function("Fn", ECHO, FunctionName="made-there"))

        client.create_stack(StackName="made", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
        client.get_waiter("stack_create_complete").wait(StackName="made", WaiterConfig={"Delay": 0.05})

        assert sorted(each["StackName"] for each in client.describe_stacks()["Stacks"]) == ["made", "second"]
        caller = accounts.harness.client("lambda", region=REGIONS[ANOTHER])
        answer = caller.invoke(FunctionName=arn_of(ANOTHER, "made-there"), Payload=b"1")
        assert json.loads(answer["Payload"].read()) == [arn_of(ANOTHER, "made-there"), 1]
        client.delete_stack(StackName="made")
        client.get_waiter("stack_delete_complete").wait(StackName="made", WaiterConfig={"Delay": 0.05})
        names = [each["FunctionName"] for each in accounts.client("lambda", ANOTHER).list_functions()["Functions"]]
        assert names == ["plain", "shared"]


class TestTheEnd:
    def test_nothing_stays_in_any_account(self, accounts: Accounts) -> None:
        before = accounts.contents()
        deployment = writers(accounts)
        function_of(deployment, "first").invoke({"id": "1"})
        assert accounts.contents() != before

        deployment.destroy()

        assert accounts.contents() == before

    def test_a_failure_in_the_second_account_takes_the_first_one_back(self, accounts: Accounts) -> None:
        before = accounts.contents()
        good = template_of(function("Fn", ECHO, FunctionName="good"))
        bad = template_of(function("Fn", ECHO, FunctionName="bad", Layers=["arn:aws:lambda:eu-west-1:2:layer:no:1"]))

        with pytest.raises(DeploymentError, match="does not exist"):
            accounts.deploy({"first": good, "second": bad}, ENVIRONMENTS, dependencies={"second": ["first"]})

        assert accounts.contents() == before

    def test_reset_starts_each_of_them_cold(self, accounts: Accounts) -> None:
        deployment = writers(accounts)
        fn = function_of(deployment, "second")
        fn.invoke({"id": "1"})

        deployment.reset()

        assert fn.invoke({"id": "2"}).init_duration_ms is not None
        assert list(kept(accounts, ANOTHER)) == ["2"]
