"""A sample event, handed to a function: two commands and a pipe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "patterns" / "api_backend" / "lambdakit.yaml"
LAMBDAKIT = (sys.executable, "-m", "lambdakit")
REQUEST = ("http-api", "--method", "POST", "--path", "/orders", "--body", '{"sku": "teapot"}')


def test_a_generated_event_invokes_a_function() -> None:
    with subprocess.Popen([*LAMBDAKIT, "events", "generate", *REQUEST], stdout=subprocess.PIPE) as generated:
        called = subprocess.run(
            [*LAMBDAKIT, "invoke", DOCUMENT, "create_order", "--event", "-"],
            stdin=generated.stdout,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert called.returncode == 0, called.stderr
    answer = json.loads(called.stdout)
    assert answer["statusCode"] == 201
    assert json.loads(answer["body"])["sku"] == "teapot"
