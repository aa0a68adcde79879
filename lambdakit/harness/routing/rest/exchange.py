"""A request on its way through a REST API, with all that is known of it once its method is chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from lambdakit.arn import partition_of
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.moto_state.rest_definition import Method, RestApiDefinition
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAuthorized:
    """What an authorizer said of who asks.

    kind: `CUSTOM`, `COGNITO_USER_POOLS` or `AWS_IAM`; empty where nobody was asked. context: as `requestContext` has it
    below `authorizer`; None where it has none. identity: what `requestContext.identity` says beside the address.
    usage_key: the API key that a Lambda authorizer named. signer: who signed; None where nobody had to.
    """

    kind: str = ""
    principal_id: str = ""
    context: Mapping[str, Any] | None = None
    identity: Mapping[str, str | None] = field(default_factory=dict)
    usage_key: str = ""
    signer: Principal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedKey:
    """The API key that a request came with."""

    key_id: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestExchange:
    """path: as functions see it: without the stage, with a custom domain's mapping, percent-encoded as it came.

    full_path: as `requestContext.path` has it, with the stage. path_parameters: decoded. key: None without one.
    route_path: the same as `path`, behind the mapping; empty where that is no other. at: when it came, by the harness's
    clock. environment: the execution environment it comes from; empty for others.
    """

    request: Request
    api: RestApiDefinition
    request_id: str
    extended_request_id: str
    account_id: str
    region: str
    domain_name: str
    stage: str
    path: str
    full_path: str
    at: datetime
    resource_id: str = ""
    resource_path: str = ""
    method: Method | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorized: RestAuthorized = RestAuthorized()
    key: UsedKey | None = None
    is_canary: bool = False
    environment: str = ""
    route_path: str = ""

    def method_arn(self) -> str:
        """What policies call the method that is asked for: the path is the request's own, the verb too."""
        path = (self.route_path or self.path).lstrip("/")
        place = f"{self.region}:{self.account_id}:{self.api.api_id}"
        return f"arn:{partition_of(self.region)}:execute-api:{place}/{self.stage}/{self.request.method}/{path}"

    def having(self, **changes: Any) -> RestExchange:
        """The same with changes."""
        return dataclasses.replace(self, **changes)
