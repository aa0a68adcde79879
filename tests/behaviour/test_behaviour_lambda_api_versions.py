"""Versions, lists and tags of functions through the Lambda API, as boto3 speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import ARN, create_function, delete_functions, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-api-versions")


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    yield client
    delete_functions(client)


class TestPublishVersion:
    def test_a_version_is_made_when_something_changed(self, client: Any) -> None:
        create_function(client, "orders")

        versions = [client.publish_version(FunctionName="orders")["Version"] for _ in range(2)]
        client.update_function_configuration(FunctionName="orders", Timeout=4)
        versions.append(client.publish_version(FunctionName="orders", Description="four")["Version"])
        client.update_function_configuration(FunctionName="orders", Timeout=4)
        versions.append(client.publish_version(FunctionName="orders")["Version"])

        assert versions == ["1", "1", "2", "2"]
        assert client.get_function_configuration(FunctionName="orders:2")["Description"] == "four"

    def test_numbers_are_never_used_again(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)
        client.delete_function(FunctionName="orders", Qualifier="1")

        assert client.publish_version(FunctionName="orders")["Version"] == "2"
        listed = client.list_versions_by_function(FunctionName="orders")["Versions"]
        assert [version["Version"] for version in listed] == ["$LATEST", "2"]
        assert [version["FunctionArn"].rpartition(":")[2] for version in listed] == ["$LATEST", "2"]

    def test_other_code_than_expected_is_refused(self, client: Any) -> None:
        current = create_function(client, "orders")["CodeSha256"]

        told = refusal(client.publish_version, FunctionName="orders", CodeSha256="abc")

        assert told == (
            400,
            "InvalidParameterValueException",
            f"CodeSHA256 (abc) is different from current CodeSHA256 in $LATEST ({current}). "
            "Please try again with the CodeSHA256 in $LATEST.",
        )
        assert client.publish_version(FunctionName="orders", CodeSha256=current)["Version"] == "1"

    def test_an_old_revision_is_refused(self, client: Any) -> None:
        create_function(client, "orders")

        assert refusal(client.publish_version, FunctionName="orders", RevisionId="old")[:2] == (
            412,
            "PreconditionFailedException",
        )
        assert len(client.list_versions_by_function(FunctionName="orders")["Versions"]) == 1


class TestDeleteFunction:
    def test_all_of_it_goes(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")

        answer = client.delete_function(FunctionName="orders")

        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        for name in ("orders", "orders:1", "orders:live"):
            assert refusal(client.get_function, FunctionName=name)[1] == "ResourceNotFoundException"

    def test_a_version_that_an_alias_leads_to_stays(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")

        told = refusal(client.delete_function, FunctionName="orders", Qualifier="1")

        assert told == (
            409,
            "ResourceConflictException",
            "Unable to delete version because the following aliases reference it: [live]",
        )
        assert client.get_function_configuration(FunctionName="orders:1")["Version"] == "1"

    @pytest.mark.parametrize("qualifier", ["$LATEST", "live"])
    def test_only_versions_go_alone(self, client: Any, qualifier: str) -> None:
        create_function(client, "orders", Publish=True)
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")

        told = refusal(client.delete_function, FunctionName="orders", Qualifier=qualifier)

        assert told[:2] == (400, "InvalidParameterValueException")
        assert client.get_function(FunctionName="orders")


class TestListFunctions:
    def test_a_page_holds_fifty_at_most(self, client: Any) -> None:
        for number in range(51):
            create_function(client, f"fn-{number:02}")

        first = client.list_functions(MaxItems=10_000)
        second = client.list_functions(Marker=first["NextMarker"])
        small = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 20}).build_full_result()

        assert len(first["Functions"]) == 50
        assert [function["FunctionName"] for function in second["Functions"]] == ["fn-50"]
        assert "NextMarker" not in second
        assert [function["FunctionName"] for function in small["Functions"]] == [f"fn-{n:02}" for n in range(51)]

    def test_every_version_when_asked_for(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)

        latest = client.list_functions()["Functions"]
        every = client.list_functions(FunctionVersion="ALL")["Functions"]

        assert [function["FunctionArn"] for function in latest] == [f"{ARN}:orders"]
        assert [function["FunctionArn"] for function in every] == [f"{ARN}:orders:$LATEST", f"{ARN}:orders:1"]
        assert "State" not in latest[0]

    def test_a_marker_that_is_none_is_refused(self, client: Any) -> None:
        assert refusal(client.list_functions, Marker="nonsense")[1] == "InvalidParameterValueException"


class TestTags:
    def test_they_come_and_go(self, client: Any) -> None:
        create_function(client, "orders", Tags={"a": "1", "b": "2"})

        client.tag_resource(Resource=f"{ARN}:orders", Tags={"b": "3", "c": "4"})
        client.untag_resource(Resource=f"{ARN}:orders", TagKeys=["a", "missing"])

        assert client.list_tags(Resource=f"{ARN}:orders")["Tags"] == {"b": "3", "c": "4"}

    @pytest.mark.parametrize(
        ("resource", "tags", "code"),
        [
            (f"{ARN}:missing", {"a": "b"}, "ResourceNotFoundException"),
            (f"{ARN}:orders:1", {"a": "b"}, "InvalidParameterValueException"),
            (f"{ARN}:orders", {"aws:a": "b"}, "InvalidParameterValueException"),
            (f"{ARN}:orders", {f"k{n}": "" for n in range(51)}, "InvalidParameterValueException"),
            ("orders", {"a": "b"}, "ValidationException"),
        ],
        ids=["unknown", "qualified", "aws", "many", "no ARN"],
    )
    def test_bad_input_changes_nothing(self, client: Any, resource: str, tags: dict[str, str], code: str) -> None:
        create_function(client, "orders", Tags={"x": "y"}, Publish=True)

        assert refusal(client.tag_resource, Resource=resource, Tags=tags)[1] == code

        assert client.list_tags(Resource=f"{ARN}:orders")["Tags"] == {"x": "y"}


class TestWhatIsNotBuilt:
    def test_it_is_named(self, client: Any) -> None:
        told = refusal(client.get_function_scaling_config, FunctionName="orders", Qualifier="1")

        assert told == (501, "NotImplementedException", "GetFunctionScalingConfig is not built in this harness")

    def test_a_path_of_nobody_is_unknown(self, harness: WiredHarness) -> None:
        answer = harness.request("GET", "/2015-03-31/functions/a/b/c")

        assert (answer.status, answer.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")

    def test_every_answer_has_a_request_id(self, client: Any) -> None:
        assert client.list_functions()["ResponseMetadata"]["RequestId"]
