"""Conditions written as objects, as a query of OpenSearch: `util.transform.toElasticsearchQueryDSL`.

Source: AppSync Developer Guide, "Transformation helpers in util.transform" (fields of several conditions); the types of
`@aws-appsync/utils` (the operators). How `and`, `or` and `not` are written is not confirmed by a page: they are the
clauses of OpenSearch's own boolean query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_NAMED: Final = {
    **{"eq": "term", "match": "match", "matchPhrase": "match_phrase", "matchPhrasePrefix": "match_phrase_prefix"},
    **{"wildcard": "wildcard", "regexp": "regexp"},
}
_RANGES: Final = ("gt", "gte", "lt", "lte")
_CLAUSES: Final = {"and": "must", "or": "should"}
_DEPTH_MAX: Final = 50


def search_query(conditions: Any) -> dict[str, Any]:
    """The query; all conditions hold unless `or` says else."""
    return {"bool": {"must": _clauses(conditions, 0)}}


def _clauses(conditions: Any, depth: int) -> list[dict[str, Any]]:
    if not isinstance(conditions, Mapping):
        raise FunctionFailed("toElasticsearchQueryDSL: an object of conditions is wanted")
    if depth > _DEPTH_MAX:
        raise FunctionFailed("toElasticsearchQueryDSL: nested too deep")
    found: list[dict[str, Any]] = []
    for name, each in conditions.items():
        if each is None:
            continue
        if name in _CLAUSES:
            groups = each if isinstance(each, list) else [each]
            found.append({"bool": {_CLAUSES[name]: [{"bool": {"must": _clauses(g, depth + 1)}} for g in groups]}})
        elif name == "not":
            found.append({"bool": {"must_not": {"bool": {"must": _clauses(each, depth + 1)}}}})
        else:
            found.append({"bool": {"must": _of_field(str(name), each)}})
    return found


def _of_field(field: str, operations: Any) -> list[dict[str, Any]]:
    if not isinstance(operations, Mapping):
        raise FunctionFailed(f"{field}: an object such as {{eq: value}} is wanted")
    return [_condition(field, str(operator), operand) for operator, operand in operations.items()]


def _condition(field: str, operator: str, operand: Any) -> dict[str, Any]:
    if operator in _NAMED:
        return {_NAMED[operator]: {field: operand}}
    if operator in _RANGES:
        return {"range": {field: {operator: operand}}}
    match operator:
        case "ne":
            return {"bool": {"must_not": {"term": {field: operand}}}}
        case "range":
            if not isinstance(operand, list) or len(operand) != 2:
                raise FunctionFailed(f"{field}.range: a list of two values is wanted")
            return {"range": {field: {"gte": operand[0], "lte": operand[1]}}}
        case "multiMatch":
            return {"multi_match": {"query": operand, "fields": [field]}}
        case "exists":
            exists = {"exists": {"field": field}}
            return exists if operand else {"bool": {"must_not": exists}}
    raise FunctionFailed(f"{field}: {operator} is no operator of search queries")
