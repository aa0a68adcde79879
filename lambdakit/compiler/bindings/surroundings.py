"""What a function of the document works with that is there already, and what AWS adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.mounted_file_system import mounted_file_system
from lambdakit.spec.function_extensions import INSIGHTS_VERSIONS, AdotInstrumentation, ParamsAndSecrets

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.spec.function import FunctionSettings
    from lambdakit.spec.function_extensions import CodeSigning
    from lambdakit.spec.function_places import Filesystem
    from lambdakit.spec.pointer import Pointer

_SIGNING: Final = "code-signing"
_IMPORTED: Final = ("role", "filesystem", _SIGNING)
_UNTRUSTED: Final[Mapping[str, lambda_.UntrustedArtifactOnDeployment]] = {
    "enforce": lambda_.UntrustedArtifactOnDeployment.ENFORCE,
    "warn": lambda_.UntrustedArtifactOnDeployment.WARN,
}


def surroundings(
    scope: BindingScope, id: str, pointer: Pointer, settings: FunctionSettings, *, in_network: bool
) -> dict[str, Any]:
    """Keyword arguments of `FunctionProperties`.

    id: with which begins what is imported into the stack for the function. in_network: whether the function is in the
    document's network; security groups of the defaults are for those that are.
    """
    for name in _IMPORTED:
        scope.source_map.record(f"{scope.stack.node.path}/{id}:{name}", (*pointer, name.replace("-", "_")))
    role, files, signing = settings.role, settings.filesystem, settings.code_signing_config
    insights, secrets, adot = settings.insights_version, settings.params_and_secrets, settings.adot_instrumentation
    return {
        "role": None if role is None else _role(scope, f"{id}:role", role),
        "security_groups": _groups(scope, f"{id}:group", settings.security_groups or []) if in_network else [],
        "filesystem": None if files is None else _filesystem(scope, f"{id}:filesystem", files),
        "code_signing_config": None if signing is None else _signing(scope, f"{id}:{_SIGNING}", signing),
        "insights_version": None if insights is None else _insights(insights),
        "params_and_secrets": None if secrets is None else _params_and_secrets(secrets),
        "adot_instrumentation": None if adot is None else _adot(adot),
        "additional_versions": [
            lambda_.VersionWeight(
                version=lambda_.Version.from_version_arn(scope.stack, f"{id}:version:{number}", each.version),
                weight=each.weight,
            )
            for number, each in enumerate(settings.alias.additional_versions)
        ],
    }


def _role(scope: BindingScope, id: str, role: str) -> iam.IRole:
    if role.startswith("arn:"):
        return iam.Role.from_role_arn(scope.stack, id, role)
    return iam.Role.from_role_name(scope.stack, id, role)


def _groups(scope: BindingScope, id: str, ids: list[str]) -> list[ec2.ISecurityGroup]:
    return [
        ec2.SecurityGroup.from_security_group_id(scope.stack, f"{id}:{number}", each) for number, each in enumerate(ids)
    ]


def _filesystem(scope: BindingScope, id: str, settings: Filesystem) -> lambda_.FileSystem:
    group = settings.security_group_id
    return mounted_file_system(
        access_point_arn=settings.access_point_arn,
        mount_path=settings.mount_path,
        file_system_id=settings.file_system_id,
        security_groups=[] if group is None else [ec2.SecurityGroup.from_security_group_id(scope.stack, id, group)],
    )


def _signing(scope: BindingScope, id: str, settings: str | CodeSigning) -> lambda_.ICodeSigningConfig:
    if isinstance(settings, str):
        return lambda_.CodeSigningConfig.from_code_signing_config_arn(scope.stack, id, settings)
    # Only now: it takes time, which no document without profiles should wait for.
    from aws_cdk import aws_signer as signer

    return lambda_.CodeSigningConfig(
        scope.stack,
        id,
        signing_profiles=[
            signer.SigningProfile.from_signing_profile_attributes(
                scope.stack,
                f"{id}:{number}",
                signing_profile_name=each.signing_profile_name,
                signing_profile_version=each.signing_profile_version,
            )
            for number, each in enumerate(settings.signing_profiles)
        ],
        untrusted_artifact_on_deployment=_UNTRUSTED[settings.untrusted_artifact_on_deployment],
        description=settings.description,
    )


def _insights(version: str) -> lambda_.LambdaInsightsVersion:
    if version not in INSIGHTS_VERSIONS:
        return lambda_.LambdaInsightsVersion.from_insight_version_arn(version)
    known: lambda_.LambdaInsightsVersion = getattr(
        lambda_.LambdaInsightsVersion, f"VERSION_{version.replace('.', '_')}"
    )
    return known


def _params_and_secrets(settings: ParamsAndSecrets) -> lambda_.ParamsAndSecretsLayerVersion:
    options: dict[str, Any] = {
        "cache_enabled": settings.cache_enabled,
        "cache_size": settings.cache_size,
        "http_port": settings.http_port,
        "log_level": lambda_.ParamsAndSecretsLogLevel[settings.log_level.upper()],
        "max_connections": settings.max_connections,
        "parameter_store_timeout": _duration(settings.parameter_store_timeout),
        "parameter_store_ttl": _duration(settings.parameter_store_ttl),
        "secrets_manager_timeout": _duration(settings.secrets_manager_timeout),
        "secrets_manager_ttl": _duration(settings.secrets_manager_ttl),
    }
    if settings.version_arn is not None:
        return lambda_.ParamsAndSecretsLayerVersion.from_version_arn(settings.version_arn, **options)
    return lambda_.ParamsAndSecretsLayerVersion.from_version(lambda_.ParamsAndSecretsVersions.V1_0_103, **options)


def _duration(seconds: int | None) -> Duration | None:
    return None if seconds is None else Duration.seconds(seconds)


def _adot(settings: AdotInstrumentation) -> lambda_.AdotInstrumentationConfig:
    return lambda_.AdotInstrumentationConfig(
        layer_version=_layer(settings.layer_version),
        exec_wrapper=lambda_.AdotLambdaExecWrapper[settings.exec_wrapper.upper()],
    )


def _layer(name: str) -> lambda_.AdotLayerVersion:
    layers = lambda_.AdotLayerVersion
    match name:
        case "java_auto_instrumentation":
            return layers.from_java_auto_instrumentation_layer_version(
                lambda_.AdotLambdaLayerJavaAutoInstrumentationVersion.LATEST
            )
        case "java_script_sdk":
            return layers.from_java_script_sdk_layer_version(lambda_.AdotLambdaLayerJavaScriptSdkVersion.LATEST)
        case "java_sdk":
            return layers.from_java_sdk_layer_version(lambda_.AdotLambdaLayerJavaSdkVersion.LATEST)
        case "python_sdk":
            return layers.from_python_sdk_layer_version(lambda_.AdotLambdaLayerPythonSdkVersion.LATEST)
        case _:
            return layers.from_generic_layer_version(lambda_.AdotLambdaLayerGenericVersion.LATEST)
