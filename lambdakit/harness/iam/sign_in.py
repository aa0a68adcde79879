"""The errors that services answer with when they do not know who asks.

The API references give codes and statuses, and describe what is wrong in words of their own; the texts of the errors
are as users of AWS report them, in the issues named at each row. Services word them with and without a full stop.
Source: AWS API references, "Common Errors"; IAM User Guide, "Troubleshoot signed requests for AWS APIs" (the first
sentence of a mismatch; the texts about dates are in `request_time`); Amazon S3 API Reference, "Error responses"; Amazon
EC2 API Reference, "Error codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from lambdakit.harness.iam.protocols import Protocol


class SignInRefused(Exception):
    """A request of which it is not certain who sent it. code, message, status: of the service's own error."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class SignInProblem(Enum):
    """What is wrong with who says to ask."""

    MISSING = auto()
    INCOMPLETE = auto()
    UNKNOWN_KEY = auto()
    WRONG_TOKEN = auto()
    EXPIRED_TOKEN = auto()
    WRONG_SIGNATURE = auto()
    WRONG_PAYLOAD = auto()
    WRONG_TIME = auto()
    EXPIRED_REQUEST = auto()


_Rows = Mapping[SignInProblem, tuple[str, str, int]]

_INVALID: Final = "The security token included in the request is invalid."
_EXPIRED: Final = "The security token included in the request is expired"
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)

# AWS Lambda API Reference, "Common Errors": 403; Amazon DynamoDB Developer Guide, "Error handling": 400.
# Unknown key, 400 of DynamoDB: jcabi/jcabi-dynamo, issue 101; of Cognito: ArranJacques/laravel-aws-cognito-auth, 25.
_JSON: Final[_Rows] = {
    SignInProblem.MISSING: ("MissingAuthenticationTokenException", "Missing Authentication Token", 0),
    SignInProblem.INCOMPLETE: ("IncompleteSignatureException", "", 0),
    SignInProblem.UNKNOWN_KEY: ("UnrecognizedClientException", _INVALID, 0),
    SignInProblem.WRONG_TOKEN: ("UnrecognizedClientException", _INVALID, 0),
    SignInProblem.EXPIRED_TOKEN: ("ExpiredTokenException", _EXPIRED, 0),
    SignInProblem.WRONG_SIGNATURE: ("InvalidSignatureException", _MISMATCH, 0),
    SignInProblem.WRONG_PAYLOAD: ("InvalidSignatureException", _MISMATCH, 0),
    SignInProblem.WRONG_TIME: ("InvalidSignatureException", "", 0),
    SignInProblem.EXPIRED_REQUEST: ("InvalidSignatureException", "", 0),
}
# AWS Security Token Service API Reference and IAM API Reference, "Common Errors". Unknown key, 403 of STS:
# okta-awscli/okta-awscli, pull request 145. Expired token, `ExpiredToken` and 403 of STS, whatever its model says:
# aws/aws-sdk-java-v2, issue 1649.
_QUERY: Final[_Rows] = {
    SignInProblem.MISSING: ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
    SignInProblem.INCOMPLETE: ("IncompleteSignature", "", 400),
    SignInProblem.UNKNOWN_KEY: ("InvalidClientTokenId", _INVALID, 403),
    SignInProblem.WRONG_TOKEN: ("InvalidClientTokenId", _INVALID, 403),
    SignInProblem.EXPIRED_TOKEN: ("ExpiredToken", _EXPIRED, 403),
    SignInProblem.WRONG_SIGNATURE: ("SignatureDoesNotMatch", _MISMATCH, 403),
    SignInProblem.WRONG_PAYLOAD: ("SignatureDoesNotMatch", _MISMATCH, 403),
    SignInProblem.WRONG_TIME: ("SignatureDoesNotMatch", "", 403),
    SignInProblem.EXPIRED_REQUEST: ("SignatureDoesNotMatch", "", 403),
}
# Amazon EC2 API Reference, "Error codes": AuthFailure, MissingAuthenticationToken, RequestExpired. AuthFailure, 401:
# hashicorp/packer, issue 3140 (which saw it for a wrong clock too). RequestExpired, 400: aws/aws-sdk-java, issue 1443.
_AUTH_FAILURE: Final = ("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
_REQUEST_EXPIRED: Final = ("RequestExpired", "Request has expired.", 400)
_EC2: Final[_Rows] = {
    SignInProblem.MISSING: ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
    SignInProblem.INCOMPLETE: ("IncompleteSignature", "", 400),
    SignInProblem.UNKNOWN_KEY: _AUTH_FAILURE,
    SignInProblem.WRONG_TOKEN: _AUTH_FAILURE,
    SignInProblem.EXPIRED_TOKEN: _REQUEST_EXPIRED,
    SignInProblem.WRONG_SIGNATURE: _AUTH_FAILURE,
    SignInProblem.WRONG_PAYLOAD: _AUTH_FAILURE,
    SignInProblem.WRONG_TIME: _REQUEST_EXPIRED,
    SignInProblem.EXPIRED_REQUEST: _REQUEST_EXPIRED,
}
# Amazon S3 API Reference, "Error responses", which has the texts too. Expired token, 400: craftcms/aws-s3, issue 182.
# Wrong token: treeverse/dvc-s3, issue 25.
_S3: Final[_Rows] = {
    SignInProblem.MISSING: ("AccessDenied", "Access Denied", 403),
    SignInProblem.INCOMPLETE: ("AuthorizationHeaderMalformed", "", 400),
    SignInProblem.UNKNOWN_KEY: (
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        403,
    ),
    SignInProblem.WRONG_TOKEN: ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
    SignInProblem.EXPIRED_TOKEN: ("ExpiredToken", "The provided token has expired.", 400),
    SignInProblem.WRONG_SIGNATURE: (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
        403,
    ),
    SignInProblem.WRONG_PAYLOAD: (
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        400,
    ),
    SignInProblem.WRONG_TIME: (
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        403,
    ),
    # "Authenticating Requests: Using Query Parameters": what is used too late is denied.
    SignInProblem.EXPIRED_REQUEST: ("AccessDenied", "Request has expired", 403),
}
_ROWS: Final[Mapping[Protocol, tuple[_Rows, int]]] = {
    Protocol.JSON: (_JSON, 400),
    Protocol.CBOR: (_JSON, 400),
    Protocol.REST_JSON: (_JSON, 403),
    Protocol.QUERY: (_QUERY, 0),
    Protocol.QUERY_JSON: (_QUERY, 0),
    Protocol.REST_XML: (_QUERY, 0),
    Protocol.EC2: (_EC2, 0),
    Protocol.S3: (_S3, 0),
}


def refused(problem: SignInProblem, protocol: Protocol, detail: str = "") -> SignInRefused:
    """The error of a service that speaks `protocol`. detail: the message where the service words it by the request."""
    rows, status = _ROWS[protocol]
    code, message, own_status = rows[problem]
    return SignInRefused(code, message or detail, own_status or status)
