"""What an AWS API request says of itself: who sends it, to which service, for which operation, on what.

Source: IAM User Guide, "Elements of an AWS API request signature" (the credential scope); the wire protocols of
botocore's service models (`X-Amz-Target`, `Action`).
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, unquote

from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

_CREDENTIAL = re.compile(r"Credential=([^/,\s=]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_OLD_SIGNATURE = re.compile(r"AWS ([^:\s]+):")
_OLD_QUERY = re.compile(r"(?:^|&)AWSAccessKeyId=([^&]+)")
_RESOURCE_KEYS = (
    "TableName",
    "QueueUrl",
    "TopicArn",
    "StreamName",
    "FunctionName",
    "SecretId",
    "Name",
    "stateMachineArn",
)
_LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(functions|layers|event-source-mappings|code-signing-configs|tags|account-settings|durable-execution[a-z-]*)\b"
)

# What the SDKs of durable functions call on their own, all the time.
_DURABLE_PATH = re.compile(r"/2025-12-01/durable-executions/([^/]+%2F[^/]+)/(checkpoint|state)")
_OF_DURABLE = {"checkpoint": "CheckpointDurableExecution", "state": "GetDurableExecutionState"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """The signature's key id, region and service; empty where the request carries none.

    operation: as botocore names it where the request does, else method and path.
    resource: the name in the request that says what it is about; empty when there is none.
    """

    access_key_id: str
    region: str
    service: str
    operation: str
    resource: str


def read_service_request(request: Request) -> ServiceRequest:
    """What `request` says of itself."""
    signature = request.headers.get("authorization")
    if not signature and "X-Amz-Credential" in request.query:
        signature = "Credential=" + parse_qs(request.query).get("X-Amz-Credential", [""])[0]
    match = _CREDENTIAL.search(signature)
    key, region, service = match.groups() if match else _old_signature(request, signature)
    operation, resource = _operation(request, service)
    return ServiceRequest(access_key_id=key, region=region, service=service, operation=operation, resource=resource)


def _old_signature(request: Request, signature: str) -> tuple[str, str, str]:
    """Version 2, which S3 alone still takes, and which boto3 presigns with: key id, region and service."""
    old = _OLD_SIGNATURE.match(signature) or _OLD_QUERY.search(request.query)
    return (old[1], "", "s3") if old is not None else ("", "", "")


def signed_service(request: Request) -> str:
    """The service that `request` is signed for; empty where it is not."""
    match = _CREDENTIAL.search(request.headers.get("authorization"))
    return "" if match is None else match[3]


def is_lambda_request(request: Request) -> bool:
    """Whether the Lambda API is meant: by its signature, or by a path that only Lambda has."""
    match = _CREDENTIAL.search(request.headers.get("authorization"))
    if match is not None:
        return match[3] == "lambda"
    return _LAMBDA_PATH.match(request.path) is not None


def _operation(request: Request, service: str) -> tuple[str, str]:
    target = request.headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2], _resource_in_json(request.body)
    if request.headers.get("content-type").startswith("application/x-www-form-urlencoded"):
        form = {key: values[0] for key, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if "Action" in form:
            return form["Action"], next((_last(form[key]) for key in _RESOURCE_KEYS if key in form), "")
    if service == "s3":
        return _s3_operation(request)
    if service == "lambda" and (match := _DURABLE_PATH.fullmatch(request.path)) is not None:
        return _OF_DURABLE[match[2]], unquote(match[1]).split("/")[-2]
    return f"{request.method} {request.path}", ""


def _resource_in_json(body: bytes) -> str:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(fields, dict):
        return ""
    return next((_last(str(fields[key])) for key in _RESOURCE_KEYS if key in fields), "")


def _last(name: str) -> str:
    return re.split(r"[/:]", name)[-1] if "/" in name or name.startswith("arn:") else name


def _s3_operation(request: Request) -> tuple[str, str]:
    bucket, _, key = unquote(request.path).removeprefix("/").partition("/")
    kind = "Object" if key else "Bucket"
    verbs = {"GET": "Get" if key else "List", "PUT": "Put" if key else "Create", "HEAD": "Head", "DELETE": "Delete"}
    verb = verbs.get(request.method, request.method.title())
    return f"{verb}{kind}", f"{bucket}/{key}" if key else bucket
