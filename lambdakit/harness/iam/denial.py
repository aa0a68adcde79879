"""A refusal as the service itself words it, in the protocol of the request.

Source: IAM User Guide, "Troubleshoot access denied error messages" (the sentence); Smithy specification, "AWS
Protocols" (how errors look); the services' API references (their codes), named at each row.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from lambdakit.harness.iam.authorization import Decision
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.protocols import Protocol, protocol_of
from lambdakit.harness.service_request import ServiceRequest
from lambdakit.harness.wire import Request, Response
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """How a service refuses.

    before: what comes before the sentence. prefix: of the action's name, where the service writes another than the
    Service Authorization Reference. lower: whether it writes actions in lower case. quotes: around the resource.
    names_star: whether it names a resource where the action takes none. says_why: whether it tells which policy it was.
    """

    code: str
    status: int
    before: str = ""
    prefix: str = ""
    lower: bool = False
    quotes: bool = False
    names_star: bool = True
    says_why: bool = True


# By signing name. What has no row is worded by its protocol.
_SERVICES: Final[Mapping[str, _Wording]] = {
    # Amazon EC2 API Reference, "Error codes": UnauthorizedOperation.
    "ec2": _Wording(
        code="UnauthorizedOperation",
        status=403,
        before="You are not authorized to perform this operation. ",
        names_star=False,
    ),
    # Amazon SNS API Reference, "Publish", Errors: AuthorizationError, 403; as seen in
    # aws-ia/terraform-aws-control_tower_account_factory, issue 151.
    "sns": _Wording(code="AuthorizationError", status=403, prefix="SNS"),
    # Amazon SQS Developer Guide, "Troubleshooting access denied errors"; as seen in
    # aws/serverless-application-model, issue 3633.
    "sqs": _Wording(code="AccessDenied", status=403, lower=True),
    # Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors".
    "s3": _Wording(code="AccessDenied", status=403, quotes=True),
    "s3express": _Wording(code="AccessDenied", status=403, quotes=True),
    # AWS STS API Reference, "Common Errors"; without the reason that the guide shows, as seen in
    # aws-containers/ecsworkshop, issue 66 (2022), and amzn/selling-partner-api-models, issue 2523 (2023).
    "sts": _Wording(code="AccessDenied", status=403, says_why=False),
    # Amazon SWF API Reference, errors of every action: OperationNotPermittedFault.
    "swf": _Wording(code="OperationNotPermittedFault", status=400),
}
_PROTOCOLS: Final[Mapping[Protocol, _Wording]] = {
    # Amazon DynamoDB Developer Guide, "Error handling"; AWS KMS, AWS Secrets Manager, Amazon Kinesis, AWS Step
    # Functions API References, "Common Errors": AccessDeniedException, 400.
    Protocol.JSON: _Wording(code="AccessDeniedException", status=400),
    Protocol.CBOR: _Wording(code="AccessDeniedException", status=400),
    # AWS Lambda API Reference, "Common Errors": AccessDeniedException, 403.
    Protocol.REST_JSON: _Wording(code="AccessDeniedException", status=403),
    # IAM User Guide, "Troubleshoot IAM": AccessDenied; so IAM, STS, CloudFormation, Amazon RDS, Elastic Load Balancing.
    Protocol.QUERY: _Wording(code="AccessDenied", status=403),
    Protocol.QUERY_JSON: _Wording(code="AccessDenied", status=403),
    # Amazon CloudFront API Reference, errors of every action: AccessDenied, 403.
    Protocol.REST_XML: _Wording(code="AccessDenied", status=403),
    Protocol.EC2: _SERVICES["ec2"],
    Protocol.S3: _SERVICES["s3"],
}


def access_denied(request: Request, named: ServiceRequest, principal: Principal, decision: Decision) -> Response:
    """What the service answers to a request that `decision` refuses to `principal`."""
    wording = _wording(request, named)
    text = denial_message(request, named, principal, decision)
    return denial_response(request, named, code=wording.code, message=text, status=wording.status)


def denial_message(request: Request, named: ServiceRequest, principal: Principal, decision: Decision) -> str:
    """The sentence of that answer: who may not do what to what, and why.

    S3 tells nobody why who has not signed the request: "Troubleshoot access denied (403 Forbidden) errors".
    """
    wording = _wording(request, named)
    if wording.quotes and principal.kind == "anonymous":
        return "Access Denied"
    prefix, _, name = decision.action.partition(":")
    action = f"{wording.prefix or prefix}:{name.lower() if wording.lower else name}"
    resource = f'"{decision.resource}"' if wording.quotes else decision.resource
    place = f" on resource: {resource}" if wording.names_star or decision.resource != "*" else ""
    who = principal.caller_arn or principal.service or "anonymous"
    reason = f" {decision.reason.value.format(action=action)}" if wording.says_why else ""
    return f"{wording.before}User: {who} is not authorized to perform: {action}{place}{reason}"


def denial_response(request: Request, named: ServiceRequest, *, code: str, message: str, status: int = 403) -> Response:
    """An error of the service's that is asked, as its clients read it. code: its name for programs."""
    request_id = str(uuid.uuid4())
    headers, body = _RENDERED[protocol_of(request, named.service)](request, code, message, request_id)
    return Response(status=status, headers=headers, body=b"" if request.method == "HEAD" else body)


