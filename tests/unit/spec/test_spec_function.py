from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lambdakit.spec.function import Alias, FunctionDefaults, FunctionSettings, effective

OWN = {"code": "functions/orders", "handler": "app.read"}


def _settings(**written: object) -> FunctionSettings:
    return FunctionSettings.model_validate({**OWN, **written})


def _accepts(**written: object) -> bool:
    try:
        _settings(**written)
    except ValidationError:
        return False
    return True


def test_function_has_the_documented_defaults() -> None:
    settings = _settings()

    assert settings.runtime == "python3.13"
    assert settings.architecture == "arm_64"
    assert settings.memory_size == 512
    assert settings.timeout == 10
    assert settings.tracing == "active"
    assert settings.ephemeral_storage_size == 512
    assert settings.log_retention == 30
    assert settings.alias.name == "live"
    assert settings.reserved_concurrent_executions is None
    assert (settings.environment, settings.layers) == ({}, [])


@pytest.mark.parametrize(
    ("written", "mib"),
    [(128, 128), (10_240, 10_240), ("512 MiB", 512), ("512MiB", 512), ("1 GiB", 1_024), ("10GiB", 10_240)],
)
def test_memory_is_read_in_mib(written: object, mib: int) -> None:
    assert _settings(memory_size=written).memory_size == mib


@pytest.mark.parametrize(
    "written", [127, 10_241, 0, -1, 512.0, True, "512", "1 GB", "1.5 GiB", "0 MiB", "11 GiB", "", "1 GiB\n", [512], {}]
)
def test_memory_that_lambda_does_not_give_is_refused(written: object) -> None:
    assert not _accepts(memory_size=written)


@pytest.mark.parametrize(("written", "seconds"), [("1s", 1), ("30s", 30), ("5m", 300), ("15m", 900), ("900s", 900)])
def test_timeout_is_read_in_seconds(written: str, seconds: int) -> None:
    assert _settings(timeout=written).timeout == seconds


@pytest.mark.parametrize(
    "written", ["0s", "901s", "16m", "1h", "1d", 30, "30", "30 s", "1m30s", "-1s", "", "5m\n", True]
)
def test_timeout_that_lambda_does_not_give_is_refused(written: object) -> None:
    assert not _accepts(timeout=written)


@pytest.mark.parametrize(
    ("setting", "written", "accepted"),
    [
        ("ephemeral_storage_size", 511, False),
        ("ephemeral_storage_size", 512, True),
        ("ephemeral_storage_size", "10 GiB", True),
        ("ephemeral_storage_size", 10_241, False),
        ("reserved_concurrent_executions", -1, False),
        ("reserved_concurrent_executions", 0, True),
        ("reserved_concurrent_executions", False, False),
        ("log_retention", "1d", True),
        ("log_retention", "2d", False),
        ("log_retention", "3653d", True),
        ("log_retention", "24h", False),
        ("log_retention", 30, False),
        ("layers", ["a", "b", "c", "d", "e"], True),
        ("layers", ["a", "b", "c", "d", "e", "f"], False),
        ("layers", "a", False),
        ("handler", "a" * 128, True),
        ("handler", "a" * 129, False),
        ("handler", "", False),
        ("handler", "app read", False),
        ("description", "x" * 256, True),
        ("description", "x" * 257, False),
        ("alias", {"name": "1a"}, True),
        ("alias", {"name": "11"}, False),
        ("alias", {"name": "a" * 129}, False),
        ("alias", {"provisioned_concurrent_executions": 0}, False),
        ("alias", {"provisioned_concurrent_executions": 1}, True),
        ("environment", {"AB": "x"}, True),
        ("environment", {"A": "x"}, False),
        ("environment", {"1A": "x"}, False),
        ("environment", {"AWS_REGION": "x"}, False),
        ("environment", {"AWS_XRAY_CONTEXT_MISSING": "x"}, True),
        ("environment", {"AB": 1}, False),
        ("environment", {"AB": "x\0"}, False),
        ("runtime", "python3.10", True),
        ("runtime", "python3.9", False),
        ("architecture", "arm64", False),
        ("code", "a\nb", False),
        ("vpc", {}, False),
    ],
)
def test_setting_has_the_bounds_of_aws(setting: str, written: object, accepted: bool) -> None:
    assert _accepts(**{setting: written}) is accepted


def test_defaults_fill_in_what_a_function_does_not_say() -> None:
    defaults = FunctionDefaults.model_validate({"memory_size": "1 GiB", "timeout": "30s", "runtime": "python3.12"})

    result = effective(_settings(timeout="10s"), defaults)

    assert (result.memory_size, result.timeout, result.runtime) == (1_024, 10, "python3.12")
    assert (result.code, result.handler, result.architecture) == ("functions/orders", "app.read", "arm_64")


@pytest.mark.parametrize(
    ("setting", "written", "general", "expected"),
    [
        ("reserved_concurrent_executions", 0, 5, 0),
        ("layers", [], ["shared"], []),
        ("memory_size", 512, 1_024, 512),
        ("tracing", "active", "disabled", "active"),
    ],
    ids=["zero", "empty list", "the field's own default", "word"],
)
def test_what_is_written_goes_before_the_defaults(setting: str, written: Any, general: Any, expected: Any) -> None:
    defaults = FunctionDefaults.model_validate({setting: general})

    result = effective(_settings(**{setting: written}), defaults)

    assert getattr(result, setting) == expected


def test_environment_variables_come_together() -> None:
    defaults = FunctionDefaults.model_validate({"environment": {"LEVEL": "INFO", "STAGE": "dev"}})

    result = effective(_settings(environment={"LEVEL": "DEBUG", "OWN": ""}), defaults)

    assert result.environment == {"LEVEL": "DEBUG", "STAGE": "dev", "OWN": ""}


def test_alias_comes_together_field_by_field() -> None:
    defaults = FunctionDefaults.model_validate({"alias": {"name": "prod", "provisioned_concurrent_executions": 1}})

    result = effective(_settings(alias={"provisioned_concurrent_executions": 3}), defaults)

    assert result.alias == Alias(name="prod", provisioned_concurrent_executions=3)


def test_effective_settings_are_complete_without_defaults() -> None:
    assert effective(_settings(), FunctionDefaults()).model_dump() == _settings().model_dump()


def test_settings_cannot_be_changed() -> None:
    settings = _settings()

    with pytest.raises(ValidationError):
        settings.memory_size = 1
