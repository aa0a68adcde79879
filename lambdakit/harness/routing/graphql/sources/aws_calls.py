"""Requests to the AWS APIs of the harness, in sessions of the roles of data sources.

Source: AppSync Developer Guide, "Attaching a data source" (the service role, which `appsync.amazonaws.com` assumes).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault
from lambdakit.harness.wire import Headers, Request, Response

SERVICE: Final = "appsync.amazonaws.com"
# As the sessions' ARNs in messages of refused calls have it; no page of AWS's names it.
SESSION: Final = "APPSYNC_ASSUME_ROLE"


class ServiceRefusal(Exception):
    """A service's error. code: its name. body: the answer, as it was read."""

    def __init__(self, code: str, message: str, body: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.body = body


class AwsCalls:
    """Makes requests. ask: the AWS APIs. session: of a role. assumption_refusal: why a role is not assumed for an API.

    sign_in: access key, secret and token of a session of a role, for what is signed.
    """

    def __init__(
        self,
        *,
        ask: Callable[[Request, Principal], Response],
        session: Callable[[str], Principal],
        assumption_refusal: Callable[[str, str], str | None],
        sign_in: Callable[[str], tuple[str, str, str]],
    ) -> None:
        self._ask = ask
        self._session = session
        self._assumption_refusal = assumption_refusal
        self.sign_in = sign_in

    def acting(self, role_arn: str, api_arn: str) -> Principal:
        """A session of a role that is assumed for an API. SourceFault when AppSync may not assume it."""
        refused = self._assumption_refusal(role_arn, api_arn)
        if refused is not None:
            raise SourceFault(refused, "UnauthorizedException")
        return self._session(role_arn)

    def call(
        self, principal: Principal, *, service: str, region: str, target: str, version: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What an operation of a JSON protocol gives. ServiceRefusal. target: the header that names the operation."""
        scope = f"APPSYNC/20200101/{region}/{service}/aws4_request"
        fields = [
            ("Host", f"{service}.{region}.amazonaws.com"),
            ("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=-"),
            ("Content-Type", f"application/x-amz-json-{version}"),
            ("X-Amz-Target", target),
        ]
        body = json.dumps(given, separators=(",", ":")).encode()
        response = self._ask(Request(method="POST", target="/", headers=Headers(fields), body=body), principal)
        try:
            answer = json.loads(response.body or b"{}")
        except ValueError:
            answer = {"message": response.body.decode("utf-8", "replace")}
        if response.status < 300:
            return dict(answer)
        code = str(answer.get("__type", "")).rpartition("#")[2] or _code(response)
        raise ServiceRefusal(code, str(answer.get("message", answer.get("Message", ""))), answer)


def _code(response: Response) -> str:
    named = (value for name, value in response.headers if name.lower() == "x-amzn-errortype")
    return next(named, "InternalFailure").partition(":")[0]
