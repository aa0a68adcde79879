"""The Node.js runtimes up to 16, which AWS still runs and creates no more: on the Node.js that is there, with the SDK
that they carry.

Source: AWS Lambda Developer Guide, "Lambda runtimes", "Building Lambda functions with Node.js" (runtime-included SDK
versions: version 2 up to Node.js 16).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import create_function, delete_functions, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-old-node")

_SIGNED = """
const AWS = require('aws-sdk');
const STS = require('aws-sdk/clients/sts');
exports.handler = (event, context, callback) => {
  new STS().getCallerIdentity((error, answer) => callback(error, error ? null : [answer.Account, AWS.VERSION]));
};
"""
_OUTSIDE = """
const https = require('https');
exports.handler = async () => new Promise((resolve) => {
  https.request({ host: 'checkip.amazonaws.com', path: '/', method: 'GET' }, () => resolve('answered'))
    .on('error', () => resolve('refused')).end();
});
"""


@pytest.fixture
def functions(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    yield client
    delete_functions(client)


def answer(functions: Any, source: str, runtime: str) -> Any:
    code = {"ZipFile": zip_of(source, "index.js")}
    create_function(functions, "old", Runtime=runtime, Handler="index.handler", Code=code, Timeout=30)
    answered = functions.invoke(FunctionName="old")
    assert "FunctionError" not in answered, answered["Payload"].read()
    return json.loads(answered["Payload"].read())


@pytest.mark.parametrize("runtime", ["nodejs12.x", "nodejs14.x", "nodejs16.x"])
def test_version_2_of_the_sdk_is_there_and_its_requests_reach_the_harness(functions: Any, runtime: str) -> None:
    account, version = answer(functions, _SIGNED, runtime)

    assert account == functions.get_function(FunctionName="old")["Configuration"]["FunctionArn"].split(":")[4]
    assert version.startswith("2.")


@pytest.mark.parametrize("runtime", ["nodejs16.x", "nodejs22.x"])
def test_a_request_that_is_not_of_the_sdk_goes_where_it_is_sent(functions: Any, runtime: str) -> None:
    assert answer(functions, _OUTSIDE, runtime) == "refused"


def test_version_2_is_not_in_the_later_runtimes(functions: Any) -> None:
    code = {"ZipFile": zip_of(_SIGNED, "index.js")}
    create_function(functions, "old", Runtime="nodejs18.x", Handler="index.handler", Code=code, Timeout=30)

    refused = json.loads(functions.invoke(FunctionName="old")["Payload"].read())

    assert refused["errorType"] == "Runtime.ImportModuleError"
    assert "aws-sdk" in refused["errorMessage"]


def test_it_says_on_what_it_runs(harness: WiredHarness, functions: Any) -> None:
    answer(functions, "exports.handler = async () => [process.env.AWS_EXECUTION_ENV, 1];", "nodejs12.x")

    notes = [event["note"] for event in harness.events("RuntimeNote") if event["function"] == "old"]
    assert any(re.match(r"runs on nodejs\d+\.\d+\.\d+, not on Node\.js 12 as on AWS", note) for note in notes)
