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


_STATUS: Mapping[str, int] = {
    "InvalidParameterValueException": 400,
    "InvalidRequestContentException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ResourceConflictException": 409,
    "PreconditionFailedException": 412,
    "RequestTooLargeException": 413,
    "UnsupportedMediaTypeException": 415,
    "TooManyRequestsException": 429,
    "ServiceException": 500,
    "NotImplementedException": 501,
    "InvalidRuntimeException": 502,
}

# botocore's model names the member `Message` for these and `message` for the others.
_CAPITAL_MESSAGE = frozenset(
    {"ResourceNotFoundException", "ServiceException", "InvalidRuntimeException", "AccessDeniedException"}
)
