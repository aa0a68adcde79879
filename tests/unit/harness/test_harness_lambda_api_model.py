"""Requests and responses of the Lambda API, against botocore's own serializer and parser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.harness.lambda_service.api_model import ApiModel
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.input_validation import check_input
from lambdakit.harness.lambda_service.operations.registry import OPERATIONS
from lambdakit.harness.lambda_service.request_reading import read_input
from lambdakit.harness.lambda_service.response_writing import write_response
from lambdakit.harness.wire import Headers, Request

MODEL = ApiModel()
ACCESS_POINT = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0"

# Named here, so that an operation which a new botocore brings is noticed: the scaling of Managed Instances and resource
# policies as documents are not built, and Invoke goes its own way.
NOT_BUILT = {
    *("GetFunctionScalingConfig", "PutFunctionScalingConfig"),
    *("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy"),
    *("Invoke", "InvokeAsync", "InvokeWithResponseStream"),
}

_SIMPLE: Mapping[str, st.SearchStrategy[Any]] = {
    "blob": st.binary(),
    "boolean": st.booleans(),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "string": st.text(max_size=20),
    # Whole seconds: what a float of seconds since 1970 carries without loss.
    "timestamp": st.integers(0, 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
}


def _values(shape: Any, *, in_path: bool = False) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "structure":
            members = {
                name: _values(member, in_path=member.serialization.get("location") == "uri")
                for name, member in shape.members.items()
                if member.serialization.get("location") != "statusCode"
            }
            required = {name: members.pop(name) for name in shape.required_members if name in members}
            return st.fixed_dictionaries(required, optional=members)
        case "list":
            return st.lists(_values(shape.member), max_size=3)
        case "map":
            return st.dictionaries(st.text(min_size=1, max_size=10), _values(shape.value), max_size=3)
        case "string" if in_path:
            return st.text(min_size=1, max_size=20)
    return _SIMPLE[shape.type_name]


class TestOperations:
    def test_every_operation_is_built_or_known_not_to_be(self) -> None:
        assert set(MODEL.operation_names()) == OPERATIONS.keys() | NOT_BUILT

    @pytest.mark.parametrize(
        ("method", "target", "name"),
        [
            ("GET", "/2015-03-31/functions/", "ListFunctions"),
            ("GET", "/2015-03-31/functions?Marker=x", "ListFunctions"),
            ("GET", "/2018-10-31/layers?find=LayerVersion&Arn=x", "GetLayerVersionByArn"),
            ("GET", "/2018-10-31/layers", "ListLayers"),
            ("GET", "/2019-09-30/functions/f/provisioned-concurrency?List=ALL", "ListProvisionedConcurrencyConfigs"),
            ("GET", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=1", "GetProvisionedConcurrencyConfig"),
        ],
    )
    def test_method_path_and_query_say_which(self, method: str, target: str, name: str) -> None:
        call = MODEL.find(Request(method=method, target=target, headers=Headers(())))

        assert call is not None
        assert call.name == name

    @pytest.mark.parametrize("target", ["/", "/2015-03-31/nothing", "/2015-03-31/functions/a/b/c"])
    def test_what_is_no_call_is_none(self, target: str) -> None:
        assert MODEL.find(Request(method="GET", target=target, headers=Headers(()))) is None

    def test_an_arn_in_the_path_may_be_encoded(self) -> None:
        arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"
        request = Request(method="GET", target=f"/2017-03-31/tags/{arn.replace(':', '%3A')}", headers=Headers(()))

        call = MODEL.find(request)

        assert call is not None
        assert read_input(call, request) == {"Resource": arn}


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_an_output_is_read_back_by_botocore(data: st.DataObject) -> None:
    operation = MODEL.operation(data.draw(st.sampled_from(sorted(OPERATIONS))))
    output = {} if operation.output_shape is None else data.draw(_values(operation.output_shape))

    response = write_response(operation, output)
    parsed = create_parser("rest-json").parse(
        {"status_code": response.status, "headers": dict(response.headers), "body": response.body},
        operation.output_shape,
    )

    parsed.pop("ResponseMetadata")
    parsed.pop("StatusCode", None)  # DeleteFunction's, which is the response's own
    if response.status == 204:
        assert response.body == b""
    else:
        assert parsed == output


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_what_botocore_sends_is_read_back(data: st.DataObject) -> None:
    operation = MODEL.operation(data.draw(st.sampled_from(sorted(OPERATIONS))))
    values = data.draw(_values(operation.input_shape))

    sent = create_serializer("rest-json", include_validation=False).serialize_to_request(values, operation)
    query = urlencode(sent["query_string"], doseq=True)
    target = sent["url_path"] + ("&" if "?" in sent["url_path"] else "?") + query
    body = sent["body"] if isinstance(sent["body"], bytes) else str(sent["body"]).encode()
    request = Request(method=sent["method"], target=target, headers=Headers(sent["headers"].items()), body=body)
    call = MODEL.find(request)

    assert call is not None
    assert call.name == operation.name
    # An empty list in the query is not sent at all, and a body that is all of one member is as empty without it.
    whole = operation.input_shape.serialization.get("payload")
    in_query = ("TagKeys", "Statuses")
    expected = {
        name: value
        for name, value in values.items()
        if not (name in in_query and value == []) and not (name == whole and not value)
    }
    assert read_input(call, request) == expected


def _refused(operation: str, values: Mapping[str, Any]) -> ServiceFault:
    with pytest.raises(ServiceFault) as refused:
        check_input(MODEL.operation(operation).input_shape, values)
    return refused.value


class TestReading:
    @pytest.mark.parametrize(
        ("body", "code", "text"),
        [
            (b"{", "InvalidRequestContentException", "Could not parse request body into json"),
            (b"[]", "SerializationException", "object was expected"),
            (b'{"Timeout": "3"}', "SerializationException", "STRING_VALUE can not be converted to an Integer"),
            (b'{"Timeout": 3.5}', "SerializationException", "not a whole number"),
            (b'{"Timeout": true}', "SerializationException", "TRUE_VALUE can not be converted to an Integer"),
            (b'{"Handler": 3}', "SerializationException", "NUMBER_VALUE can not be converted to a String"),
            (b'{"Publish": 1}', "SerializationException", "NUMBER_VALUE can not be converted to a Boolean"),
            (b'{"Layers": "x"}', "SerializationException", "STRING_VALUE can not be converted to a List"),
            (b'{"Code": []}', "SerializationException", "START_ARRAY can not be converted to a Structure"),
            (b'{"Code": {"ZipFile": "?"}}', "SerializationException", "base64"),
            (b"\xff", "InvalidRequestContentException", "Could not parse request body into json"),
            (b"[" * 100_000, "InvalidRequestContentException", "Could not parse request body into json"),
        ],
    )
    def test_what_has_another_form_is_refused(self, body: bytes, code: str, text: str) -> None:
        request = Request(method="POST", target="/2015-03-31/functions", headers=Headers(()), body=body)
        call = MODEL.find(request)
        assert call is not None

        with pytest.raises(ServiceFault, match=text) as refused:
            read_input(call, request)

        assert refused.value.code == code

    def test_nulls_are_absent(self) -> None:
        body = json.dumps({"Timeout": None, "Code": {"S3Key": None}}).encode()
        request = Request(method="POST", target="/2015-03-31/functions", headers=Headers(()), body=body)
        call = MODEL.find(request)
        assert call is not None

        assert read_input(call, request) == {"Code": {}}

    @pytest.mark.parametrize("text", ["many", "1.5", ""])
    def test_a_number_in_the_query_is_one(self, text: str) -> None:
        request = Request(method="GET", target=f"/2015-03-31/functions?MaxItems={text}", headers=Headers(()))
        call = MODEL.find(request)
        assert call is not None

        with pytest.raises(ServiceFault) as refused:
            read_input(call, request)

        assert refused.value.code == "SerializationException"


class TestValidation:
    def test_all_findings_come_at_once(self) -> None:
        fault = _refused("PutFunctionConcurrency", {"FunctionName": "a b", "ReservedConcurrentExecutions": -1})

        assert fault.code == "ValidationException"
        assert fault.message.startswith(
            "2 validation errors detected: Value 'a b' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
        )
        assert fault.message.endswith(
            "; Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: "
            "Member must have value greater than or equal to 0"
        )

    @pytest.mark.parametrize("missing", ["FunctionName", "ReservedConcurrentExecutions"])
    def test_what_is_required_is_asked_for(self, missing: str) -> None:
        values = {"FunctionName": "orders", "ReservedConcurrentExecutions": 1}
        del values[missing]

        fault = _refused("PutFunctionConcurrency", values)

        place = missing[0].lower() + missing[1:]
        assert fault.message == (
            f"1 validation error detected: Value null at '{place}' failed to satisfy constraint: "
            "Member must not be null"
        )

    @pytest.mark.parametrize(
        ("operation", "values", "finding"),
        [
            (
                "PutFunctionEventInvokeConfig",
                {"FunctionName": "f", "MaximumRetryAttempts": 3},
                "Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: "
                "Member must have value less than or equal to 2",
            ),
            (
                "CreateAlias",
                {
                    "FunctionName": "f",
                    "Name": "live",
                    "FunctionVersion": "1",
                    "RoutingConfig": {"AdditionalVersionWeights": {"2": 1.1}},
                },
                "Value '{2=1.1}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value "
                "must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value "
                "greater than or equal to 0.0, Member must not be null]",
            ),
            (
                "PublishLayerVersion",
                {"LayerName": "shared", "Content": {}, "CompatibleArchitectures": ["mips"]},
                "Value '[mips]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy "
                "constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
            ),
            (
                "UpdateFunctionConfiguration",
                {"FunctionName": "f", "EphemeralStorage": {"Size": 511}},
                "Value '511' at 'ephemeralStorage.size' failed to satisfy constraint: "
                "Member must have value greater than or equal to 512",
            ),
            (
                "UpdateFunctionConfiguration",
                {
                    "FunctionName": "f",
                    "FileSystemConfigs": [
                        {
                            "Arn": ACCESS_POINT,
                            "LocalMountPath": "/tmp",
                        }
                    ],
                },
                "Value '/tmp' at 'fileSystemConfigs.1.member.localMountPath' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: /mnt/[a-zA-Z0-9-_.]+",
            ),
            (
                "UpdateFunctionConfiguration",
                {"FunctionName": "f", "Environment": {"Variables": {"1A": "secret"}}},
                "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: "
                "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]",
            ),
        ],
        ids=["number", "map", "list", "below", "item", "secret"],
    )
    def test_the_text_is_the_service_s_own(self, operation: str, values: dict[str, Any], finding: str) -> None:
        fault = _refused(operation, values)

        assert fault.message == f"1 validation error detected: {finding}"

    @pytest.mark.parametrize(
        ("member", "value", "fits"),
        [
            *[("MaximumRetryAttempts", value, 0 <= value <= 2) for value in (-1, 0, 2, 3)],
            *[("MaximumEventAgeInSeconds", value, 60 <= value <= 21_600) for value in (59, 60, 21_600, 21_601)],
            *[("Qualifier", "q" * length, 1 <= length <= 128) for length in (0, 1, 128, 129)],
        ],
    )
    def test_bounds_belong_to_what_is_allowed(self, member: str, value: object, fits: bool) -> None:
        values = {"FunctionName": "orders", member: value}

        if fits:
            check_input(MODEL.operation("PutFunctionEventInvokeConfig").input_shape, values)
        else:
            assert _refused("PutFunctionEventInvokeConfig", values).code == "ValidationException"

    def test_a_runtime_has_an_exception_of_its_own(self) -> None:
        fault = _refused("UpdateFunctionConfiguration", {"FunctionName": "f", "Runtime": "python9"})

        assert fault.code == "InvalidParameterValueException"
        assert fault.message.startswith("Value python9 at 'runtime' failed to satisfy constraint: Member must satisfy")
        assert fault.message.endswith("] or be a valid ARN")

    @pytest.mark.parametrize(
        ("key", "fits"), [("größe", True), ("a b", True), ("a_b:c/d=e+f-g@h.1", True), ("a*b", False), ("", False)]
    )
    def test_letters_of_every_language_are_letters(self, key: str, fits: bool) -> None:
        shape = MODEL.operation("TagResource").input_shape
        values = {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:orders", "Tags": {key: "x"}}

        if fits:
            check_input(shape, values)
        else:
            assert "Map keys must satisfy constraint" in _refused("TagResource", values).message


class TestFaults:
    @pytest.mark.parametrize("shape", MODEL.error_shapes(), ids=lambda shape: str(shape.name))
    def test_each_has_the_status_and_the_member_of_the_model(self, shape: Any) -> None:
        fault = ServiceFault(shape.name, "text")

        body = json.loads(fault.response().body)

        member = next(name for name in shape.members if name.lower() == "message")
        assert fault.status == shape.metadata["error"]["httpStatusCode"]
        assert body[member] == "text"
        assert body["Type"] == ("User" if shape.metadata["error"].get("senderFault") else "Service")
