"""The errors of the Lambda API, as it sends them.

Source: the service's model in botocore (shape names, status codes, which member holds the text); AWS Lambda API
Reference, "Invoke" and "Common Errors".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from lambdakit.harness.wire import Response


class ServiceFault(Exception):
    """A refusal of the Lambda API.

    code: the exception's name.
    details: further members of the body, such as `Reason`.
    """

    def __init__(self, code: str, message: str, *, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})

    @property
    def status(self) -> int:
        """The HTTP status of this exception."""
        return _STATUS.get(self.code, 400)

    def response(self) -> Response:
        """The error as the API answers with it."""
        member = "Message" if self.code in _CAPITAL_MESSAGE else "message"
        kind = "Service" if self.status >= 500 else "User"
        body = json.dumps({"Type": kind, member: self.message, **self.details}).encode()
        headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", self.code)]
        return Response(status=self.status, headers=headers, body=body)


# As botocore's model has them, and what the front of the service adds to it; 400 is what is not named here.
_STATUS: Mapping[str, int] = {
    "AccessDeniedException": 403,
    "CodeArtifactUserDeletedException": 409,
    "CodeArtifactUserFailedException": 409,
    "CodeArtifactUserPendingException": 409,
    "CodeSigningConfigNotFoundException": 404,
    "DurableExecutionAlreadyStartedException": 409,
    "EC2AccessDeniedException": 502,
    "EC2ThrottledException": 502,
    "EC2UnexpectedException": 502,
    "EFSIOException": 410,
    "EFSMountConnectivityException": 408,
    "EFSMountFailureException": 403,
    "EFSMountTimeoutException": 408,
    "ENILimitReachedException": 502,
    "ENINotReadyException": 502,
    "InvalidRuntimeException": 502,
    "InvalidSecurityGroupIDException": 502,
    "InvalidSubnetIDException": 502,
    "InvalidZipFileException": 502,
    "KMSAccessDeniedException": 502,
    "KMSDisabledException": 502,
    "KMSInvalidStateException": 502,
    "KMSNotFoundException": 502,
    "NotImplementedException": 501,
    "PreconditionFailedException": 412,
    "ProvisionedConcurrencyConfigNotFoundException": 404,
    "RequestEntityTooLargeException": 413,
    "RequestTooLargeException": 413,
    "ResourceConflictException": 409,
    "ResourceNotFoundException": 404,
    "ResourceNotReadyException": 502,
    "RuntimeAliasDeletedException": 409,
    "RuntimeVersionDeletedException": 409,
    "S3FilesMountConnectivityException": 408,
    "S3FilesMountFailureException": 403,
    "S3FilesMountTimeoutException": 408,
    "SerializedRequestEntityTooLargeException": 413,
    "ServiceException": 500,
    "ServiceQuotaExceededException": 402,
    "SnapStartNotReadyException": 409,
    "SnapStartRegenerationFailureException": 409,
    "SnapStartTimeoutException": 408,
    "SubnetIPAddressLimitReachedException": 502,
    "TooManyRequestsException": 429,
    "UnknownOperationException": 404,
    "UnsupportedMediaTypeException": 415,
}

# botocore's model names the member `Message` for these and `message` for the others.
_CAPITAL_MESSAGE = frozenset(
    {
        "AccessDeniedException",
        "CallbackTimeoutException",
        "CodeSigningConfigNotFoundException",
        "CodeVerificationFailedException",
        "DurableExecutionAlreadyStartedException",
        "EC2AccessDeniedException",
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "EFSIOException",
        "EFSMountConnectivityException",
        "EFSMountFailureException",
        "EFSMountTimeoutException",
        "ENILimitReachedException",
        "ENINotReadyException",
        "InvalidCodeSignatureException",
        "InvalidRuntimeException",
        "InvalidSecurityGroupIDException",
        "InvalidSubnetIDException",
        "InvalidZipFileException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "NoPublishedVersionException",
        "PublicPolicyException",
        "RecursiveInvocationException",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "S3FilesMountConnectivityException",
        "S3FilesMountFailureException",
        "S3FilesMountTimeoutException",
        "ServiceException",
        "ServiceQuotaExceededException",
        "SnapStartException",
        "SnapStartNotReadyException",
        "SnapStartRegenerationFailureException",
        "SnapStartTimeoutException",
        "SubnetIPAddressLimitReachedException",
    }
)
