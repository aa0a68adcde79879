"""The variables of a function's process: the reserved ones, the defaults, the user's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.runtime.environment_variables import clean, function_variables
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.limits import RESERVED_VARIABLES

# DG "Working with Lambda environment variables" and "Log-level filtering": what a user cannot set.
RESERVED_ON_AWS = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
]


def _variables(
    environment: Mapping[str, str] | None = None, *, runtime_defaults: Mapping[str, str] | None = None, **settings: Any
) -> dict[str, str]:
    configuration = FunctionConfiguration(
        name="fn",
        account_id="123456789012",
        region="eu-west-1",
        runtime="python3.13",
        handler="app.handler",
        code=Path("/code"),
        role="arn:aws:iam::123456789012:role/fn",
        log_group="/aws/lambda/fn",
        environment=environment or {},
        **settings,
    )
    return function_variables(
        configuration,
        credentials=Credentials(access_key_id="ASIA1", secret_access_key="secret", session_token="token"),
        log_stream="2026/01/02/[$LATEST]abc",
        runtime_api="127.0.0.1:9001",
        endpoint_url="http://127.0.0.1:4566",
        task_root="/var/task",
        runtime_directory="/var/runtime",
        layer_roots=("/opt",),
        initialization_type="on-demand",
        runtime_defaults=runtime_defaults or {},
    )


def test_the_reserved_names_are_those_of_aws() -> None:
    assert sorted(RESERVED_VARIABLES) == sorted(RESERVED_ON_AWS)


def test_what_a_function_without_variables_sees() -> None:
    assert _variables(memory_mib=256, version="3") == {
        "_HANDLER": "app.handler",
        "AWS_ACCESS_KEY_ID": "ASIA1",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "fn",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "3",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fn",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/02/[$LATEST]abc",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": (
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
        ),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.mark.parametrize("name", RESERVED_ON_AWS)
def test_a_reserved_name_is_not_the_user_s_to_set(name: str) -> None:
    assert _variables({name: "mine"}).get(name) != "mine"
    assert _variables({name: "mine"}, log_format="JSON").get(name) != "mine"


@pytest.mark.parametrize("name", ["LANG", "PATH", "TZ", "LD_LIBRARY_PATH", "AWS_XRAY_CONTEXT_MISSING", "TABLE"])
def test_every_other_name_is(name: str) -> None:
    assert _variables({name: "mine"})[name] == "mine"


def test_the_runtime_s_own_defaults_give_way_to_the_user_s() -> None:
    defaults = {"NODE_PATH": "/opt/nodejs/node_modules", "OTHER": "runtime"}

    variables = _variables({"NODE_PATH": "mine"}, runtime_defaults=defaults)

    assert (variables["NODE_PATH"], variables["OTHER"]) == ("mine", "runtime")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (None, None)),
        ({"log_format": "Text"}, (None, None)),
        ({"log_format": "JSON"}, ("JSON", "INFO")),
        ({"log_format": "JSON", "application_log_level": "DEBUG"}, ("JSON", "DEBUG")),
    ],
)
def test_the_logging_configuration_is_told(settings: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    variables = _variables(**settings)

    assert (variables.get("AWS_LAMBDA_LOG_FORMAT"), variables.get("AWS_LAMBDA_LOG_LEVEL")) == expected


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_what_no_process_can_be_given_is_left_out(variables: dict[str, str]) -> None:
    kept = clean(variables)

    assert all(name and "=" not in name and "\0" not in name + value for name, value in kept.items())
    assert kept.items() <= variables.items()


def test_an_empty_value_is_a_value() -> None:
    assert clean({"A": "", "B=C": "x", "": "x", "D": "a\0b"}) == {"A": ""}
