"""What HTTP tasks and API Gateway tasks of state machines have in common: whom they ask, and what they make of answers.

Nothing but the harness's APIs, servers that a test bound and hosts that it allowed is asked; any other host is an error
of the task that no catcher of `States.ALL` takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from lambdakit.harness.delivery.firehose_requests import EndpointAnswer
from lambdakit.harness.delivery.task_forms import text
from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.moto_state.state_calls import TaskCallFailed

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest

# Source: AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows" (the error names).
RUNTIME: Final = "States.Runtime"
METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"})
SESSION: Final = "states"


class Signing(Protocol):
    """Who may do what with which role, and what requests are signed with."""

    def role_refusal(
        self,
        role_arn: str,
        session: str,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> str | None:
        """Why a session of a role may not; None when it may. context: condition keys, in lower case."""

    def sign_in(self, role_arn: str, session: str) -> Credentials:
        """The credentials of a session of a role."""

    def sign_in_service(self, service: str, source_arn: str) -> Credentials:
        """The credentials of a service that asks on behalf of a resource."""


def add_signature(request: AWSRequest, credentials: Credentials, service: str, region: str) -> None:
    """Signs a request for a service, in the request's own headers."""
    from botocore.auth import SigV4Auth
    from botocore.credentials import Credentials as Signer

    signer = Signer(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    SigV4Auth(signer, service, region).add_auth(request)


def required(given: Mapping[str, Any], name: str) -> str:
    """A parameter that has to be a text. TaskCallFailed."""
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise TaskCallFailed(RUNTIME, f"The field '{name}' must be a text, and is {json.dumps(value)}")
    return value


def method_of(given: Mapping[str, Any]) -> str:
    """The method. TaskCallFailed for one that no task may have."""
    method = required(given, "Method")
    if method not in METHODS:
        raise TaskCallFailed(
            RUNTIME, f"The field 'Method' is {method}, and must be one of {', '.join(sorted(METHODS))}"
        )
    return method


def headers_of(given: Mapping[str, Any], refused: frozenset[str], prefixes: Sequence[str]) -> dict[str, list[str]]:
    """The values of each header that a task asks for. refused, prefixes: what it may not ask for, in lower case.

    TaskCallFailed.
    """
    headers = given.get("Headers") or {}
    if not isinstance(headers, Mapping):
        raise TaskCallFailed(RUNTIME, f"The field 'Headers' must be an object, and is {json.dumps(headers)}")
    for name in headers:
        if name.lower() in refused or name.lower().startswith(tuple(prefixes)):
            raise TaskCallFailed(RUNTIME, f"The 'Headers' field contains unsupported values: {name}")
    return {
        str(name): [text(one) for one in (value if isinstance(value, list) else [value])]
        for name, value in headers.items()
    }


def result_of(answer: EndpointAnswer, headers: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A task's result. Source: "Create API Gateway REST APIs with Step Functions" ("Output format"), "TestState"."""
    return {
        "Headers": {name: list(values) for name, values in headers.items()},
        "ResponseBody": body_of(answer),
        "StatusCode": answer.status,
        "StatusText": answer.reason,
    }


def body_of(answer: EndpointAnswer) -> Any:
    """What a server said: a value where it calls it JSON, else a text. UnicodeDecodeError for what is none."""
    said = answer.body.decode()
    if answer.content_type == "application/json" or answer.content_type.endswith("+json"):
        try:
            return json.loads(said)
        except ValueError:
            return said
    return said


def grouped(headers: Sequence[tuple[str, str]], *, lower: bool) -> dict[str, list[str]]:
    """Headers by name, with all of their values. lower: names in lower case."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower() if lower else name, []).append(value)
    return found