def _wording(request: Request, named: ServiceRequest) -> _Wording:
    own = _SERVICES.get(named.service)
    return _PROTOCOLS[protocol_of(request, named.service)] if own is None else own


_Rendered = tuple[list[tuple[str, str]], bytes]


def _json(request: Request, code: str, message: str, request_id: str) -> _Rendered:
    kind = request.headers.get("content-type")
    kind = kind if kind.startswith("application/x-amz-json-") else "application/x-amz-json-1.1"
    body = json.dumps({"__type": code, "message": message}).encode()
    return [("Content-Type", kind), ("x-amzn-RequestId", request_id)], body


def _rest_json(request: Request, code: str, message: str, request_id: str) -> _Rendered:
    del request
    body = json.dumps({"message": message}).encode()
    return [("Content-Type", "application/json"), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", request_id)], body


def _query_json(request: Request, code: str, message: str, request_id: str) -> _Rendered:
    """Source: Smithy specification, "AWS JSON 1.0 protocol", `awsQueryCompatible`."""
    shape = code if code.endswith("Exception") else f"{code}Exception"
    is_cbor = request.headers.get("smithy-protocol") == "rpc-v2-cbor"
    headers, body = (_cbor if is_cbor else _json)(request, shape, message, request_id)
    return [*headers, ("x-amzn-query-error", f"{code};Sender")], body


def _cbor(request: Request, code: str, message: str, request_id: str) -> _Rendered:
    """Source: Smithy specification, "Smithy RPC v2 CBOR protocol", error serialization; RFC 8949, 3.1."""
    del request
    body = b"\xa2" + b"".join(_cbor_text(text) for text in ("__type", code, "message", message))
    headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    return [*headers, ("x-amzn-RequestId", request_id)], body


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    if len(data) < 24:
        return bytes([0x60 + len(data)]) + data
    return b"\x7a" + len(data).to_bytes(4, "big") + data


def _query(request: Request, code: str, message: str, request_id: str) -> _Rendered:
    del request
    error = f"<Error><Type>Sender</Type>{_code_and_message(code, message)}</Error>"
    return _xml(f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>", request_id)


def _ec2(request: Request, code: str, message: str, request_id: str) -> _Rendered:
    del request
    errors = f"<Errors><Error>{_code_and_message(code, message)}</Error></Errors>"
    return _xml(f"<Response>{errors}<RequestID>{request_id}</RequestID></Response>", request_id)


def _s3(request: Request, code: str, message: str, request_id: str) -> _Rendered:
    """Source: Amazon S3 API Reference, "REST error responses"."""
    del request
    rest = f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId>"
    _, body = _xml(f"<Error>{_code_and_message(code, message)}{rest}</Error>", request_id)
    return [("Content-Type", "application/xml"), ("x-amz-request-id", request_id), ("x-amz-id-2", request_id)], body


def _xml(root: str, request_id: str) -> _Rendered:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{root}'.encode()
    return [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)], body


def _code_and_message(code: str, message: str) -> str:
    return f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"


_RENDERED: Final = {
    Protocol.JSON: _json,
    Protocol.REST_JSON: _rest_json,
    Protocol.QUERY: _query,
    Protocol.QUERY_JSON: _query_json,
    Protocol.EC2: _ec2,
    Protocol.REST_XML: _query,
    Protocol.S3: _s3,
    Protocol.CBOR: _cbor,
}
