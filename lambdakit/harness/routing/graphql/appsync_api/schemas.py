"""The schema of an API and its types.

A schema is made at once, so that its creation has succeeded or failed when its status is asked for.
Source: AWS AppSync API Reference, "StartSchemaCreation", "GetSchemaCreationStatus", "GetIntrospectionSchema", "Type".
"""

from __future__ import annotations

import json
from typing import Any

from lambdakit.harness.routing.graphql.api_record import ApiRecord
from lambdakit.harness.routing.graphql.appsync_api.calls import Calls, Input, Output, page
from lambdakit.harness.routing.graphql.appsync_api.faults import AppSyncFault, bad_request, not_found
from lambdakit.harness.routing.graphql.schema.problem import SchemaProblem


def start_schema_creation(calls: Calls, given: Input) -> Output:
    """Gives an API a schema, instead of the one before. What cannot be a schema leaves that one as it is."""
    from lambdakit.harness.routing.graphql.schema.built import built_schema

    record = calls.api(given)
    try:
        definition = bytes(given["definition"]).decode()
        built_schema(definition)
    except UnicodeDecodeError:
        status, text = ("FAILED", "Schema is not UTF-8 text."), None
    except SchemaProblem as problem:
        status, text = ("FAILED", str(problem)), None
    else:
        status, text = ("SUCCESS", "Successfully created schema."), definition
    with calls.store.changing(record):
        record.schema_status = status
        if text is not None:
            record.definition = text
    return {"status": "PROCESSING"}


def get_schema_creation_status(calls: Calls, given: Input) -> Output:
    """What became of the last creation."""
    status, details = calls.api(given).schema_status
    return {"status": status, "details": details}


def get_introspection_schema(calls: Calls, given: Input) -> Output:
    """The schema, in its own language or as an introspection gives it."""
    from graphql import introspection_from_schema, print_schema

    schema = _built(calls.api(given)).schema
    with_directives = given.get("includeDirectives", True)
    if given["format"] == "SDL":
        text = print_schema(schema)
        if not with_directives:
            text = "\n\n".join(part for part in text.split("\n\n") if not part.startswith("directive "))
    else:
        found: dict[str, Any] = dict(introspection_from_schema(schema))
        if not with_directives:
            found["__schema"]["directives"] = []
        text = json.dumps({"data": found})
    return {"schema": text.encode()}


def get_type(calls: Calls, given: Input) -> Output:
    """A type of the schema."""
    record = calls.api(given)
    schema = _built(record).schema
    if given["typeName"] not in schema.type_map:
        raise not_found(f"Type {given['typeName']} not found.")
    return {"type": _type(record, schema, given["typeName"], given["format"])}


def list_types(calls: Calls, given: Input) -> Output:
    """The types of the schema that are not GraphQL's own."""
    from graphql import is_introspection_type, is_specified_scalar_type

    record = calls.api(given)
    schema = _built(record).schema
    own = [
        name
        for name, found in schema.type_map.items()
        if not is_introspection_type(found) and not is_specified_scalar_type(found)
    ]
    names, token = page(sorted(own), given)
    return {"types": [_type(record, schema, name, given["format"]) for name in names], "nextToken": token}


def _built(record: ApiRecord) -> Any:
    from lambdakit.harness.routing.graphql.schema.built import built_schema

    if not record.definition:
        raise AppSyncFault("GraphQLSchemaException", "The API has no schema.")
    return built_schema(record.definition)


def _type(record: ApiRecord, schema: Any, name: str, form: str) -> Output:
    from graphql import graphql_sync, print_type

    found = schema.type_map[name]
    if form == "SDL":
        definition = print_type(found)
    elif form == "JSON":
        answer = graphql_sync(schema, _TYPE_QUERY, variable_values={"name": name})
        definition = json.dumps((answer.data or {}).get("__type"))
    else:
        raise bad_request(f"Invalid format {form}: SDL and JSON are the ones.")
    return {
        "name": name,
        "arn": f"{record.arn}/types/{name}",
        "definition": definition,
        "format": form,
        **({"description": found.description} if found.description else {}),
    }


_TYPE_QUERY = """
query ($name: String!) { __type(name: $name) { kind name description
  fields { name description args { name type { ...T } } type { ...T } }
  inputFields { name type { ...T } } enumValues { name } possibleTypes { name } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }
"""
