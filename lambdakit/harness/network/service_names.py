"""Where a function in a VPC calls the AWS APIs: by their own names, so that what cannot be reached hangs in `connect`.

All APIs are behind one port of the harness, which an SDK reaches before it says what it wants. With a name of its own
for each service, it is known before: the name leads to the harness, or nowhere. S3 and SQS stay at the one address, as
their SDKs derive hosts and queue URLs from it; a call of theirs that hangs does so after it has connected.
Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints" (the variables).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lambdakit.harness.network.verdict import Destination

# As the SDKs spell the service in the variable -> how its host begins, and what its requests are signed for.
_SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    "APPCONFIGDATA": ("appconfigdata", "appconfig"),
    "ATHENA": ("athena", "athena"),
    "BATCH": ("batch", "batch"),
    "CLOUDWATCH": ("monitoring", "monitoring"),
    "CLOUDWATCH_LOGS": ("logs", "logs"),
    "COGNITO_IDENTITY_PROVIDER": ("cognito-idp", "cognito-idp"),
    "DYNAMODB": ("dynamodb", "dynamodb"),
    "DYNAMODB_STREAMS": ("streams.dynamodb", "dynamodb"),
    "EC2": ("ec2", "ec2"),
    "ECS": ("ecs", "ecs"),
    "EVENTBRIDGE": ("events", "events"),
    "FIREHOSE": ("firehose", "firehose"),
    "GLUE": ("glue", "glue"),
    "KINESIS": ("kinesis", "kinesis"),
    "KMS": ("kms", "kms"),
    "LAMBDA": ("lambda", "lambda"),
    "RDS_DATA": ("rds-data", "rds-data"),
    "SECRETS_MANAGER": ("secretsmanager", "secretsmanager"),
    "SESV2": ("email", "ses"),
    "SFN": ("states", "states"),
    "SNS": ("sns", "sns"),
    "SSM": ("ssm", "ssm"),
    "STS": ("sts", "sts"),
    "XRAY": ("xray", "xray"),
}
_SIGNED_FOR: Final = {prefix: signing_name for prefix, signing_name in _SERVICES.values()}
_HOST: Final = re.compile(r"(?:sync-|data-)?([a-z0-9-]+(?:\.dynamodb)?)\.([a-z]{2}-[a-z]+-[0-9])\.amazonaws\.com")


def service_variables(region: str, port: int) -> dict[str, str]:
    """The variables by which the SDKs find each service at its own name. port: the harness's."""
    if not re.fullmatch(r"[a-z]{2}-[a-z]+-[0-9]", region) or region.startswith("cn-"):
        return {}  # partitions with other names
    return {
        f"AWS_ENDPOINT_URL_{service}": f"http://{prefix}.{region}.amazonaws.com:{port}"
        for service, (prefix, _) in _SERVICES.items()
    }


def service_at(host: str) -> Destination | None:
    """The service that a name of `service_variables` belongs to; None for every other name."""
    found = _HOST.fullmatch(host)
    if found is None or found[1] not in _SIGNED_FOR:
        return None
    return Destination(service=_SIGNED_FOR[found[1]], region=found[2], host=host)
