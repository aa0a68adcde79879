"""Which stage and route a request takes. Source: API Gateway Developer Guide, "Create routes for HTTP APIs"."""

from __future__ import annotations

import itertools

import pytest

from lambdakit.harness.moto_state.http_apis import HttpApiDefinition, Route, Stage
from lambdakit.harness.routing.http_routes import choose_stage, match_route


def _routes(*keys: str) -> list[Route]:
    return [Route(key=key, integration=None, authorization="NONE") for key in keys]


def _chosen(keys: tuple[str, ...], method: str, path: str) -> str | None:
    match = match_route(_routes(*keys), method, path)
    return None if match is None else match.route.key


# The guide's own example, and the rules around it: a full match beats a greedy one, which beats $default.
GUIDE = ("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("POST", "/pets/dog/1", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
    ],
)
def test_the_example_of_the_guide(method: str, path: str, expected: str) -> None:
    assert _chosen(GUIDE, method, path) == expected


@pytest.mark.parametrize(
    ("keys", "method", "path", "expected"),
    [
        # A literal segment beats a variable, from the left.
        (("GET /a/{x}", "GET /{x}/b"), "GET", "/a/b", "GET /a/{x}"),
        (("GET /{x}/{y}", "GET /{x}/b"), "GET", "/a/b", "GET /{x}/b"),
        # Fewer levels left to the greedy variable are closer.
        (("GET /{proxy+}", "GET /a/{proxy+}", "GET /a/b/{proxy+}"), "GET", "/a/b/c", "GET /a/b/{proxy+}"),
        (("GET /{proxy+}", "GET /{x}"), "GET", "/a", "GET /{x}"),
        (("GET /{proxy+}", "ANY /{x}"), "GET", "/a", "ANY /{x}"),
        # The method itself beats ANY on the same path, and ANY takes what is left.
        (("ANY /a", "GET /a"), "GET", "/a", "GET /a"),
        (("ANY /a", "GET /a"), "PUT", "/a", "ANY /a"),
        (("ANY /{proxy+}", "GET /{proxy+}"), "GET", "/a/b", "GET /{proxy+}"),
        (("GET /a",), "HEAD", "/a", None),
        (("GET /a",), "POST", "/a", None),
        (("GET /a", "$default"), "POST", "/a", "$default"),
        (("$default",), "PATCH", "/anything/at/all", "$default"),
        (("GET /a",), "GET", "/A", None),
        (("GET /a",), "GET", "/a/", None),
        (("GET /a",), "GET", "/a/b", None),
        (("GET /a/{x}",), "GET", "/a/", None),
        (("GET /a/{proxy+}",), "GET", "/a", None),
        (("GET /a/{proxy+}",), "GET", "/a/", None),
        (("GET /",), "GET", "/", "GET /"),
        (("GET /",), "GET", "/a", None),
        (("GET /a.b",), "GET", "/axb", None),
        (("GET /a+b",), "GET", "/a+b", "GET /a+b"),
        ((), "GET", "/", None),
    ],
)
def test_the_rules(keys: tuple[str, ...], method: str, path: str, expected: str | None) -> None:
    for order in itertools.permutations(keys):
        assert _chosen(order, method, path) == expected


@pytest.mark.parametrize(
    ("key", "path", "parameters"),
    [
        ("GET /a", "/a", {}),
        ("GET /a/{id}", "/a/1", {"id": "1"}),
        ("GET /a/{id}/b/{other_id}", "/a/1/b/2", {"id": "1", "other_id": "2"}),
        ("GET /a/{id}", "/a/x%2Fy%20%C3%BC+z", {"id": "x/y ü+z"}),
        ("GET /{proxy+}", "/a/b/c", {"proxy": "a/b/c"}),
        ("ANY /a/{rest+}", "/a/b%20c/d/", {"rest": "b c/d/"}),
        ("$default", "/a/b", {}),
    ],
)
def test_path_parameters_are_decoded(key: str, path: str, parameters: dict[str, str]) -> None:
    match = match_route(_routes(key), "GET", path)

    assert match is not None
    assert match.path_parameters == parameters


def _api(*stages: str) -> HttpApiDefinition:
    return HttpApiDefinition(
        api_id="a1", name="api", routes=(), cors=None, stages={name: Stage(name=name) for name in stages}
    )


@pytest.mark.parametrize(
    ("stages", "path", "expected"),
    [
        (("$default",), "/a/b", ("$default", "/a/b")),
        (("$default",), "/", ("$default", "/")),
        (("prod",), "/prod/a/b", ("prod", "/a/b")),
        (("prod",), "/prod", ("prod", "/")),
        (("prod",), "/prod/", ("prod", "/")),
        (("prod",), "/a", None),
        (("prod",), "/", None),
        (("prod",), "/production/a", None),
        (("prod", "$default"), "/prod/a", ("prod", "/a")),
        (("prod", "$default"), "/a", ("$default", "/a")),
        (("prod", "$default"), "/PROD/a", ("$default", "/PROD/a")),
        (("$default",), "/$default/a", ("$default", "/$default/a")),
        (("my-stage_1",), "/my%2Dstage_1/a", ("my-stage_1", "/a")),
        ((), "/a", None),
    ],
)
def test_the_first_segment_may_name_a_stage(
    stages: tuple[str, ...], path: str, expected: tuple[str, str] | None
) -> None:
    chosen = choose_stage(_api(*stages), path)

    assert (None if chosen is None else (chosen[0].name, chosen[1])) == expected
