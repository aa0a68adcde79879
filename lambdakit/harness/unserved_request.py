"""Answers to AWS API requests that nothing here serves, in the form that the service's own clients read.

Source: Smithy specification, "AWS Protocols": how errors of the query, EC2 query, REST XML and JSON protocols look.
"""

from __future__ import annotations

import json
import re
import uuid
from xml.sax.saxutils import escape

from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Request, Response

# Services whose errors are XML although no `Action` is in their requests.
_REST_XML = frozenset({"cloudfront", "route53", "s3"})
# What werkzeug, below moto, answers where moto has no such path or method.
_NO_SUCH_PATH = re.compile(rb"<!doctype html>\s*<html lang=en>\s*<title>40[45] ")


def refusal(request: Request, status: int, code: str, problem: str) -> Response:
    """An error of the service's. code: its name for programs. problem: what is wrong, for people."""
    service = read_service_request(request).service
    request_id = str(uuid.uuid4())
    error = f"<Code>{escape(code)}</Code><Message>{escape(problem)}</Message>"
    if service == "ec2":
        xml = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    elif service == "s3":
        xml = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    elif service in _REST_XML or request.headers.get("content-type").startswith("application/x-www-form-urlencoded"):
        kind = "Sender" if status < 500 else "Receiver"
        told = f"<Error><Type>{kind}</Type>{error}</Error><RequestId>{request_id}</RequestId>"
        xml = f"<ErrorResponse>{told}</ErrorResponse>"
    else:
        body = json.dumps({"__type": code, "message": problem}).encode()
        headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", request_id)]
        return Response(status=status, headers=headers, body=body)
    headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
    return Response(status=status, headers=headers, body=xml.encode())


def not_served(request: Request, why: str = "") -> Response:
    """501, which no SDK tries again. why: absence says that moto does not have the operation."""
    named = read_service_request(request)
    problem = why or f"{named.service or 'the service'}: {named.operation} is not served by the harness"
    return refusal(request, 501, "NotImplemented", problem)


def is_no_such_path(response: Response) -> bool:
    """Whether moto knows the service, but no operation at the path, and answered with a page for browsers."""
    return response.status in (404, 405) and _NO_SUCH_PATH.match(response.body) is not None
