"""The wire protocol of a request, which decides how an error of its service looks.

Source: Smithy specification, "AWS Protocols"; the wire protocols of botocore's service models.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from lambdakit.harness.service_request import is_lambda_request
from lambdakit.harness.wire import Request

# Signing names of the services that speak the protocol: botocore's models of `rest-xml` and `ec2`.
_REST_XML: Final = frozenset({"cloudfront", "route53"})
_S3: Final = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
# JSON services whose clients still read the code that the query protocol had (trait `awsQueryCompatible`).
_QUERY_COMPATIBLE: Final = frozenset({"monitoring", "sqs"})


class Protocol(StrEnum):
    """How requests and errors are written. `QUERY_JSON`: as JSON or CBOR, with the codes of the query protocol."""

    JSON = "json"
    REST_JSON = "rest-json"
    QUERY = "query"
    QUERY_JSON = "query-json"
    EC2 = "ec2"
    REST_XML = "rest-xml"
    S3 = "s3"
    CBOR = "cbor"


def protocol_of(request: Request, service: str) -> Protocol:
    """The protocol of `request`. service: its signing name; empty for one without a signature."""
    is_cbor = request.headers.get("smithy-protocol") == "rpc-v2-cbor"
    if is_cbor or "x-amz-target" in request.headers:
        if service in _QUERY_COMPATIBLE:
            return Protocol.QUERY_JSON
        return Protocol.CBOR if is_cbor else Protocol.JSON
    if service == "ec2":
        return Protocol.EC2
    if service in _S3:
        # Its control API has the same signing name, and says in each request whose account it is about.
        return Protocol.REST_XML if "x-amz-account-id" in request.headers else Protocol.S3
    if service in _REST_XML:
        return Protocol.REST_XML
    if _is_query(request, service):
        return Protocol.QUERY
    if not service and not is_lambda_request(request):
        return Protocol.S3  # what has no name of its own in it is a bucket's or an object's
    return Protocol.REST_JSON


def _is_query(request: Request, service: str) -> bool:
    in_body = request.headers.get("content-type").startswith("application/x-www-form-urlencoded")
    if not service:  # command-line tools say so of whatever they upload
        in_body = in_body and b"Action=" in request.body
    return in_body or request.query.startswith("Action=") or "&Action=" in request.query
