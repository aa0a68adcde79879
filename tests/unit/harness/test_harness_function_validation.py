"""What Lambda accepts of a function's configuration: the bounds on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.validation import check_configuration
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

ROLE = "arn:aws:iam::123456789012:role/service-role/fn"


def _check(**settings: Any) -> None:
    plain: dict[str, Any] = {
        "name": "fn",
        "account_id": "123456789012",
        "region": "us-east-1",
        "runtime": "python3.13",
        "handler": "app.handler",
        "code": Path("/code"),
        "role": ROLE,
        "log_group": "/aws/lambda/fn",
    }
    check_configuration(FunctionConfiguration(**{**plain, **settings}))


# Source: AWS Lambda Developer Guide, "Lambda quotas"; the service's model, CreateFunction.
@pytest.mark.parametrize(
    ("setting", "value", "ok"),
    [
        ("memory_mib", 127, False),
        ("memory_mib", 128, True),
        ("memory_mib", 10_240, True),
        ("memory_mib", 10_241, False),
        ("timeout_seconds", 0, False),
        ("timeout_seconds", 1, True),
        ("timeout_seconds", 900, True),
        ("timeout_seconds", 901, False),
        ("ephemeral_storage_mib", 511, False),
        ("ephemeral_storage_mib", 512, True),
        ("ephemeral_storage_mib", 10_240, True),
        ("ephemeral_storage_mib", 10_241, False),
        ("layers", (Path("/l"),) * 5, True),
        ("layers", (Path("/l"),) * 6, False),
        ("name", "a" * 64, True),
        ("name", "a" * 65, False),
        ("name", "", False),
        ("name", "with space", False),
        ("name", "dot.ted", False),
        ("name", "a-b_c", True),
        ("handler", "h" * 128, True),
        ("handler", "h" * 129, False),
        ("handler", "app handler", False),
        ("description", "d" * 256, True),
        ("description", "d" * 257, False),
        ("role", "fn-role", False),
        ("role", "arn:aws:iam::123456789012:user/fn", False),
        ("role", "", False),
        ("runtime", "", False),
        ("handler", "", False),
    ],
)
def test_the_bounds(setting: str, value: object, ok: bool) -> None:
    if ok:
        _check(**{setting: value})
    else:
        with pytest.raises(ServiceFault) as refused:
            _check(**{setting: value})
        assert refused.value.status == 400


def test_everything_is_said_at_once() -> None:
    with pytest.raises(ServiceFault) as refused:
        _check(name="a b", memory_mib=64, timeout_seconds=1000)

    message = refused.value.message
    assert message.startswith("3 validation errors detected: Value 'a b' at 'functionName' failed to satisfy")
    assert "Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than" in message
    assert "Value '1000' at 'timeout'" in message


def test_an_image_needs_neither_runtime_nor_handler() -> None:
    _check(package_type="Image", runtime="", handler="")


@pytest.mark.parametrize(
    ("name", "ok"),
    [("AB", True), ("a_1", True), ("A", False), ("1A", False), ("_A", False), ("A-B", False), ("", False)],
)
def test_the_names_of_variables(name: str, ok: bool) -> None:
    if ok:
        _check(environment={name: "x"})
    else:
        with pytest.raises(ServiceFault, match=r"environment\.variables"):
            _check(environment={name: "x"})


def test_reserved_variables_are_named() -> None:
    with pytest.raises(ServiceFault, match=r"Reserved keys used in this request: AWS_REGION, LAMBDA_TASK_ROOT$"):
        _check(environment={"LAMBDA_TASK_ROOT": "/", "FINE": "x", "AWS_REGION": "eu-west-1"})


@pytest.mark.parametrize(("size", "ok"), [(4095, True), (4096, True), (4097, False)])
def test_all_variables_together_have_4_kb(size: int, ok: bool) -> None:
    variables = {"AA": "é" * 100, "BB": "x" * (size - 204)}

    if ok:
        _check(environment=variables)
    else:
        with pytest.raises(ServiceFault, match="exceeded the 4KB limit"):
            _check(environment=variables)
