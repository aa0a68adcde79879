"""Which resource and method a request takes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdakit.harness.moto_state.rest_definition import Method, RestResource
from lambdakit.harness.routing.rest.routes import match_method


def _resource(path: str, *verbs: str) -> RestResource:
    return RestResource(resource_id=path, path=path, methods={verb: Method(http_method=verb) for verb in verbs})


RESOURCES = [
    _resource("/", "GET"),
    _resource("/orders", "GET", "POST"),
    _resource("/orders/{id}", "GET", "ANY"),
    _resource("/orders/new", "GET"),
    _resource("/orders/{id}/lines"),
    _resource("/orders/{id}/lines/{line}", "GET"),
    _resource("/files/{path+}", "ANY"),
    _resource("/files/fixed", "GET"),
    _resource("/files/fixed/{name}", "GET"),
    _resource("/a.b", "GET"),
    _resource("/deep/{proxy+}", "ANY"),
    _resource("/deep/{x}/y", "GET"),
]


@pytest.mark.parametrize(
    ("verb", "path", "resource", "method", "parameters"),
    [
        ("GET", "/", "/", "GET", {}),
        ("GET", "/orders", "/orders", "GET", {}),
        ("GET", "/orders/", "/orders", "GET", {}),
        ("GET", "/orders/7", "/orders/{id}", "GET", {"id": "7"}),
        ("PUT", "/orders/7", "/orders/{id}", "ANY", {"id": "7"}),
        ("GET", "/orders/a%2Fb%20c", "/orders/{id}", "GET", {"id": "a/b c"}),
        ("GET", "/orders/new", "/orders/new", "GET", {}),
        ("GET", "/orders/New", "/orders/{id}", "GET", {"id": "New"}),
        ("GET", "/orders/7/lines/1", "/orders/{id}/lines/{line}", "GET", {"id": "7", "line": "1"}),
        ("GET", "/files/a", "/files/{path+}", "ANY", {"path": "a"}),
        ("GET", "/files/a/b/", "/files/{path+}", "ANY", {"path": "a/b/"}),
        ("GET", "/files/fixed", "/files/fixed", "GET", {}),
        ("GET", "/files/fixed/n", "/files/fixed/{name}", "GET", {"name": "n"}),
        ("GET", "/files/fixed/n/m", "/files/{path+}", "ANY", {"path": "fixed/n/m"}),
        ("GET", "/a.b", "/a.b", "GET", {}),
        ("GET", "/deep/1/y", "/deep/{x}/y", "GET", {"x": "1"}),
        ("GET", "/deep/1/z", "/deep/{proxy+}", "ANY", {"proxy": "1/z"}),
    ],
)
def test_a_request_takes_the_most_exact_resource(
    verb: str, path: str, resource: str, method: str, parameters: Mapping[str, str]
) -> None:
    match = match_method(RESOURCES, verb, path)

    assert match is not None
    assert (match.resource.path, match.method.http_method) == (resource, method)
    assert match.path_parameters == parameters


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/"),
        ("DELETE", "/orders"),
        ("POST", "/orders/new"),  # the resource is chosen before the method
        ("GET", "/orders/7/lines"),
        ("GET", "/orders//"),
        ("GET", "/files"),
        ("GET", "/files/"),
        ("GET", "/aXb"),
        ("GET", "/ORDERS"),
        ("GET", "//orders"),
    ],
)
def test_nothing_else_is_taken(verb: str, path: str) -> None:
    assert match_method(RESOURCES, verb, path) is None
