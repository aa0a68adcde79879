"""The environment variables that a function's process sees: the reserved ones, the defaults and the user's.

Source: AWS Lambda Developer Guide, "Working with Lambda environment variables".
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.limits import RESERVED_VARIABLES


def function_variables(
    configuration: FunctionConfiguration,
    *,
    credentials: Credentials,
    log_stream: str,
    runtime_api: str,
    endpoint_url: str,
    task_root: str,
    runtime_directory: str,
    layer_roots: tuple[str, ...],
    initialization_type: str,
    runtime_defaults: Mapping[str, str],
) -> dict[str, str]:
    """All variables of an environment of `configuration`.

    runtime_api: `host:port`.
    endpoint_url: where the harness serves the AWS APIs; not a variable that AWS sets, but the SDKs' own way to be
    pointed elsewhere.
    runtime_defaults: the runtime family's own variables, which the user's override.
    layer_roots: where the layers are unpacked, the winning one first; `/opt` where it can be one directory.
    """
    user = {name: value for name, value in configuration.environment.items() if name not in RESERVED_VARIABLES}
    return {
        **_defaults(configuration, task_root, runtime_directory, layer_roots),
        **runtime_defaults,
        **user,
        **_reserved(configuration, credentials, log_stream, initialization_type),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": runtime_directory,
        "AWS_ENDPOINT_URL": endpoint_url,
        # `sync-127.0.0.1`, as StartSyncExecution of Step Functions would have it, is nobody's name.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        # No metadata service answers inside Lambda either; without this the SDKs look for one.
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _defaults(
    configuration: FunctionConfiguration, task_root: str, runtime_directory: str, layer_roots: tuple[str, ...]
) -> dict[str, str]:
    is_managed = not configuration.runtime.startswith("provided")
    layer_bins = [f"{root}/bin" for root in layer_roots]
    language_bins = ["/var/lang/bin"] if is_managed else []
    layer_libraries = [f"{root}/lib" for root in layer_roots]
    libraries = ["/var/lang/lib", "/lib64", "/usr/lib64", runtime_directory, f"{runtime_directory}/lib"]
    return {
        "LANG": "en_US.UTF-8",
        "PATH": ":".join([*language_bins, "/usr/local/bin", "/usr/bin/", "/bin", *layer_bins]),
        "LD_LIBRARY_PATH": ":".join([*libraries, task_root, f"{task_root}/lib", *layer_libraries]),
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        # Nobody receives the segments, and sending them there is no error; `_` as on AWS, from before they had names.
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        **(
            {"AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration.runtime}"} if is_managed and configuration.runtime else {}
        ),
    }


def _reserved(
    configuration: FunctionConfiguration, credentials: Credentials, log_stream: str, initialization_type: str
) -> dict[str, str]:
    variables = {
        "_HANDLER": configuration.handler,
        "AWS_REGION": configuration.region,
        "AWS_DEFAULT_REGION": configuration.region,
        "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_mib),
        "AWS_LAMBDA_FUNCTION_VERSION": configuration.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": configuration.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }
    if configuration.log_format == "JSON":
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        # DG "Log-level filtering": the application's level is INFO unless configured.
        variables["AWS_LAMBDA_LOG_LEVEL"] = configuration.application_log_level or "INFO"
    return variables


def clean(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` without those that no process can be given: names with `=`, and NUL anywhere."""
    return {
        name: value
        for name, value in variables.items()
        if name and "=" not in name and "\x00" not in name and "\x00" not in value
    }
