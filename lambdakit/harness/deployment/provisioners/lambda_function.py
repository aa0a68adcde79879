"""`AWS::Lambda::Function`.

Source: CloudFormation Template Reference, "AWS::Lambda::Function" and "AWS::Lambda::Function Code".
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.lambda_code import package_at
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.runtime.code_package import CodePackage
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.limits import (
    EPHEMERAL_STORAGE_MIB_DEFAULT,
    FUNCTION_NAME_LENGTH_MAX,
    MEMORY_MIB_DEFAULT,
    TIMEOUT_SECONDS_DEFAULT,
)


class LambdaFunction:
    """A function and its `$LATEST`."""

    properties: ClassVar[PropertyTree] = {
        "Architectures": READ,
        "Code": {
            "S3Bucket": READ,
            "S3Key": READ,
            "S3ObjectVersion": RECORDED,
            "SourceKMSKeyArn": RECORDED,
            "ZipFile": READ,
            "ImageUri": RECORDED,
        },
        "CodeSigningConfigArn": RECORDED,
        "DeadLetterConfig": RECORDED,
        "Description": READ,
        "Environment": {"Variables": READ},
        "EphemeralStorage": {"Size": READ},
        "FileSystemConfigs": RECORDED,
        "FunctionName": READ,
        "Handler": READ,
        "ImageConfig": RECORDED,
        "KmsKeyArn": RECORDED,
        "Layers": READ,
        "LoggingConfig": {
            "ApplicationLogLevel": READ,
            "LogFormat": READ,
            "LogGroup": READ,
            "SystemLogLevel": READ,
        },
        "MemorySize": READ,
        "PackageType": READ,
        "RecursiveLoop": RECORDED,
        "ReservedConcurrentExecutions": RECORDED,
        "Role": READ,
        "Runtime": READ,
        "RuntimeManagementConfig": RECORDED,
        "SnapStart": RECORDED,
        "Tags": RECORDED,
        "Timeout": READ,
        "TracingConfig": {"Mode": READ},
        "VpcConfig": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the function; its code is unpacked, no environment is started."""
        properties = resource.properties
        name = properties.get("FunctionName") or resource.generated_name(length_max=FUNCTION_NAME_LENGTH_MAX)
        code = _code(properties, context)
        logging = properties.get("LoggingConfig") or {}
        configuration = FunctionConfiguration(
            name=name,
            account_id=resource.account_id,
            region=resource.region,
            runtime=properties.get("Runtime", ""),
            handler=properties.get("Handler", ""),
            code=Path() if code is None else code.directory,
            code_sha256="" if code is None else code.sha256,
            code_size=0 if code is None else code.size,
            role=properties.get("Role", ""),
            description=properties.get("Description", ""),
            memory_mib=_number(properties, "MemorySize", MEMORY_MIB_DEFAULT),
            timeout_seconds=_number(properties, "Timeout", TIMEOUT_SECONDS_DEFAULT),
            ephemeral_storage_mib=_number(
                properties.get("EphemeralStorage") or {}, "Size", EPHEMERAL_STORAGE_MIB_DEFAULT
            ),
            environment=_variables(properties),
            layers=tuple(context.layers.directory(arn) for arn in properties.get("Layers") or ()),
            architecture=(properties.get("Architectures") or ["x86_64"])[0],
            package_type=properties.get("PackageType") or ("Image" if code is None else "Zip"),
            log_group=logging.get("LogGroup") or f"/aws/lambda/{name}",
            log_format=logging.get("LogFormat", "Text"),
            application_log_level=logging.get("ApplicationLogLevel"),
            system_log_level=logging.get("SystemLogLevel"),
            tracing=(properties.get("TracingConfig") or {}).get("Mode", "PassThrough"),
        )
        context.functions.create(configuration)
        _note_differences(configuration, context)
        return Provisioned(physical_id=name, attributes={"Arn": configuration.arn})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the function with its versions and aliases."""
        try:
            context.functions.delete(created.provisioned.physical_id, created.resource.region)
        except ServiceFault as fault:
            if fault.code != "ResourceNotFoundException":
                raise

    def reset(self, created: Created, context: Context) -> None:
        """Ends its execution environments, so that the next invocation starts cold."""
        context.retire(str(created.provisioned.attributes["Arn"]))


def _code(properties: Any, context: Context) -> CodePackage | None:
    """The unpacked package; None for a container image."""
    code = properties.get("Code") or {}
    if "ZipFile" in code:
        return context.code.from_inline(str(code["ZipFile"]), properties.get("Runtime", ""))
    if "S3Bucket" in code and "S3Key" in code:
        return package_at(str(code["S3Bucket"]), str(code["S3Key"]), context, property_pointer="Code")
    if "ImageUri" in code:
        return None
    raise ResourceRefused(
        "Code names neither an S3 object, nor ZipFile, nor ImageUri", property_pointer="Code", hint="give one of them"
    )


def _variables(properties: Any) -> dict[str, str]:
    variables = (properties.get("Environment") or {}).get("Variables") or {}
    texts = {}
    for name, value in variables.items():
        texts[str(name)] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts


def _number(properties: Any, name: str, default: int) -> int:
    value = properties.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ResourceRefused(f"{name} is {value!r}, which is not a number", property_pointer=name) from None


def _note_differences(configuration: FunctionConfiguration, context: Context) -> None:
    host = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    if configuration.architecture != host:
        context.note(configuration.name, f"is configured for {configuration.architecture} and runs on {host} here")
