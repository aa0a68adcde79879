"""Reserved and provisioned concurrency through the Lambda API, as boto3 speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import ARN, create_function, delete_functions, refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-api-concurrency")


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    """With a function `orders` that has two versions."""
    client = harness.aws("lambda")
    create_function(client, "orders", Publish=True)
    client.update_function_code(FunctionName="orders", ZipFile=zip_of("def handler(event, context): return 'two'"))
    client.publish_version(FunctionName="orders")
    yield client
    delete_functions(client)


class TestReservedConcurrency:
    def test_it_is_set_read_and_taken_back(self, client: Any) -> None:
        assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName="orders")

        client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=900)

        assert client.get_function_concurrency(FunctionName="orders")["ReservedConcurrentExecutions"] == 900
        assert client.get_function(FunctionName="orders")["Concurrency"] == {"ReservedConcurrentExecutions": 900}
        limits = client.get_account_settings()["AccountLimit"]
        assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (1000, 100)
        client.delete_function_concurrency(FunctionName="orders")
        assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000
        client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
        assert client.get_function_concurrency(FunctionName="orders")["ReservedConcurrentExecutions"] == 0

    @pytest.mark.parametrize(
        ("others", "wanted", "fits"), [(0, 900, True), (0, 901, False), (400, 500, True), (400, 501, False)]
    )
    def test_a_hundred_stay_for_the_others(self, client: Any, others: int, wanted: int, fits: bool) -> None:
        create_function(client, "other")
        client.put_function_concurrency(FunctionName="other", ReservedConcurrentExecutions=others)
        client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=7)

        if fits:
            client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=wanted)
        else:
            assert refusal(
                client.put_function_concurrency, FunctionName="orders", ReservedConcurrentExecutions=wanted
            ) == (
                400,
                "InvalidParameterValueException",
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                "below its minimum value of [100].",
            )

        kept = client.get_function_concurrency(FunctionName="orders")["ReservedConcurrentExecutions"]
        assert kept == (wanted if fits else 7)

    def test_it_is_the_function_s_not_a_version_s(self, client: Any) -> None:
        told = refusal(client.put_function_concurrency, FunctionName="orders:1", ReservedConcurrentExecutions=1)

        assert told[1] == "InvalidParameterValueException"


class TestProvisionedConcurrency:
    def test_it_is_asked_for_listed_and_taken_back(self, client: Any) -> None:
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")

        asked = client.put_provisioned_concurrency_config(
            FunctionName="orders", Qualifier="live", ProvisionedConcurrentExecutions=2
        )

        assert asked["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert (asked["Status"], asked["RequestedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)
        found = client.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
        assert found["RequestedProvisionedConcurrentExecutions"] == 2
        listed = client.list_provisioned_concurrency_configs(FunctionName="orders")["ProvisionedConcurrencyConfigs"]
        assert [config["FunctionArn"] for config in listed] == [f"{ARN}:orders:live"]
        client.delete_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
        told = refusal(client.get_provisioned_concurrency_config, FunctionName="orders", Qualifier="live")
        assert told == (
            404,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )

    @pytest.mark.parametrize(
        ("reserved", "qualifier", "wanted", "text"),
        [
            (None, "$LATEST", 1, "Provisioned Concurrency Configs cannot be applied to unpublished function versions."),
            (None, "latest", 1, "Provisioned Concurrency Configs cannot be applied to unpublished function versions."),
            (5, "1", 6, "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution"),
            (None, "1", 901, "UnreservedConcurrentExecution below its minimum value of [100]"),
            (
                None,
                "live",
                1,
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned",
            ),
        ],
        ids=["latest", "alias of latest", "over reserved", "over the account", "alias and version"],
    )
    def test_bad_input_changes_nothing(
        self, client: Any, reserved: int | None, qualifier: str, wanted: int, text: str
    ) -> None:
        client.create_alias(FunctionName="orders", Name="latest", FunctionVersion="$LATEST")
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="2")
        client.put_provisioned_concurrency_config(
            FunctionName="orders", Qualifier="2", ProvisionedConcurrentExecutions=1
        )
        if reserved is not None:
            client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=reserved)

        told = refusal(
            client.put_provisioned_concurrency_config,
            FunctionName="orders",
            Qualifier=qualifier,
            ProvisionedConcurrentExecutions=wanted,
        )

        assert told[:2] == (400, "InvalidParameterValueException")
        assert text in told[2]
        listed = client.list_provisioned_concurrency_configs(FunctionName="orders")["ProvisionedConcurrencyConfigs"]
        assert [config["FunctionArn"] for config in listed] == [f"{ARN}:orders:2"]

    def test_a_version_behind_a_provisioned_alias_is_refused(self, client: Any) -> None:
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        given = {"FunctionName": "orders", "ProvisionedConcurrentExecutions": 1}
        client.put_provisioned_concurrency_config(Qualifier="live", **given)

        told = refusal(client.put_provisioned_concurrency_config, Qualifier="1", **given)

        assert told[1:] == ("InvalidParameterValueException", "Version is pointed by a Provisioned Concurrency alias")

    def test_a_reservation_below_it_is_refused(self, client: Any) -> None:
        client.put_provisioned_concurrency_config(
            FunctionName="orders", Qualifier="1", ProvisionedConcurrentExecutions=3
        )

        told = refusal(client.put_function_concurrency, FunctionName="orders", ReservedConcurrentExecutions=2)

        assert told[1] == "InvalidParameterValueException"
        assert "should not be lower than function's total provisioned concurrency [3]" in told[2]

    @pytest.mark.parametrize("operation", ["get", "delete", "put"])
    def test_an_unknown_qualifier_is_not_found(self, client: Any, operation: str) -> None:
        more = {"ProvisionedConcurrentExecutions": 1} if operation == "put" else {}

        told = refusal(
            getattr(client, f"{operation}_provisioned_concurrency_config"),
            FunctionName="orders",
            Qualifier="missing",
            **more,
        )

        assert told == (404, "ResourceNotFoundException", f"Function not found: {ARN}:orders:missing")
