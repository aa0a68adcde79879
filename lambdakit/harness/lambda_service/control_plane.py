"""The Lambda API but for invoking: a request in; found, read, checked, carried out; the response out.

`Invoke` and `InvokeWithResponseStream` go their own way, without the service's model.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable

from lambdakit.harness.lambda_service.api_model import shared_model
from lambdakit.harness.lambda_service.code_downloads import CodeDownloads
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import check_region
from lambdakit.harness.lambda_service.input_validation import check_input
from lambdakit.harness.lambda_service.operations.operation import Input, OperationContext
from lambdakit.harness.lambda_service.operations.registry import OPERATIONS
from lambdakit.harness.lambda_service.request_reading import read_input
from lambdakit.harness.lambda_service.response_writing import write_response
from lambdakit.harness.wire import Request, Response

# AWS Lambda Developer Guide, "Granting Lambda function access to other accounts": the calls that take a function of
# another account; for all others it does not exist.
_ACROSS_ACCOUNTS = frozenset(
    (
        *("GetFunction", "GetFunctionConfiguration", "UpdateFunctionCode", "DeleteFunction", "PublishVersion"),
        *("ListVersionsByFunction", "CreateAlias", "GetAlias", "ListAliases", "UpdateAlias", "DeleteAlias"),
        *("GetPolicy", "PutFunctionConcurrency", "DeleteFunctionConcurrency"),
        *("ListTags", "TagResource", "UntagResource"),
    )
)


class ControlPlane:
    """Answers control calls. context: what operations work with, given the caller's account and region."""

    def __init__(self, context: Callable[[str, str], OperationContext]) -> None:
        self._context = context
        self._model = shared_model()
        self._downloads = CodeDownloads()

    def serve(self, request: Request, *, region: str = "", account_id: str = "") -> Response:
        """The operation's answer. ServiceFault when it is refused.

        region: of the signature; account_id: of the caller; empty: the harness's own.
        """
        call = self._model.find(request)
        if call is None:
            raise ServiceFault(
                "UnknownOperationException", f"{request.method} {request.path} is no call of the Lambda API"
            )
        operation = OPERATIONS.get(call.name)
        if operation is None:
            raise ServiceFault("NotImplementedException", f"{call.name} is not built in this harness")
        given = read_input(call, request)
        check_input(call.operation.input_shape, given)
        check_region(str(given.get("FunctionName") or ""), region)
        owner = _owner(given) if call.name in _ACROSS_ACCOUNTS else ""
        host = request.headers.get("host")
        context = dataclasses.replace(
            self._context(owner or account_id, region),
            code_link=lambda directory: self._downloads.link(host, directory) if host else "",
        )
        response = write_response(call.operation, operation(given, context))
        headers = [*response.headers, ("x-amzn-RequestId", str(uuid.uuid4()))]
        return Response(status=response.status, headers=headers, body=response.body)

    def download(self, request: Request) -> Response:
        """The code behind a link that an operation gave."""
        return self._downloads.serve(request, self._context("", "").code)


def _owner(given: Input) -> str:
    """The account in the ARN of the function that is named; empty when it is named otherwise."""
    parts = str(given.get("FunctionName") or given.get("Resource") or "").split(":", 5)
    return parts[4] if len(parts) == 6 and parts[0] == "arn" else ""
