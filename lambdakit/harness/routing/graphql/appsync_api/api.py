"""AppSync's API in front of moto's: GraphQL APIs are ours, Event APIs and all else stay with moto.

Source: botocore's model of the service (paths, shapes); AWS AppSync API Reference.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.lambda_service.api_model import ApiModel, Call
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.input_validation import check_input
from lambdakit.harness.lambda_service.request_reading import Input as Read
from lambdakit.harness.lambda_service.request_reading import read_input
from lambdakit.harness.lambda_service.response_writing import write_response
from lambdakit.harness.moto_state.graphql_apis import has_event_api
from lambdakit.harness.routing.graphql.api_store import ApiStore
from lambdakit.harness.routing.graphql.appsync_api import apis, domains, keys, parts, schemas
from lambdakit.harness.routing.graphql.appsync_api.calls import Calls, Input, Output
from lambdakit.harness.routing.graphql.appsync_api.faults import AppSyncFault, not_served
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Request, Response

SERVICE: Final = "appsync"

Operation = Callable[[Calls, Input], Output]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "AssociateApi": domains.associate_api,
    "CreateApiCache": keys.create_api_cache,
    "CreateApiKey": keys.create_api_key,
    "CreateDataSource": parts.create_data_source,
    "CreateDomainName": domains.create_domain_name,
    "CreateFunction": parts.create_function,
    "CreateGraphqlApi": apis.create_graphql_api,
    "CreateResolver": parts.create_resolver,
    "DeleteApiCache": keys.delete_api_cache,
    "DeleteApiKey": keys.delete_api_key,
    "DeleteDataSource": parts.delete_data_source,
    "DeleteDomainName": domains.delete_domain_name,
    "DeleteFunction": parts.delete_function,
    "DeleteGraphqlApi": apis.delete_graphql_api,
    "DeleteResolver": parts.delete_resolver,
    "DisassociateApi": domains.disassociate_api,
    "EvaluateCode": lambda calls, given: calls.evaluate("EvaluateCode", given),
    "EvaluateMappingTemplate": lambda calls, given: calls.evaluate("EvaluateMappingTemplate", given),
    "FlushApiCache": keys.flush_api_cache,
    "GetApiAssociation": domains.get_api_association,
    "GetApiCache": keys.get_api_cache,
    "GetDataSource": parts.get_data_source,
    "GetDomainName": domains.get_domain_name,
    "GetFunction": parts.get_function,
    "GetGraphqlApi": apis.get_graphql_api,
    "GetGraphqlApiEnvironmentVariables": apis.get_environment_variables,
    "GetIntrospectionSchema": schemas.get_introspection_schema,
    "GetResolver": parts.get_resolver,
    "GetSchemaCreationStatus": schemas.get_schema_creation_status,
    "GetType": schemas.get_type,
    "ListApiKeys": keys.list_api_keys,
    "ListDataSources": parts.list_data_sources,
    "ListDomainNames": domains.list_domain_names,
    "ListFunctions": parts.list_functions,
    "ListGraphqlApis": apis.list_graphql_apis,
    "ListResolvers": parts.list_resolvers,
    "ListResolversByFunction": parts.list_resolvers_by_function,
    "ListTagsForResource": apis.list_tags_for_resource,
    "ListTypes": schemas.list_types,
    "PutGraphqlApiEnvironmentVariables": apis.put_environment_variables,
    "StartSchemaCreation": schemas.start_schema_creation,
    "TagResource": apis.tag_resource,
    "UntagResource": apis.untag_resource,
    "UpdateApiCache": keys.update_api_cache,
    "UpdateApiKey": keys.update_api_key,
    "UpdateDataSource": parts.update_data_source,
    "UpdateDomainName": domains.update_domain_name,
    "UpdateFunction": parts.update_function,
    "UpdateGraphqlApi": apis.update_graphql_api,
    "UpdateResolver": parts.update_resolver,
}
# Of the same paths, those that Event APIs have as well.
_OF_KEYS: Final = ("CreateApiKey", "DeleteApiKey", "ListApiKeys", "UpdateApiKey")
_TYPES: Final = "a schema is changed as a whole: start a schema creation with the text that you want"
_MERGING: Final = "APIs are not merged here"
_REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("CreateType", "UpdateType", "DeleteType"), _TYPES),
    **dict.fromkeys(
        (
            *("AssociateMergedGraphqlApi", "AssociateSourceGraphqlApi", "DisassociateMergedGraphqlApi"),
            *("DisassociateSourceGraphqlApi", "GetSourceApiAssociation", "ListSourceApiAssociations"),
            *("ListTypesByAssociation", "StartSchemaMerge", "UpdateSourceApiAssociation"),
        ),
        _MERGING,
    ),
    "GetDataSourceIntrospection": "no database is looked into here",
    "StartDataSourceIntrospection": "no database is looked into here",
}
Evaluate = Callable[[str, Input], Output]


@functools.cache
def _model() -> ApiModel:
    return ApiModel(SERVICE)


class AppSyncApi:
    """Stands before moto's service. region: of requests that name none.

    evaluate: what EvaluateCode and EvaluateMappingTemplate answer to their input. check: raises an AppSyncFault for
    code that no resolver or function may have.
    """

    def __init__(
        self,
        store: ApiStore,
        *,
        region: str,
        now: Callable[[], datetime],
        evaluate: Evaluate,
        check: Callable[[str], None],
    ) -> None:
        self._store = store
        self._region = region
        self._now = now
        self._evaluate = evaluate
        self._check = check

    def serve(self, request: Request, account_id: str, pass_on: Callable[[Request], Response]) -> Response:
        """The answer. pass_on: gives moto's own."""
        call = None if request.path.startswith("/v2/") else _model().find(request)
        if call is None:
            return pass_on(request)
        region = read_service_request(request).region or self._region
        if self._is_motos(call, account_id, region):
            return pass_on(request)
        calls = Calls(
            store=self._store,
            account_id=account_id,
            region=region,
            now=self._now,
            evaluate=self._evaluate,
            check=self._check,
        )
        try:
            return _answer(call, calls, request)
        except AppSyncFault as fault:
            return fault.response()
        except ServiceFault as fault:  # what the request itself lacks
            return AppSyncFault("BadRequestException", fault.message).response()

    def _is_motos(self, call: Call, account_id: str, region: str) -> bool:
        """Whether it is about an Event API."""
        api_id = call.path.get("apiId", "")
        if call.name in _OF_KEYS:
            return self._store.find(api_id) is None and has_event_api(account_id, region, api_id)
        arn = call.path.get("resourceArn", "")
        return "/channelNamespace/" in arn or has_event_api(account_id, region, arn.rpartition("/")[2])


def _on_one_line(value: Any) -> Any:
    """A value as it is checked: the patterns of templates and code are `^.*$`, and the service takes many lines."""
    if isinstance(value, str):
        return value.replace("\n", " ").replace("\r", " ")
    if isinstance(value, dict):
        return {name: _on_one_line(each) for name, each in value.items()}
    return [_on_one_line(each) for each in value] if isinstance(value, list) else value


def _answer(call: Call, calls: Calls, request: Request) -> Response:
    operation = OPERATIONS.get(call.name)
    if operation is None:
        raise not_served(call.name, _REFUSED.get(call.name, "nobody does that here"))
    given: Read = read_input(call, request)
    check_input(call.operation.input_shape, _on_one_line(given))
    output = operation(calls, given)
    if call.name == "GetIntrospectionSchema":  # a blob that is the whole body
        return Response(status=200, headers=[("Content-Type", "application/json")], body=output["schema"])
    shape = call.operation.output_shape
    known = {} if shape is None else {name: value for name, value in output.items() if name in shape.members}
    return write_response(call.operation, known)
