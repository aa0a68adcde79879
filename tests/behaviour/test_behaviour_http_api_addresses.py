"""Where the HTTP APIs of a deployment are called: at their root, or at their stages.

Source: API Gateway Developer Guide, "Stages for HTTP APIs in API Gateway": the stage `$default` is served from the base
of the API's URL, every other one below its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lambdakit import Harness
from tests.fakes.http_apis import api, permission, route, stage, to_function
from tests.fakes.plain_assembly import function, write_stack

pytestmark = pytest.mark.xdist_group("behaviour-http-api-addresses")

ANSWER = "def handler(event, context): return {'statusCode': 200, 'body': event['requestContext']['stage']}"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.mark.parametrize(
    ("stages", "names"),
    [
        (["$default"], {"Api": "$default"}),
        (["prod"], {"Api": "prod"}),
        (["blue", "red"], {"Api/blue": "blue", "Api/red": "red"}),
        (["$default", "red"], {"Api": "$default"}),
    ],
    ids=["the default stage", "one stage with a name", "several with names", "the default stage among others"],
)
def test_an_api_is_called_where_it_is_served(
    harness: Harness, tmp_path: Path, stages: Sequence[str], names: dict[str, str]
) -> None:
    resources = (
        function("Fn", ANSWER)
        | api("Api")
        | route("Api", "A", "GET /a", to_function("Fn"))
        | permission("May", "Fn", {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"})
    )
    for name in stages:
        resources |= stage("Api", name)

    deployment = harness.deploy(write_stack(tmp_path, "addresses", resources))

    assert {one.name for one in deployment.apis} == set(names)
    for name, said in names.items():
        with deployment.http(name) as http:
            assert http.get("/a").text == said
    deployment.destroy()
