"""Bedrock's models, which run nowhere: their answer is an empty object, in whatever form it is asked for.

Source: Amazon Bedrock API Reference, "InvokeModel".
"""

from __future__ import annotations

import json

import pytest

from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
def test_a_model_answers_in_json(harness: WiredHarness, accept: str) -> None:
    models = harness.aws("bedrock-runtime")
    accepted = {"accept": accept} if accept else {}

    answer = models.invoke_model(modelId="amazon.titan-text-lite-v1", body=json.dumps({"inputText": "hi"}), **accepted)

    assert json.loads(answer["body"].read()) == {}
