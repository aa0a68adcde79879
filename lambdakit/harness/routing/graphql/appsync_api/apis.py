"""GraphQL APIs themselves: their settings, their environment variables and their tags.

Source: AWS AppSync API Reference, "CreateGraphqlApi", "UpdateGraphqlApi", "PutGraphqlApiEnvironmentVariables";
AppSync Developer Guide, "Authorization types" (which providers may stand beside each other).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.moto_state import graphql_apis
from lambdakit.harness.routing.graphql.api_record import ApiRecord, new_id
from lambdakit.harness.routing.graphql.appsync_api.calls import Calls, Input, Output, page
from lambdakit.harness.routing.graphql.appsync_api.faults import AppSyncFault, bad_request, not_found, not_served

_MERGED: Final = "MERGED"
_KEPT: Final = (
    *("name", "authenticationType", "logConfig", "userPoolConfig", "openIDConnectConfig", "xrayEnabled"),
    *("additionalAuthenticationProviders", "lambdaAuthorizerConfig", "visibility", "apiType", "ownerContact"),
    *("mergedApiExecutionRoleArn", "introspectionConfig", "queryDepthLimit", "resolverCountLimit"),
    "enhancedMetricsConfig",
)
# Of a provider's type, the member that says more about it.
_SETTINGS_OF: Final[Mapping[str, str]] = {
    "AMAZON_COGNITO_USER_POOLS": "userPoolConfig",
    "AWS_LAMBDA": "lambdaAuthorizerConfig",
    "OPENID_CONNECT": "openIDConnectConfig",
}
_ONCE: Final = ("API_KEY", "AWS_IAM", "AWS_LAMBDA")
# Source: AWS AppSync API Reference, "PutGraphqlApiEnvironmentVariables" (names, values, how many).
_VARIABLE: Final = re.compile(r"[A-Za-z][\w]{1,63}")
_VARIABLES_MAX: Final = 50
_VALUE_LENGTH_MAX: Final = 512


def create_graphql_api(calls: Calls, given: Input) -> Output:
    """A new API, without a schema."""
    _check(given)
    record = ApiRecord(
        account_id=calls.account_id,
        region=calls.region,
        api_id=new_id(),
        host=new_id(),
        settings=_settings(given),
    )
    graphql_apis.keep_api(
        account_id=record.account_id,
        region=record.region,
        api_id=record.api_id,
        arn=record.arn,
        name=given["name"],
        authentication_type=given["authenticationType"],
        tags=given.get("tags") or {},
    )
    calls.store.add(record)
    return {"graphqlApi": described(record)}


def update_graphql_api(calls: Calls, given: Input) -> Output:
    """Gives an API other settings; one that is left out is the default again."""
    record = calls.api(given)
    _check(given)
    with calls.store.changing(record):
        fixed = {name: record.settings[name] for name in ("visibility", "apiType")}
        record.settings = {**_settings(given), **fixed}
    return {"graphqlApi": described(record)}


def get_graphql_api(calls: Calls, given: Input) -> Output:
    """An API."""
    return {"graphqlApi": described(calls.api(given))}


def list_graphql_apis(calls: Calls, given: Input) -> Output:
    """The APIs of an account in a region."""
    kind = given.get("apiType")
    found = [api for api in calls.store.of(calls.account_id, calls.region) if kind in (None, api.settings["apiType"])]
    records, token = page(found, given)
    return {"graphqlApis": [described(record) for record in records], "nextToken": token}


def delete_graphql_api(calls: Calls, given: Input) -> Output:
    """Takes an API away with all its parts. A custom domain leads nowhere from then on."""
    record = calls.api(given)
    calls.store.remove(record.api_id)
    graphql_apis.forget_api(record.account_id, record.region, record.api_id, record.arn)
    return {}


def put_environment_variables(calls: Calls, given: Input) -> Output:
    """Sets the variables that resolvers read, instead of those before."""
    record, variables = calls.api(given), dict(given["environmentVariables"])
    if len(variables) > _VARIABLES_MAX:
        raise bad_request(f"an API has at most {_VARIABLES_MAX} environment variables, not {len(variables)}")
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            raise bad_request(f"Invalid environment variable name: {name}")
        if len(value) > _VALUE_LENGTH_MAX:
            raise bad_request(f"the value of {name} has {len(value)} characters, {_VALUE_LENGTH_MAX} are allowed")
    with calls.store.changing(record):
        record.environment = variables
    return {"environmentVariables": variables}


def get_environment_variables(calls: Calls, given: Input) -> Output:
    """The variables that resolvers read."""
    return {"environmentVariables": dict(calls.api(given).environment)}


def list_tags_for_resource(calls: Calls, given: Input) -> Output:
    """The tags of an API or a domain."""
    arn = _known(calls, given)
    return {"tags": graphql_apis.tags_of(calls.account_id, calls.region, arn)}


def tag_resource(calls: Calls, given: Input) -> Output:
    """Tags an API or a domain."""
    graphql_apis.tag_resource(calls.account_id, calls.region, _known(calls, given), given["tags"])
    return {}


def untag_resource(calls: Calls, given: Input) -> Output:
    """Takes tags from an API or a domain."""
    graphql_apis.untag_resource(calls.account_id, calls.region, _known(calls, given), list(given["tagKeys"]))
    return {}


def described(record: ApiRecord) -> dict[str, Any]:
    """An API as AppSync's API gives it."""
    return {
        **record.settings,
        "apiId": record.api_id,
        "arn": record.arn,
        "uris": record.uris,
        "dns": record.dns,
        "owner": record.account_id,
        "tags": graphql_apis.tags_of(record.account_id, record.region, record.arn),
    }


def _known(calls: Calls, given: Input) -> str:
    """The ARN that a call about tags names. NotFoundException."""
    arn = str(given["resourceArn"])
    kind, _, name = arn.rpartition(":")[2].partition("/")
    found = calls.store.find(name) if kind == "apis" else calls.store.domain(name) if kind == "domainnames" else None
    if found is None:
        raise not_found(f"Resource {arn} not found.")
    return arn


def _settings(given: Input) -> dict[str, Any]:
    said = {name: given[name] for name in _KEPT if given.get(name) is not None}
    return {
        "visibility": "GLOBAL",
        "apiType": "GRAPHQL",
        "xrayEnabled": False,
        "introspectionConfig": "ENABLED",
        "queryDepthLimit": 0,
        "resolverCountLimit": 0,
        **said,
    }


def _check(given: Input) -> None:
    """BadRequestException for providers that cannot stand beside each other or say too little."""
    if given.get("apiType") == _MERGED:
        raise not_served("CreateGraphqlApi", "merged APIs are not merged here; deploy the source APIs on their own")
    providers: Sequence[Mapping[str, Any]] = [given, *(given.get("additionalAuthenticationProviders") or ())]
    kinds = [str(provider["authenticationType"]) for provider in providers]
    for kind in _ONCE:
        if kinds.count(kind) > 1:
            raise bad_request(f"{kind} cannot be specified as more than one authentication provider.")
    for kind, provider in zip(kinds, providers, strict=True):
        wanted = _SETTINGS_OF.get(kind)
        if wanted is not None and not provider.get(wanted):
            raise AppSyncFault("BadRequestException", f"{wanted} is required for the authentication type {kind}.")
    if given.get("userPoolConfig") and not given["userPoolConfig"].get("defaultAction"):
        raise bad_request("userPoolConfig.defaultAction is required: ALLOW or DENY.")
