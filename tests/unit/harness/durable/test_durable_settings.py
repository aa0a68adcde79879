"""What Lambda takes of a durable function's settings, and who may invoke it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.invocation_rules import check_invocation, check_mapped
from lambdakit.harness.lambda_service.validation import check_configuration
from lambdakit.harness.runtime.function_configuration import DurableConfig, FunctionConfiguration

PLAIN = FunctionConfiguration(
    name="f",
    account_id="123456789012",
    region="us-east-1",
    runtime="python3.13",
    handler="app.handler",
    code=Path(),
    role="arn:aws:iam::123456789012:role/f",
    log_group="/aws/lambda/f",
)


def durable(seconds: int = 900, days: int = 14) -> FunctionConfiguration:
    config = DurableConfig(execution_timeout_seconds=seconds, retention_days=days)
    return dataclasses.replace(PLAIN, durable=config)


# Source: API lambda DurableConfig
@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        ({"seconds": 0}, False),
        ({"seconds": 1}, True),
        ({"seconds": 31_622_400}, True),
        ({"seconds": 31_622_401}, False),
        ({"days": 0}, False),
        ({"days": 1}, True),
        ({"days": 90}, True),
        ({"days": 91}, False),
    ],
)
def test_bounds_hold_whoever_makes_the_function(settings: dict[str, int], taken: bool) -> None:
    if taken:
        check_configuration(durable(**settings))
        return

    with pytest.raises(ServiceFault) as refused:
        check_configuration(durable(**settings))

    assert "durableConfig." in refused.value.message


ISOLATED = dataclasses.replace(PLAIN, tenancy="PER_TENANT")


@pytest.mark.parametrize(
    ("configuration", "event", "streams", "code"),
    [
        (PLAIN, {}, True, ""),
        (PLAIN, {"tenant_id": "a"}, False, "InvalidParameterValueException"),
        (PLAIN, {"durable_execution_name": "a"}, False, "InvalidParameterValueException"),
        (ISOLATED, {}, False, "InvalidParameterValueException"),
        (ISOLATED, {"tenant_id": "a"}, True, ""),
        (ISOLATED, {"tenant_id": "a#"}, False, "ValidationException"),
        (durable(), {}, False, "InvalidParameterValueException"),
        (durable(), {"qualifier": "1"}, False, ""),
        (durable(), {"qualifier": "$LATEST", "durable_execution_name": "a-B_1"}, False, ""),
        (durable(), {"qualifier": "1", "durable_execution_name": "a b"}, False, "ValidationException"),
        (durable(), {"qualifier": "1"}, True, "InvalidParameterValueException"),
    ],
)
def test_an_invocation_fits_the_kind_of_function(
    configuration: FunctionConfiguration, event: dict[str, Any], streams: bool, code: str
) -> None:
    told = ""

    try:
        check_invocation(configuration, Event(payload=b"{}", **event), streams=streams)
    except ServiceFault as refused:
        told = refused.code

    assert told == code


@pytest.mark.parametrize(
    ("configuration", "qualifier", "taken"),
    [
        (PLAIN, "", True),
        (durable(), "", False),
        (durable(), "live", True),
        (durable(901), "live", False),
        (ISOLATED, "live", False),
    ],
)
def test_a_mapping_fits_the_kind_of_function(configuration: FunctionConfiguration, qualifier: str, taken: bool) -> None:
    told = True

    try:
        check_mapped(configuration, qualifier)
    except ServiceFault:
        told = False

    assert told == taken
