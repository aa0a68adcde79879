"""What resolves an API's fields: data sources, functions and resolvers.

Source: AWS AppSync API Reference, "CreateDataSource", "CreateFunction", "CreateResolver"; AppSync Developer Guide,
"Resolvers" (units and pipelines; a pipeline has at most ten functions).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.api_record import ApiRecord, new_id
from lambdakit.harness.routing.graphql.appsync_api.calls import Calls, Input, Output, page
from lambdakit.harness.routing.graphql.appsync_api.faults import bad_request, not_found, not_served

# Of a data source's type, the member that says where it is, and whether a role is needed to go there.
_PLACES: Final[Mapping[str, tuple[str, bool]]] = {
    "AWS_LAMBDA": ("lambdaConfig", True),
    "AMAZON_DYNAMODB": ("dynamodbConfig", True),
    "AMAZON_EVENTBRIDGE": ("eventBridgeConfig", True),
    "HTTP": ("httpConfig", False),
    "RELATIONAL_DATABASE": ("relationalDatabaseConfig", True),
    "AMAZON_ELASTICSEARCH": ("elasticsearchConfig", True),
    "AMAZON_OPENSEARCH_SERVICE": ("openSearchServiceConfig", True),
}
# Source: AWS General Reference, "AWS AppSync endpoints and quotas".
_FUNCTIONS_MAX: Final = 10


def create_data_source(calls: Calls, given: Input) -> Output:
    """A new data source."""
    record = calls.api(given)
    if given["name"] in record.sources:
        raise bad_request(f"Data source with name {given['name']} already exists")
    return {"dataSource": _keep_source(calls, record, given)}


def update_data_source(calls: Calls, given: Input) -> Output:
    """Gives a data source other settings."""
    record = calls.api(given)
    _source(record, given["name"])
    return {"dataSource": _keep_source(calls, record, given)}


def get_data_source(calls: Calls, given: Input) -> Output:
    """A data source."""
    return {"dataSource": _source(calls.api(given), given["name"])}


def list_data_sources(calls: Calls, given: Input) -> Output:
    """The data sources of an API."""
    found, token = page(list(calls.api(given).sources.values()), given)
    return {"dataSources": found, "nextToken": token}


def delete_data_source(calls: Calls, given: Input) -> Output:
    """Takes a data source away; one that a resolver or function has stays."""
    record, name = calls.api(given), given["name"]
    _source(record, name)
    users = [part for part in (*record.resolvers.values(), *record.functions.values())]
    if any(part.get("dataSourceName") == name for part in users):
        raise bad_request(f"Cannot delete data source {name}, it is used by a resolver or a function.")
    with calls.store.changing(record):
        del record.sources[name]
    return {}


def create_function(calls: Calls, given: Input) -> Output:
    """A new function."""
    return {"functionConfiguration": _keep_function(calls, calls.api(given), new_id(), given)}


def update_function(calls: Calls, given: Input) -> Output:
    """Gives a function other settings."""
    record = calls.api(given)
    _function(record, given["functionId"])
    return {"functionConfiguration": _keep_function(calls, record, given["functionId"], given)}


def get_function(calls: Calls, given: Input) -> Output:
    """A function."""
    return {"functionConfiguration": _function(calls.api(given), given["functionId"])}


def list_functions(calls: Calls, given: Input) -> Output:
    """The functions of an API."""
    found, token = page(list(calls.api(given).functions.values()), given)
    return {"functions": found, "nextToken": token}


def delete_function(calls: Calls, given: Input) -> Output:
    """Takes a function away; one that a pipeline has stays."""
    record, function_id = calls.api(given), given["functionId"]
    _function(record, function_id)
    if any(function_id in _functions_of(resolver) for resolver in record.resolvers.values()):
        raise bad_request(f"Cannot delete function {function_id}, it is used by a resolver.")
    with calls.store.changing(record):
        del record.functions[function_id]
    return {}


def create_resolver(calls: Calls, given: Input) -> Output:
    """A new resolver of a field."""
    record = calls.api(given)
    if (given["typeName"], given["fieldName"]) in record.resolvers:
        raise bad_request("Only one resolver is allowed per field.")
    return {"resolver": _keep_resolver(calls, record, given)}


def update_resolver(calls: Calls, given: Input) -> Output:
    """Gives a resolver other settings."""
    record = calls.api(given)
    _resolver(record, given)
    return {"resolver": _keep_resolver(calls, record, given)}


def get_resolver(calls: Calls, given: Input) -> Output:
    """The resolver of a field."""
    return {"resolver": _resolver(calls.api(given), given)}


def list_resolvers(calls: Calls, given: Input) -> Output:
    """The resolvers of a type's fields."""
    resolvers = calls.api(given).resolvers
    found, token = page([each for (name, _), each in sorted(resolvers.items()) if name == given["typeName"]], given)
    return {"resolvers": found, "nextToken": token}


def list_resolvers_by_function(calls: Calls, given: Input) -> Output:
    """The resolvers whose pipelines have a function."""
    record = calls.api(given)
    _function(record, given["functionId"])
    using = [each for _, each in sorted(record.resolvers.items()) if given["functionId"] in _functions_of(each)]
    found, token = page(using, given)
    return {"resolvers": found, "nextToken": token}


