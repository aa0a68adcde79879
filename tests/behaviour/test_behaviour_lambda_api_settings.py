"""Aliases and permissions through the Lambda API, as boto3 speaks it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import ARN, create_function, delete_functions, refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-api-settings")


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    """With a function `orders` that has two versions."""
    client = harness.aws("lambda")
    create_function(client, "orders", Publish=True)
    client.update_function_code(FunctionName="orders", ZipFile=zip_of("def handler(event, context): return 'two'"))
    client.publish_version(FunctionName="orders")
    yield client
    delete_functions(client)


class TestAliases:
    def test_one_is_made_read_moved_listed_and_deleted(self, client: Any) -> None:
        created = client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1", Description="shop")

        assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
        told = {name: created[name] for name in ("AliasArn", "Name", "FunctionVersion", "Description", "RevisionId")}
        assert told["AliasArn"] == f"{ARN}:orders:live"
        assert client.get_alias(FunctionName="orders", Name="live").items() >= told.items()
        moved = client.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
        assert (moved["FunctionVersion"], moved["Description"]) == ("2", "shop")
        assert moved["RevisionId"] != created["RevisionId"]
        assert client.invoke(FunctionName="orders:live")["Payload"].read() == b'"two"'
        listed = client.list_aliases(FunctionName="orders", FunctionVersion="2")["Aliases"]
        assert [alias["Name"] for alias in listed] == ["live"]
        assert client.list_aliases(FunctionName="orders", FunctionVersion="1")["Aliases"] == []
        for _ in range(2):
            assert client.delete_alias(FunctionName="orders", Name="live")["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert refusal(client.get_alias, FunctionName="orders", Name="live") == (
            404,
            "ResourceNotFoundException",
            f"Cannot find alias arn: {ARN}:orders:live",
        )

    def test_weights_share_the_traffic(self, client: Any) -> None:
        client.create_alias(
            FunctionName="orders",
            Name="live",
            FunctionVersion="1",
            RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
        )

        versions = Counter(client.invoke(FunctionName="orders:live")["ExecutedVersion"] for _ in range(40))

        assert versions.keys() == {"1", "2"}
        assert 8 <= versions["2"] <= 32
        assert client.get_function_configuration(FunctionName="orders:live")["Version"] == "1"

    @pytest.mark.parametrize(("weight", "version"), [(0.0, "1"), (1.0, "2")])
    def test_nothing_and_everything_are_weights(self, client: Any, weight: float, version: str) -> None:
        client.create_alias(
            FunctionName="orders",
            Name="live",
            FunctionVersion="1",
            RoutingConfig={"AdditionalVersionWeights": {"2": weight}},
        )

        assert {client.invoke(FunctionName="orders:live")["ExecutedVersion"] for _ in range(10)} == {version}

    def test_weights_are_taken_back(self, client: Any) -> None:
        client.create_alias(
            FunctionName="orders",
            Name="live",
            FunctionVersion="1",
            RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
        )

        kept = client.update_alias(FunctionName="orders", Name="live", Description="new")
        updated = client.update_alias(
            FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {}}
        )

        assert kept["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 1.0}}
        assert "RoutingConfig" not in updated
        assert client.invoke(FunctionName="orders:live")["ExecutedVersion"] == "1"

    @pytest.mark.parametrize(
        ("settings", "code", "text"),
        [
            ({"FunctionVersion": "3"}, "ResourceNotFoundException", f"Function not found: {ARN}:orders:3"),
            ({"weights": {"3": 0.1}}, "ResourceNotFoundException", f"Function not found: {ARN}:orders:3"),
            ({"weights": {"2": 1.1}}, "ValidationException", "Value '{2=1.1}' at 'routingConfig.additionalVersionWei"),
            ({"weights": {"1": 0.1}}, "InvalidParameterValueException", "Function version 1 is already included in"),
            (
                {"weights": {"1": 0.1, "2": 0.1}},
                "InvalidParameterValueException",
                "Number of items in AdditionalVersionWeights cannot be greater than 1",
            ),
            (
                {"FunctionVersion": "$LATEST", "weights": {"2": 0.1}},
                "InvalidParameterValueException",
                "$LATEST is not supported for an alias pointing to more than 1 version",
            ),
            ({"weights": {"$LATEST": 0.1}}, "ValidationException", "Map keys must satisfy constraint"),
            ({"Name": "7"}, "ValidationException", "Value '7' at 'name' failed to satisfy constraint"),
        ],
    )
    def test_bad_input_makes_nothing(self, client: Any, settings: dict[str, Any], code: str, text: str) -> None:
        settings = dict(settings)
        weights = settings.pop("weights", None)
        routing = {} if weights is None else {"RoutingConfig": {"AdditionalVersionWeights": weights}}
        told = refusal(
            client.create_alias,
            **{"FunctionName": "orders", "Name": "live", "FunctionVersion": "1", **settings, **routing},
        )

        assert told[1] == code
        assert text in told[2]
        assert client.list_aliases(FunctionName="orders")["Aliases"] == []

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"Role": "arn:aws:iam::123456789012:role/other"}, "execution role"),
            ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"}}, "dead-letter queue"),
        ],
    )
    def test_versions_that_share_traffic_are_alike(self, client: Any, change: dict[str, Any], what: str) -> None:
        client.update_function_configuration(FunctionName="orders", **change)
        client.publish_version(FunctionName="orders")

        told = refusal(
            client.create_alias,
            FunctionName="orders",
            Name="live",
            FunctionVersion="1",
            RoutingConfig={"AdditionalVersionWeights": {"3": 0.1}},
        )

        assert told[1] == "InvalidParameterValueException"
        assert what in told[2]

    def test_a_name_is_taken_once(self, client: Any) -> None:
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")

        told = refusal(client.create_alias, FunctionName="orders", Name="live", FunctionVersion="2")

        assert told == (409, "ResourceConflictException", f"Alias already exists: {ARN}:orders:live")
        assert client.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1"

    def test_of_two_clients_the_second_is_told(self, client: Any) -> None:
        old = client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")["RevisionId"]
        client.update_alias(FunctionName="orders", Name="live", Description="first", RevisionId=old)

        told = refusal(client.update_alias, FunctionName="orders", Name="live", FunctionVersion="2", RevisionId=old)

        assert told[:2] == (412, "PreconditionFailedException")
        assert client.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1"


def _statement(client: Any, **given: Any) -> Any:
    answer = client.add_permission(
        **{
            "FunctionName": "orders",
            "StatementId": "s",
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
            **given,
        }
    )
    return json.loads(answer["Statement"])


class TestPermissions:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"Principal": "s3.amazonaws.com"}, {"Principal": {"Service": "s3.amazonaws.com"}}),
            ({"Principal": "111122223333"}, {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}),
            (
                {"Principal": "arn:aws:iam::111122223333:role/r"},
                {"Principal": {"AWS": "arn:aws:iam::111122223333:role/r"}},
            ),
            ({"Principal": "*"}, {"Principal": "*"}),
            (
                {"SourceArn": "arn:aws:s3:::photos", "SourceAccount": "123456789012"},
                {
                    "Condition": {
                        "StringEquals": {"AWS:SourceAccount": "123456789012"},
                        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"},
                    }
                },
            ),
            ({"EventSourceToken": "t"}, {"Condition": {"StringEquals": {"lambda:EventSourceToken": "t"}}}),
            (
                {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
                {"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}},
            ),
            (
                {"Principal": "*", "PrincipalOrgID": "o-a1b2c3d4e5"},
                {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}},
            ),
            (
                {"Principal": "*", "InvokedViaFunctionUrl": True},
                {"Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}},
            ),
            ({"Qualifier": "1"}, {"Resource": f"{ARN}:orders:1"}),
        ],
    )
    def test_each_becomes_a_statement(self, client: Any, given: dict[str, Any], expected: dict[str, Any]) -> None:
        statement = _statement(client, **given)

        assert (statement["Sid"], statement["Effect"]) == ("s", "Allow")
        assert statement.items() >= expected.items()
        qualifier = {"Qualifier": given["Qualifier"]} if "Qualifier" in given else {}
        policy = client.get_policy(FunctionName="orders", **qualifier)
        assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}

    def test_each_qualifier_has_a_policy_of_its_own(self, client: Any) -> None:
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        _statement(client, FunctionName="orders:live")

        assert refusal(client.get_policy, FunctionName="orders") == (
            404,
            "ResourceNotFoundException",
            "The resource you requested does not exist.",
        )
        assert json.loads(client.get_policy(FunctionName="orders:live")["Policy"])["Statement"]
        client.remove_permission(FunctionName="orders", StatementId="s", Qualifier="live")
        assert refusal(client.get_policy, FunctionName="orders:live")[1] == "ResourceNotFoundException"

    @pytest.mark.parametrize(
        ("given", "code", "text"),
        [
            (
                {"StatementId": "taken"},
                "ResourceConflictException",
                "The statement id (taken) provided already exists.",
            ),
            ({"Qualifier": "$LATEST"}, "InvalidParameterValueException", "not support adding policies for $LATEST"),
            ({"Qualifier": "missing"}, "ResourceNotFoundException", f"Function not found: {ARN}:orders:missing"),
            ({"Principal": "nobody"}, "InvalidParameterValueException", "The provided principal was invalid."),
            ({"Action": "s3:GetObject"}, "ValidationException", "Value 's3:GetObject' at 'action' failed"),
            ({"SourceArn": "photos"}, "ValidationException", "Value 'photos' at 'sourceArn' failed to satisfy"),
            (
                {"FunctionUrlAuthType": "NONE"},
                "InvalidParameterValueException",
                "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
            ),
            ({"RevisionId": "old"}, "PreconditionFailedException", "The Revision Id provided does not match"),
        ],
    )
    def test_bad_input_changes_nothing(self, client: Any, given: dict[str, Any], code: str, text: str) -> None:
        _statement(client, StatementId="taken")
        before = client.get_policy(FunctionName="orders")

        arguments = {
            "FunctionName": "orders",
            "StatementId": "s",
            "Action": "lambda:InvokeFunction",
            "Principal": "*",
            **given,
        }
        told = refusal(client.add_permission, **arguments)

        assert told[1] == code
        assert text in told[2]
        after = client.get_policy(FunctionName="orders")
        assert (after["Policy"], after["RevisionId"]) == (before["Policy"], before["RevisionId"])

    def test_a_statement_that_is_not_there_cannot_be_removed(self, client: Any) -> None:
        told = refusal(client.remove_permission, FunctionName="orders", StatementId="s")

        assert told == (404, "ResourceNotFoundException", "Statement s is not found in resource policy.")

    def test_a_policy_has_an_end(self, client: Any) -> None:
        def add(number: int) -> None:
            _statement(client, StatementId=f"s{number:03}", SourceArn=f"arn:aws:s3:::{'b' * 1800}{number}")

        for number in range(10):
            add(number)

        assert refusal(add, number=10)[:2] == (400, "PolicyLengthExceededException")
        assert len(json.loads(client.get_policy(FunctionName="orders")["Policy"])["Statement"]) == 10
