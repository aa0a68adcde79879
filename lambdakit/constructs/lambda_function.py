"""One function with all that belongs to it: log group, execution role, published version and alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambdakit.constructs.code_asset import code_asset
from lambdakit.constructs.function_problems import function_problems, located
from lambdakit.constructs.function_properties import (
    ALIAS_NAME,
    MEMORY_MIB,
    TIMEOUT_SECONDS,
    FunctionProperties,
)
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention
from lambdakit.errors import SynthesisError
from lambdakit.limits import EPHEMERAL_STORAGE_MIB_DEFAULT

_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class LambdaFunction(Construct):
    """A Lambda function, ready for production.

    It owns its log group (JSON, finite retention, deleted with the stack) and its execution role, whose one inline
    policy allows writing to that log group and, when traced, to X-Ray; managed policies are never attached. Each
    deployment publishes a version, and the alias follows it: wire every trigger to `alias`, grant to `role`.

    function: the CDK's function, `$LATEST`.
    version: the version that this state of code and configuration publishes.
    alias: points to `version`; takes provisioned concurrency, so it is what callers must invoke.
    role: the execution role, to which grants go.
    log_group: where the function's output goes.
    """

    function: lambda_.Function
    version: lambda_.Version
    alias: lambda_.Alias
    role: iam.Role
    log_group: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        code: str | Path | lambda_.Code,
        handler: str,
        runtime: lambda_.Runtime | None = None,
        architecture: lambda_.Architecture | None = None,
        memory_size: int = MEMORY_MIB,
        timeout: Duration | int = TIMEOUT_SECONDS,
        environment: Mapping[str, str] = _NO_VARIABLES,
        tracing: lambda_.Tracing = lambda_.Tracing.ACTIVE,
        description: str | None = None,
        reserved_concurrent_executions: int | None = None,
        ephemeral_storage_size: Size | int = EPHEMERAL_STORAGE_MIB_DEFAULT,
        layers: Sequence[lambda_.ILayerVersion] = (),
        log_retention: logs.RetentionDays | int = LOG_RETENTION_DAYS_DEFAULT,
        alias_name: str = ALIAS_NAME,
        alias_description: str | None = None,
        provisioned_concurrent_executions: int | None = None,
    ) -> None:
        """Adds the function to `scope`. SynthesisError, with all that is wrong, for settings Lambda would refuse.

        code: a directory, a .zip or .jar file, or the CDK's `Code`; bytecode and tool caches are left out.
        handler: file and function, `app.handler`.
        runtime: absent, Python 3.13.
        architecture: absent, arm64, which costs a fifth less per GB-second.
        memory_size: MiB, 128 to 10240; absent, 512.
        timeout: a `Duration` or seconds, 1 to 900; absent, 10.
        environment: variables of the function, at most 4 KiB; absent, none.
        tracing: X-Ray; absent, active.
        description: absent, none.
        reserved_concurrent_executions: how many may run at once, taken from the account's pool, 0 stops the
            function; absent, it shares the pool.
        ephemeral_storage_size: `/tmp`, a `Size` or MiB, 512 to 10240; absent, 512.
        layers: at most 5, later ones cover earlier ones; absent, none.
        log_retention: `RetentionDays` or days; absent, 30.
        alias_name: absent, `live`.
        alias_description: absent, none.
        provisioned_concurrent_executions: environments kept initialised behind the alias, at least 1;
            absent, none.
        """
        super().__init__(scope, id)
        properties = FunctionProperties(
            code=code,
            handler=handler,
            runtime=runtime,
            architecture=architecture,
            memory_size=memory_size,
            timeout=timeout,
            environment=environment,
            tracing=tracing,
            description=description,
            reserved_concurrent_executions=reserved_concurrent_executions,
            ephemeral_storage_size=ephemeral_storage_size,
            layers=layers,
            log_retention=log_retention,
            alias_name=alias_name,
            alias_description=alias_description,
            provisioned_concurrent_executions=provisioned_concurrent_executions,
        )
        if problems := function_problems(properties):
            raise SynthesisError(*located(self.node.path, problems))
        self.log_group = logs.LogGroup(
            self, "LogGroup", retention=retention(log_retention), removal_policy=RemovalPolicy.DESTROY
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        # logs:CreateLogStream and logs:PutLogEvents, on this group alone. With tracing, the CDK adds X-Ray's two
        # actions, on "*", as X-Ray knows no resources: Service Authorization Reference, "AWS X-Ray".
        self.log_group.grant_write(self.role)
        self.function = self._make_function(properties)
        self.version = self.function.current_version
        self.alias = self.function.add_alias(
            alias_name,
            description=alias_description,
            provisioned_concurrent_executions=provisioned_concurrent_executions,
        )

    def _make_function(self, properties: FunctionProperties) -> lambda_.Function:
        timeout, storage = properties.timeout, properties.ephemeral_storage_size
        return lambda_.Function(
            self,
            "Function",
            code=code_asset(properties.code),
            handler=properties.handler,
            # Read from the CDK here, as reading them at import would start Node.js.
            runtime=properties.runtime or lambda_.Runtime.PYTHON_3_13,
            architecture=properties.architecture or lambda_.Architecture.ARM_64,
            memory_size=properties.memory_size,
            timeout=Duration.seconds(timeout) if isinstance(timeout, int) else timeout,
            environment=dict(properties.environment) or None,
            tracing=properties.tracing,
            description=properties.description,
            reserved_concurrent_executions=properties.reserved_concurrent_executions,
            ephemeral_storage_size=Size.mebibytes(storage) if isinstance(storage, int) else storage,
            layers=list(properties.layers) or None,
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
        )
