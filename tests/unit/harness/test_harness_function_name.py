"""The ways in which a caller names a function."""

from __future__ import annotations

import pytest

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName, parse_function_name

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:orders"


def _parse(text: str, qualifier: str = "") -> FunctionName:
    return parse_function_name(text, qualifier, account_id="123456789012", region="us-east-1")


# Source: AWS Lambda API Reference, "Invoke", the formats of FunctionName.
@pytest.mark.parametrize(
    ("text", "qualifier", "expected"),
    [
        ("orders", "", ("orders", "", "123456789012", "us-east-1")),
        ("orders", "live", ("orders", "live", "123456789012", "us-east-1")),
        ("orders:live", "", ("orders", "live", "123456789012", "us-east-1")),
        ("orders:live", "live", ("orders", "live", "123456789012", "us-east-1")),
        ("orders:$LATEST", "", ("orders", "$LATEST", "123456789012", "us-east-1")),
        ("orders:7", "", ("orders", "7", "123456789012", "us-east-1")),
        ("function:orders", "", ("orders", "", "123456789012", "us-east-1")),
        ("111122223333:function:orders", "", ("orders", "", "111122223333", "us-east-1")),
        ("111122223333:orders", "", ("orders", "", "111122223333", "us-east-1")),
        ("111122223333:function:orders:7", "", ("orders", "7", "111122223333", "us-east-1")),
        (ARN, "", ("orders", "", "111122223333", "eu-west-1")),
        (ARN.replace("function:", ""), "", ("orders", "", "111122223333", "eu-west-1")),
        (f"{ARN}:live", "", ("orders", "live", "111122223333", "eu-west-1")),
        (f"{ARN}:$LATEST", "$LATEST", ("orders", "$LATEST", "111122223333", "eu-west-1")),
        (ARN.replace("aws:", "aws-cn:", 1), "", ("orders", "", "111122223333", "eu-west-1")),
        ("1234", "", ("1234", "", "123456789012", "us-east-1")),
        ("a" * 64, "b" * 128, ("a" * 64, "b" * 128, "123456789012", "us-east-1")),
    ],
)
def test_names_partial_arns_and_arns(text: str, qualifier: str, expected: tuple[str, str, str, str]) -> None:
    found = _parse(text, qualifier)

    assert (found.name, found.qualifier, found.account_id, found.region) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "or ders",
        "orders!",
        "orders:",
        "orders:live:more",
        "ördérs",
        "a" * 65,
        "a:" + "b" * 129,
        "arn:aws:sqs:eu-west-1:111122223333:orders",
        "arn:aws:lambda:eu-west-1:111122223333:layer:orders",
        "arn:aws:lambda:eu-west-1:1111:function:orders",
        "orders\n",
        "../orders",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ServiceFault) as refused:
        _parse(text)

    assert refused.value.status == 400
    assert refused.value.code in ("ValidationException", "InvalidParameterValueException")
    assert repr(text)[1:-1] in refused.value.message or text in refused.value.message


def test_two_different_qualifiers_are_refused() -> None:
    with pytest.raises(ServiceFault) as refused:
        _parse("orders:live", "beta")

    assert refused.value.code == "InvalidParameterValueException"
    assert "beta" in refused.value.message


@pytest.mark.parametrize("qualifier", ["", "live", "$LATEST"])
def test_the_arn_names_it_in_full(qualifier: str) -> None:
    found = _parse(ARN, qualifier)

    assert found.arn == (f"{ARN}:{qualifier}" if qualifier else ARN)
    assert parse_function_name(found.arn, "", account_id="0", region="x") == found
