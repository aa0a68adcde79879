"""The query protocol, against botocore's own serializer and parser: what one writes the other reads."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import QueryParser
from botocore.serialize import QuerySerializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.harness.deployment.cloudformation.api import OPERATIONS
from lambdakit.harness.deployment.cloudformation.query_protocol import (
    MalformedQuery,
    read_form,
    read_input,
    write_error,
    write_output,
)

_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_DEPTH_MAX = 4
# What XML can hold; the surrogates are no characters.
_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r<>&\"' "),
    max_size=12,
)


@functools.cache
def model() -> Any:
    return ServiceModel(Loader().load_service_model("cloudformation", "service-2"))


def values(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape, as boto3 takes and gives them."""
    if shape.type_name == "structure":
        required = {name: values(member, depth + 1) for name, member in _members(shape, depth) if _needed(shape, name)}
        others = {name: values(member, depth + 1) for name, member in _members(shape, depth) if name not in required}
        return st.fixed_dictionaries(required, optional=others)
    if shape.type_name == "list":
        return st.lists(values(shape.member, depth + 1), max_size=2 if depth < _DEPTH_MAX else 0)
    if shape.type_name == "map":
        return st.dictionaries(_TEXTS, values(shape.value, depth + 1), min_size=1, max_size=2)
    return {
        "boolean": st.booleans(),
        "integer": st.integers(-(2**31), 2**31 - 1),
        "long": st.integers(-(2**63), 2**63 - 1),
        "timestamp": st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).map(_in_milliseconds),
    }.get(shape.type_name, _TEXTS)


def _members(shape: Any, depth: int) -> list[tuple[str, Any]]:
    members = list(shape.members.items())
    plain = [(name, member) for name, member in members if member.type_name not in ("structure", "list", "map")]
    return members if depth < _DEPTH_MAX else plain


def _needed(shape: Any, name: str) -> bool:
    return name in shape.required_members


def _in_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)


def without_empty(value: Any) -> Any:
    """`value` without structures that hold nothing, of which a form cannot tell, and lists of nothing else."""
    if isinstance(value, Mapping):
        found = {key: without_empty(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in (without_empty(item) for item in value) if item != {}]
    return value


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_what_an_sdk_sends_is_read(name: str) -> None:
    operation = model().operation_model(name)
    if operation.input_shape is None:
        assert read_input(operation, {"Action": name}) == {}
        return

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(given_input=values(operation.input_shape))
    def round_trip(given_input: dict[str, Any]) -> None:
        body = QuerySerializer().serialize_to_request(given_input, operation)["body"]

        read = read_input(operation, read_form(urlencode(body).encode()))

        assert without_empty(read) == without_empty(given_input)

    round_trip()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_what_is_answered_is_read_by_an_sdk(name: str) -> None:
    operation = model().operation_model(name)
    if operation.output_shape is None:
        body = write_output(operation, {}, namespace=_NAMESPACE, request_id="r")
        parsed = QueryParser().parse({"body": body, "headers": {}, "status_code": 200}, None)
        assert parsed["ResponseMetadata"]["RequestId"] == "r"
        return

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(output=values(operation.output_shape))
    def round_trip(output: dict[str, Any]) -> None:
        body = write_output(operation, output, namespace=_NAMESPACE, request_id="r")

        parsed = QueryParser().parse({"body": body, "headers": {}, "status_code": 200}, operation.output_shape)

        assert parsed.pop("ResponseMetadata")["RequestId"] == "r"
        assert without_empty(parsed) == without_empty(output)

    round_trip()


@given(message=st.text(), code=_TEXTS)
def test_an_error_is_read_whatever_it_says(message: str, code: str) -> None:
    body = write_error(code, message, namespace=_NAMESPACE, request_id="r")

    parsed = QueryParser().parse({"body": body, "headers": {}, "status_code": 400}, None)

    assert (parsed["Error"].get("Code") or "") == code
    assert len(parsed["Error"].get("Message") or "") == len(message)


class TestForms:
    def test_what_is_missing_is_named(self) -> None:
        with pytest.raises(MalformedQuery, match="Value null at 'stackName' failed to satisfy constraint"):
            read_input(model().operation_model("CreateStack"), {"TemplateBody": "{}"})

    @pytest.mark.parametrize(
        ("field", "value"), [("DisableRollback", "perhaps"), ("TimeoutInMinutes", "soon"), ("TimeoutInMinutes", "")]
    )
    def test_a_value_of_another_type(self, field: str, value: str) -> None:
        with pytest.raises(MalformedQuery, match=f"{field}: {value!r} is not of the type"):
            read_input(model().operation_model("CreateStack"), {"StackName": "s", field: value})

    def test_lists_are_in_the_order_of_their_numbers(self) -> None:
        form = {"StackName": "s", "Capabilities.member.10": "b", "Capabilities.member.9": "a"}

        assert read_input(model().operation_model("CreateStack"), form)["Capabilities"] == ["a", "b"]

    @pytest.mark.parametrize("number", ["x", "-1", "1e3", "01", "²", "9" * 40])
    def test_what_is_no_number_is_no_item(self, number: str) -> None:
        form = {"StackName": "s", f"Capabilities.member.{number}": "a"}

        assert "Capabilities" not in read_input(model().operation_model("CreateStack"), form)

    @given(body=st.binary(max_size=200))
    def test_any_body_is_a_form_or_is_refused(self, body: bytes) -> None:
        try:
            form = read_form(body)
            read_input(model().operation_model("CreateStack"), form)
        except MalformedQuery:
            pass
