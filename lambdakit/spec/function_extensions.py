"""What AWS adds to a function: its extensions, as layers of its own, and the check of who signed the code."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit.spec.model import Model
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import patterned_text, whole_number

# Source: AWS Lambda Developer Guide, "Using AWS Secrets Manager secrets in Lambda functions", variables
_TTL: Final = duration(minimum=0, maximum=300, what="time for which the extension keeps a value")
_TIMEOUT: Final = duration(minimum=0, maximum=900, what="time of a request of the extension")
# The CDK's. Source: CloudWatch User Guide, "Available versions of the Lambda Insights extension"
INSIGHTS_VERSIONS: Final = (
    *("1.0.54.0", "1.0.86.0", "1.0.89.0", "1.0.98.0", "1.0.119.0", "1.0.135.0", "1.0.143.0", "1.0.178.0"),
    *("1.0.229.0", "1.0.273.0", "1.0.275.0", "1.0.295.0", "1.0.317.0", "1.0.333.0", "1.0.391.0", "1.0.404.0"),
    "1.0.498.0",
)
_LAYER: Final = "arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+"

InsightsVersion = Annotated[
    str,
    patterned_text(
        f"^({'|'.join(INSIGHTS_VERSIONS).replace('.', '[.]')}|{_LAYER})$",
        allowed=f"a version of Lambda Insights such as {INSIGHTS_VERSIONS[-1]}, or the ARN of its layer",
        longest=256,
        mend=lambda _: INSIGHTS_VERSIONS[-1],
    ),
]
LayerVersionArn = Annotated[
    str,
    patterned_text(
        f"^{_LAYER}$",
        allowed="an ARN of a layer's version such as arn:aws:lambda:eu-west-1:123456789012:layer:shared:3",
        longest=256,
    ),
]
CodeSigningConfigArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}$",
        allowed="an ARN of a code signing configuration such as "
        "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0",
        longest=200,
    ),
]
# Source: API signer PutSigningProfile.profileName, SigningProfile.profileVersion
ProfileName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9_]{2,64}$", allowed="a name of a signing profile: 2 to 64 letters, digits and _", longest=64
    ),
]
ProfileVersion = Annotated[
    str,
    patterned_text("^[A-Za-z0-9]{10}$", allowed="a version of a signing profile: ten letters and digits", longest=10),
]


class ParamsAndSecrets(Model):
    """The extension that keeps parameters and secrets at hand. version_arn: None for the newest that the CDK knows.

    Times in seconds. None for the extension's own way.
    """

    version_arn: LayerVersionArn | None = Field(
        default=None, description="version of the extension; the newest known one when absent"
    )
    cache_enabled: bool = Field(default=True, description="whether values are kept")
    cache_size: Annotated[int, whole_number(minimum=0, maximum=1_000, what="values that the extension keeps")] = Field(
        default=1_000, description="how many"
    )
    http_port: Annotated[int, whole_number(minimum=1, maximum=65_535, what="port")] = Field(
        default=2773, description="port of the extension"
    )
    log_level: Literal["debug", "info", "warn", "error", "none"] = Field(
        default="info", description="least level of its lines"
    )
    max_connections: Annotated[int, whole_number(minimum=1, what="connections of the extension")] = Field(
        default=3, description="connections at once"
    )
    parameter_store_timeout: Annotated[int, _TIMEOUT] | None = Field(
        default=None, description="of a request for a parameter; none when absent", examples=["5s"]
    )
    parameter_store_ttl: Annotated[int, _TTL] | None = Field(
        default=None, description="how long a parameter is kept; 5m when absent", examples=["1m"]
    )
    secrets_manager_timeout: Annotated[int, _TIMEOUT] | None = Field(
        default=None, description="of a request for a secret; none when absent", examples=["5s"]
    )
    secrets_manager_ttl: Annotated[int, _TTL] | None = Field(
        default=None, description="how long a secret is kept; 5m when absent", examples=["1m"]
    )


class AdotInstrumentation(Model):
    """The layer of AWS Distro for OpenTelemetry."""

    layer_version: Literal["generic", "java_auto_instrumentation", "java_script_sdk", "java_sdk", "python_sdk"] = Field(
        description="which of the layers, in its newest version"
    )
    exec_wrapper: Literal["instrument_handler", "proxy_handler", "regular_handler", "sqs_handler", "stream_handler"] = (
        Field(description="the wrapper that starts the function; instrument_handler with Python")
    )


class SigningProfile(Model):
    """Who may sign code."""

    signing_profile_name: ProfileName = Field(description="name of the profile", examples=["shop"])
    signing_profile_version: ProfileVersion = Field(description="version of the profile", examples=["0a1B2c3D4e"])


class CodeSigning(Model):
    """A code signing configuration, made for the function."""

    # Source: API lambda AllowedPublishers.SigningProfileVersionArns
    signing_profiles: Annotated[list[SigningProfile], Field(min_length=1, max_length=20)] = Field(
        description="who may sign the code, in the function's account and region",
        examples=[[{"signing_profile_name": "shop", "signing_profile_version": "0a1B2c3D4e"}]],
    )
    untrusted_artifact_on_deployment: Literal["enforce", "warn"] = Field(
        default="warn", description="what becomes of a deployment of other code"
    )
    description: (
        Annotated[
            str,
            patterned_text(
                "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]+$", allowed="text without control characters", longest=256
            ),
        ]
        | None
    ) = Field(default=None, description="text shown beside it")