def delete_resolver(calls: Calls, given: Input) -> Output:
    """Takes the resolver of a field away."""
    record = calls.api(given)
    _resolver(record, given)
    with calls.store.changing(record):
        del record.resolvers[given["typeName"], given["fieldName"]]
    return {}


def _keep_source(calls: Calls, record: ApiRecord, given: Input) -> Output:
    kind = given["type"]
    place, needs_role = _PLACES.get(kind, ("", False))
    if place and not given.get(place):
        raise bad_request(f"{place} is required for a data source of type {kind}.")
    if needs_role and not given.get("serviceRoleArn") and kind != "RELATIONAL_DATABASE":
        raise bad_request(f"serviceRoleArn is required for a data source of type {kind}.")
    if kind == "AMAZON_BEDROCK_RUNTIME":
        raise not_served("CreateDataSource", "no model runs here; put a function in front of it")
    table = given.get("dynamodbConfig") or {}
    if table.get("versioned") or table.get("deltaSyncConfig"):
        raise not_served("CreateDataSource", "versioned data sources and conflict detection are not kept here")
    source = {**_without(given, "apiId"), "dataSourceArn": f"{record.arn}/datasources/{given['name']}"}
    with calls.store.changing(record):
        record.sources[given["name"]] = source
    return source


def _keep_function(calls: Calls, record: ApiRecord, function_id: str, given: Input) -> Output:
    _check_source(record, given["dataSourceName"])
    _check_evaluation(calls, given)
    function = {
        **_without(given, "apiId", "functionId"),
        "functionId": function_id,
        "functionArn": f"{record.arn}/functions/{function_id}",
        "functionVersion": given.get("functionVersion") or "2018-05-29",
    }
    with calls.store.changing(record):
        record.functions[function_id] = function
    return function


def _keep_resolver(calls: Calls, record: ApiRecord, given: Input) -> Output:
    type_name, field_name = given["typeName"], given["fieldName"]
    _check_field(record, type_name, field_name)
    _check_evaluation(calls, given)
    kind = given.get("kind") or "UNIT"
    if kind == "UNIT":
        if not given.get("dataSourceName"):
            raise bad_request("dataSourceName is required for a unit resolver.")
        _check_source(record, given["dataSourceName"])
    else:
        for function_id in _functions_of(given):
            _function(record, function_id)
        if len(_functions_of(given)) > _FUNCTIONS_MAX:
            raise bad_request(f"a pipeline has at most {_FUNCTIONS_MAX} functions")
    resolver = {
        **_without(given, "apiId"),
        "kind": kind,
        "resolverArn": f"{record.arn}/types/{type_name}/resolvers/{field_name}",
    }
    with calls.store.changing(record):
        record.resolvers[type_name, field_name] = resolver
    return resolver


def _check_field(record: ApiRecord, type_name: str, field_name: str) -> None:
    from lambdakit.harness.routing.graphql.schema.built import built_schema

    found = built_schema(record.definition).schema.type_map.get(type_name) if record.definition else None
    if found is None:
        raise not_found(f"No type named {type_name} found")
    if field_name not in getattr(found, "fields", {}):
        raise not_found(f"No field named {field_name} found on type {type_name}")


def _check_source(record: ApiRecord, name: str) -> None:
    if name not in record.sources:
        raise not_found(f"No data source found named {name}")


def _check_evaluation(calls: Calls, given: Input) -> None:
    """Code has a runtime, which runs it, and templates stand without code."""
    has_code, has_runtime = given.get("code") is not None, given.get("runtime") is not None
    templates = [name for name in ("requestMappingTemplate", "responseMappingTemplate") if given.get(name)]
    if has_code != has_runtime:
        raise bad_request("code and runtime have to be given together.")
    if has_code and templates:
        raise bad_request(f"code cannot be given together with {' and '.join(templates)}.")
    if has_runtime and (given["runtime"].get("name"), given["runtime"].get("runtimeVersion")) != (
        "APPSYNC_JS",
        "1.0.0",
    ):
        raise bad_request(f"the runtime has to be APPSYNC_JS 1.0.0, not {given['runtime']}")
    if given.get("syncConfig") and given["syncConfig"].get("conflictDetection", "NONE") != "NONE":
        raise not_served("CreateResolver", "conflict detection is not done here; leave SyncConfig out")
    if has_code:
        calls.check(given["code"])


def _functions_of(resolver: Mapping[str, Any]) -> list[str]:
    return list((resolver.get("pipelineConfig") or {}).get("functions") or ())


def _source(record: ApiRecord, name: str) -> Output:
    if name not in record.sources:
        raise not_found(f"Data source {name} not found.")
    return record.sources[name]


def _function(record: ApiRecord, function_id: str) -> Output:
    if function_id not in record.functions:
        raise not_found(f"Function {function_id} not found.")
    return record.functions[function_id]


def _resolver(record: ApiRecord, given: Input) -> Output:
    found = record.resolvers.get((given["typeName"], given["fieldName"]))
    if found is None:
        raise not_found(f"No resolver found for {given['typeName']}.{given['fieldName']}.")
    return found


def _without(given: Input, *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}
