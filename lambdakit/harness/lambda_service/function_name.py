"""The ways in which a caller can name a function.

Source: AWS Lambda API Reference, "Invoke" (FunctionName, Qualifier).
"""

from __future__ import annotations

import re

from lambdakit.arn import partition_of
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.records import dataclass

_FORM = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"(?:function:|(?!layer:|event-source-mapping:|code-signing-config:))"  # without the word, but no other resource's
    r"|(?P<partial>[0-9]{12}):(?:function:)?|function:)?"
    r"(?P<name>[a-zA-Z0-9-_]{1,64})"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]{1,128}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionName:
    """A function, named in full. qualifier: empty when none was named."""

    name: str
    qualifier: str
    account_id: str
    region: str

    @property
    def arn(self) -> str:
        """The ARN, with the qualifier when there is one."""
        base = f"arn:{partition_of(self.region)}:lambda:{self.region}:{self.account_id}:function:{self.name}"
        return f"{base}:{self.qualifier}" if self.qualifier else base


def parse_function_name(text: str, qualifier: str, *, account_id: str, region: str) -> FunctionName:
    """The function that `text` names. account_id, region: where a bare name is looked for.

    InvalidParameterValueException when `text` is no name or ARN, or when it names another qualifier than `qualifier`.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ServiceFault(
            "ValidationException",
            f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {_PATTERN}",
        )
    inside = match["qualifier"] or ""
    if inside and qualifier and inside != qualifier:
        raise ServiceFault(
            "InvalidParameterValueException",
            f"The derived qualifier from the function name does not match the specified qualifier: {qualifier}",
        )
    return FunctionName(
        name=match["name"],
        qualifier=inside or qualifier,
        account_id=match["account"] or match["partial"] or account_id,
        region=match["region"] or region,
    )


def check_region(text: str, region: str) -> None:
    """ResourceNotFoundException for an ARN of another region than the one that is spoken to; empty: any.

    The text is the service's, as seen in alexcasalboni/aws-lambda-power-tuning, issue 18.
    """
    parts = text.split(":", 4)
    if region and len(parts) == 5 and parts[0] == "arn" and parts[3] != region:
        raise ServiceFault(
            "ResourceNotFoundException",
            f"Functions from '{parts[3]}' are not reachable in this region ('{region}')",
        )


# As the service's model has it (botocore, shape NamespacedFunctionName).
_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
