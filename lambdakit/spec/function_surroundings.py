"""What a function has around its code: what it works with that is there already, and what AWS adds to it."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from lambdakit.spec.durable import DurableConfig
from lambdakit.spec.function_extensions import (
    AdotInstrumentation,
    CodeSigning,
    CodeSigningConfigArn,
    InsightsVersion,
    ParamsAndSecrets,
)
from lambdakit.spec.function_places import Filesystem, RoleName, SecurityGroups
from lambdakit.spec.model import Model


def _signing_tag(value: object) -> str:
    return "existing" if isinstance(value, str) else "new"


AnyCodeSigning = Annotated[
    Annotated[CodeSigningConfigArn, Tag("existing")] | Annotated[CodeSigning, Tag("new")], Discriminator(_signing_tag)
]
_SIGNING_EXAMPLE = "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0"


class Extensions(Model):
    """What every function may have around it. An absent field leaves it out."""

    security_groups: SecurityGroups | None = Field(
        default=None,
        description="groups that it has in the network; the network's own when absent",
        examples=[["sg-0123456789abcdef0"]],
    )
    insights_version: InsightsVersion | None = Field(
        default=None, description="Lambda Insights, in this version; none when absent", examples=["1.0.498.0"]
    )
    params_and_secrets: ParamsAndSecrets | None = Field(
        default=None, description="the extension that keeps parameters and secrets at hand; {} for the usual one"
    )
    adot_instrumentation: AdotInstrumentation | None = Field(
        default=None,
        description="the layer of AWS Distro for OpenTelemetry; none when absent",
        examples=[{"layer_version": "python_sdk", "exec_wrapper": "instrument_handler"}],
    )


class GeneralSurroundings(Extensions):
    """The same, as the defaults of all functions have it."""

    code_signing_config: CodeSigningConfigArn | None = Field(
        default=None, description="existing configuration of who may sign the code", examples=[_SIGNING_EXAMPLE]
    )


class Surroundings(Extensions):
    """What one function has around it. role: None for one that is made."""

    role: RoleName | None = Field(
        default=None,
        description="an existing role, by name or ARN, which gets what the function needs; one is made when absent",
        examples=["orders"],
    )
    durable_config: DurableConfig | None = Field(
        default=None,
        description="makes it a durable function, whose executions rest and go on; it is none when absent",
        examples=[{"execution_timeout": "7d"}],
    )
    tenancy_config: Literal["per_tenant"] | None = Field(
        default=None, description="per_tenant: no two tenants share an execution environment; they do when absent"
    )
    filesystem: Filesystem | None = Field(default=None, description="a file system, for a function in the network")
    code_signing_config: AnyCodeSigning | None = Field(
        default=None,
        description="who may sign the code: an existing configuration, or profiles; nobody has to when absent",
        examples=[_SIGNING_EXAMPLE],
    )
