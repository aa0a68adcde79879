"""Assembly directories that the fake harness process deploys."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lambdakit.session.harness import Harness

FAKE_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("fake_harness_process.py")))


def fake_harness(**options: str | int) -> Harness:
    """A harness whose process is the fake one."""
    return Harness(**options, _command=FAKE_COMMAND)  # type: ignore[arg-type]  # the options under test may be wrong


def write_assembly(
    directory: Path, *, functions: dict[str, str], apis: tuple[str, ...] = (), **reports: object
) -> Path:
    """An assembly directory. functions: physical name -> construct path in the stack `shop`;
    apis: names, of HTTP APIs unless a kind stands before: `website:pages`.

    reports: what is told of the deployment's `permissions` and `reachability`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "manifest.json").write_text('{"version": "55.0.0"}')
    table = {
        "type": "AWS::DynamoDB::Table",
        "physical_id": "shop-table",
        "status": "CREATED",
        "attributes": {"Arn": "arn:aws:dynamodb:us-east-1:123456789012:table/shop-table"},
        "path": "shop/orders/Table/Resource",
    }
    stack = {"stack_id": "arn:stack", "status": "CREATED", "outputs": {}, "resources": {"TableABC": table}}
    wire = {
        "stacks": {"shop": stack},
        "functions": [_function(name, path) for name, path in functions.items()],
        "apis": [_api(name) for name in apis],
        **reports,
    }
    (directory / "fake.json").write_text(json.dumps(wire))
    return directory


def _function(name: str, path: str) -> dict[str, str]:
    return {
        "name": name,
        "arn": f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        "logical_id": "".join(part.capitalize() for part in path.split("/")[1:]) + "0A1B2C3D",
        "stack": "shop",
        "path": path,
        "runtime": "python3.13",
        "handler": "app.handler",
    }


def _api(given: str) -> dict[str, str]:
    kind, _, name = given.rpartition(":")
    return {
        "name": name,
        "api_id": f"{name}-id",
        "logical_id": f"{name.capitalize()}Api",
        "stack": "shop",
        "path": f"shop/{name}/Api/Resource",
        "kind": kind or "http_api",
        "url": "http://127.0.0.1:{port}/_apis/" + name,
    }
