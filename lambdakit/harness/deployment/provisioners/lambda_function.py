"""`AWS::Lambda::Function`.

Source: CloudFormation Template Reference, "AWS::Lambda::Function" and "AWS::Lambda::Function Code".
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners.lambda_code import location, package_at
from lambdakit.harness.deployment.provisioners.lambda_image import image_package, override_hint
from lambdakit.harness.deployment.provisioners.lambda_version import named_function
from lambdakit.harness.deployment.provisioners.used_layers import used_layers
from lambdakit.harness.lambda_service.capacity_providers import on_capacity
from lambdakit.harness.lambda_service.execution_roles import check_execution_role
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_record import LATEST, FunctionRecord, StoredFunction
from lambdakit.harness.lambda_service.function_settings import new_record
from lambdakit.harness.lambda_service.store import FunctionStore
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
        "CapacityProviderConfig": {
            "LambdaManagedInstancesCapacityProviderConfig": {
                "CapacityProviderArn": READ,
                "ExecutionEnvironmentMemoryGiBPerVCpu": RECORDED,
                "PerExecutionEnvironmentMaxConcurrency": RECORDED,
            },
        },
        "Code": {
            "S3Bucket": READ,
            "S3Key": READ,
            "S3ObjectStorageMode": RECORDED,
            "S3ObjectVersion": RECORDED,
            "SourceKMSKeyArn": RECORDED,
            "ZipFile": READ,
            "ImageUri": READ,
        },
        "CodeSigningConfigArn": RECORDED,
        "DeadLetterConfig": {"TargetArn": READ},
        "Description": READ,
        "DurableConfig": {"ExecutionTimeout": READ, "KMSKeyArn": RECORDED, "RetentionPeriodInDays": READ},
        "Environment": {"Variables": READ},
        "EphemeralStorage": {"Size": READ},
        "FileSystemConfigs": {"Arn": READ, "LocalMountPath": READ, "S3FilesConfig": RECORDED},
        "FunctionName": READ,
        "FunctionScalingConfig": RECORDED,
        "Handler": READ,
        "ImageConfig": {"Command": READ, "EntryPoint": READ, "WorkingDirectory": READ},
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
        "PublishToLatestPublished": RECORDED,
        "RecursiveLoop": READ,
        "ReservedConcurrentExecutions": READ,
        "Role": READ,
        "Runtime": READ,
        "RuntimeManagementConfig": RECORDED,
        "SnapStart": RECORDED,
        "Tags": RECORDED,
        "TenancyConfig": {"TenantIsolationMode": READ},
        "Timeout": READ,
        "TracingConfig": {"Mode": READ},
        "VpcConfig": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the function; its code is unpacked, no environment is started."""
        record = _record(resource, context)
        configuration = record.configuration
        functions = context.functions_of(resource)
        functions.add(record, tags=_tags(resource.properties))
        named = named_function(resource, configuration.name)
        with undone_on_failure(lambda: functions.delete(configuration.name, configuration.region)):
            _set_beside(named, resource.properties, functions)
        _note_differences(configuration, context)
        return Provisioned(physical_id=configuration.name, attributes={"Arn": configuration.arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes `$LATEST` what the template says now; published versions stay as they are."""
        named = named_function(resource, created.provisioned.physical_id)
        record = _record(resource, context, name=named.name)
        functions = context.functions_of(resource)
        before = functions.record(named)
        functions.update(named.name, named.region, lambda _: record)
        with undone_on_failure(lambda: _put_back(before, functions)):
            _set_beside(named, resource.properties, functions)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the function with its versions and aliases."""
        try:
            functions = context.functions_of(created.resource)
            functions.delete(created.provisioned.physical_id, created.resource.region)
        except ServiceFault as fault:
            if fault.code != "ResourceNotFoundException":
                raise

    def reset(self, created: Created, context: Context) -> None:
        """Ends its execution environments, so that the next invocation starts cold."""
        context.retire(str(created.provisioned.attributes["Arn"]))


def _record(resource: Resource, context: Context, *, name: str = "") -> FunctionRecord:
    """The function as the template says it. Absence of `name`: the template's, or a generated one."""
    properties = resource.properties
    code = _code(resource, context)
    image = image_package(resource, context)
    name = name or properties.get("FunctionName") or resource.generated_name(length_max=FUNCTION_NAME_LENGTH_MAX)
    record = new_record(
        _members(properties),
        name=name,
        account_id=resource.account_id,
        region=resource.region,
        code=code,
        layers=used_layers(resource, context, function=name),
    )
    record = on_capacity(record, context.functions_of(resource).capacity_providers)
    made = record.configuration
    check_execution_role(context.roles, made.role, made.arn, made.dead_letter_target)
    if image is None:
        told = dataclasses.replace(record.configuration, image_hint=override_hint(resource, context))
        return dataclasses.replace(record, configuration=told)
    standing_in = dataclasses.replace(
        record.configuration,
        code=image.code.directory,
        code_sha256=image.code.sha256,
        code_size=image.code.size,
        code_unzipped_bytes=image.code.unzipped_bytes,
        image=image.image,
        handler=image.handler,
    )
    return dataclasses.replace(record, configuration=standing_in)


def _members(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as members of CreateFunction."""
    members = {name: properties[name] for name in _SAME if properties.get(name) is not None}
    members["Code"] = properties.get("Code") or {}
    members["MemorySize"] = _number(properties, "MemorySize", MEMORY_MIB_DEFAULT)
    members["Timeout"] = _number(properties, "Timeout", TIMEOUT_SECONDS_DEFAULT)
    storage = properties.get("EphemeralStorage") or {}
    members["EphemeralStorage"] = {"Size": _number(storage, "Size", EPHEMERAL_STORAGE_MIB_DEFAULT)}
    members["Environment"] = {"Variables": _variables(properties)}
    if properties.get("KmsKeyArn"):
        members["KMSKeyArn"] = properties["KmsKeyArn"]
    return members


def _put_back(record: FunctionRecord, functions: FunctionStore) -> None:
    functions.update(record.configuration.name, record.configuration.region, lambda _: record)


# Properties that are members of CreateFunction as they are.
_SAME = (
    *(
        "Architectures",
        "CapacityProviderConfig",
        "DeadLetterConfig",
        "Description",
        "DurableConfig",
        "FileSystemConfigs",
        "Handler",
    ),
    *("ImageConfig", "LoggingConfig", "PackageType", "Role", "Runtime", "SnapStart", "TenancyConfig"),
    *("TracingConfig", "VpcConfig"),
)


def _set_beside(named: FunctionName, properties: Mapping[str, Any], functions: FunctionStore) -> None:
    """What other operations than CreateFunction set: concurrency, tags, recursion, the runtime's updates, signing."""
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is not None or functions.stored(named).reserved_concurrency is not None:
        wanted = None if reserved is None else _number(properties, "ReservedConcurrentExecutions", 0)
        functions.concurrency.reserve(named, wanted)

    def change(function: StoredFunction) -> None:
        function.tags = _tags(properties)
        function.recursive_loop = properties.get("RecursiveLoop") or "Terminate"
        function.code_signing_config = properties.get("CodeSigningConfigArn") or ""
        management = properties.get("RuntimeManagementConfig")
        if management:
            function.runtime_management[LATEST] = dict(management)
        else:
            function.runtime_management.pop(LATEST, None)

    functions.change(named, change)


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in properties.get("Tags") or ()}


def _code(resource: Resource, context: Context) -> CodePackage | None:
    """The unpacked package; None for a container image."""
    code = location(resource, "Code")
    if "ZipFile" in code:
        return context.code.from_inline(str(code["ZipFile"]), resource.properties.get("Runtime", ""))
    if "S3Bucket" in code and "S3Key" in code:
        return package_at(str(code["S3Bucket"]), str(code["S3Key"]), resource, context, property_pointer="Code")
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
    if configuration.capacity_provider:
        # Lambda Developer Guide, "Understanding the Lambda Managed Instances execution environment".
        note = "runs on no managed instance here: one invocation at a time in an environment, begun when it is needed"
        context.note(configuration.name, note)
    host = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    if configuration.architecture != host:
        context.note(configuration.name, f"is configured for {configuration.architecture} and runs on {host} here")
