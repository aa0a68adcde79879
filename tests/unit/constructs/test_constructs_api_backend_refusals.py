from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from aws_cdk import Stack, assertions

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import Cors, Throttle
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableProperties
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

TABLE = TableProperties(partition_key="id")


def problems(make: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(SynthesisError) as caught:
        make()
    return [(each.code, each.pointer) for each in caught.value.diagnostics]


def test_all_problems_are_told_at_once_before_anything_is_made(stack: Stack, function: FunctionProperties) -> None:
    found = problems(
        lambda: ApiBackend(
            stack,
            "orders",
            routes={
                "FETCH /": Route(function=replace(function, memory_size=1), name="one"),
                "GET /v1.0/": Route(function="nobody"),
            },
            table=TableProperties(partition_key="id", sort_key="id"),
            cors=Cors(allow_origins=["example.com"]),
            throttle=Throttle(rate_limit=0),
            log_retention=2,
        )
    )

    assert found == [
        ("LK410", "shop/orders.routes.FETCH /"),
        ("LK410", 'shop/orders.routes."GET /v1.0/"'),
        ("LK411", 'shop/orders.routes."GET /v1.0/".function'),
        ("LK405", "shop/orders.table.sort_key"),
        ("LK413", "shop/orders.cors.allow_origins"),
        ("LK401", "shop/orders.throttle.rate_limit"),
        ("LK401", "shop/orders.log_retention"),
        ("LK401", "shop/orders/one.memory_size"),
    ]
    assert "Resources" not in assertions.Template.from_stack(stack).to_json()


def test_table_access_without_a_table_is_refused(stack: Stack, function: FunctionProperties) -> None:
    found = problems(
        lambda: ApiBackend(stack, "orders", routes={"GET /": Route(function=function, table_access="read")})
    )

    assert found == [("LK412", "shop/orders.routes.GET /.table_access")]


@pytest.mark.parametrize("name", ["Table", "Api", "AccessLog", "taken", "a b", "x" * 65])
def test_names_that_cannot_be_are_refused(stack: Stack, function: FunctionProperties, name: str) -> None:
    found = problems(
        lambda: ApiBackend(
            stack,
            "orders",
            routes={"GET /first": Route(name="taken", function=function), "GET /": Route(name=name, function=function)},
        )
    )

    assert found == [("LK411", "shop/orders.routes.GET /.name")]


def test_a_shared_functions_settings_belong_to_the_route_that_makes_it(
    stack: Stack, function: FunctionProperties
) -> None:
    found = problems(
        lambda: ApiBackend(
            stack,
            "orders",
            routes={
                "GET /a": Route(name="answer", function=function),
                "GET /b": Route(function="answer", table_access="read"),
            },
            table=TABLE,
        )
    )

    assert found == [("LK405", "shop/orders.routes.GET /b.table_access")]


def test_two_backends_whose_outputs_would_meet_are_refused(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(stack, "orders", routes={"GET /": Route(function=function)})

    assert problems(lambda: ApiBackend(stack, "Orders", routes={"GET /": Route(function=function)})) == [
        ("LK414", "shop/Orders")
    ]


@pytest.mark.parametrize(
    ("cors", "setting"),
    [
        (Cors(allow_origins=["*"], allow_credentials=True), "allow_credentials"),
        (Cors(allow_origins=["*"], allow_methods=["get"]), "allow_methods"),
        (Cors(allow_origins=["*"], max_age=86_401), "max_age"),
        (Cors(allow_origins=["*"], max_age=-1), "max_age"),
    ],
    ids=["credentials", "method", "long", "negative"],
)
def test_cors_that_api_gateway_refuses_is_refused(
    stack: Stack, function: FunctionProperties, cors: Cors, setting: str
) -> None:
    found = problems(lambda: ApiBackend(stack, "orders", routes={"GET /": Route(function=function)}, cors=cors))

    assert found == [("LK413", f"shop/orders.cors.{setting}")]
