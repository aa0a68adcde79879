"""Functions that stream, in each language that can; on the way they wait for a message in a queue.

All of them do what their event says: `first` is sent at once, then they wait for a message in `queue` if there is one,
then `then` is sent. `how` says how they end: `end`, `throw`, `exit` or `hang`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fakes.plain_assembly import Resources, asset_code, function
from tests.fakes.streaming_runtime import STREAMING_RUNTIME

# A signed ReceiveMessage, since no SDK is at hand: AWS General Reference, "Signature Version 4".
_NODE_RECEIVE = """
const { createHash, createHmac } = require('node:crypto');
const sha = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

async function receive(queue) {
  const env = process.env;
  const url = new URL(env.AWS_ENDPOINT_URL);
  const body = JSON.stringify({ QueueUrl: queue, WaitTimeSeconds: 20 });
  const time = new Date().toISOString().replace(/[-:]|\\.\\d+/g, '');
  const signed = {
    'content-type': 'application/x-amz-json-1.0', host: url.host, 'x-amz-date': time,
    'x-amz-security-token': env.AWS_SESSION_TOKEN, 'x-amz-target': 'AmazonSQS.ReceiveMessage',
  };
  const names = Object.keys(signed).join(';');
  const fields = Object.entries(signed).map(([name, value]) => `${name}:${value}`);
  const canonical = ['POST', '/', '', ...fields, '', names, sha(body)].join('\\n');
  const scope = `${time.slice(0, 8)}/${env.AWS_REGION}/sqs/aws4_request`;
  const key = scope.split('/').reduce(hmac, `AWS4${env.AWS_SECRET_ACCESS_KEY}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha(canonical)].join('\\n')).toString('hex');
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const answer = await fetch(url, { method: 'POST', body, headers: { ...signed, authorization } });
  if (answer.status !== 200) throw new Error(`SQS answered ${answer.status}: ${await answer.text()}`);
}
"""

NODE_STREAM = (
    _NODE_RECEIVE
    + """
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  console.log('streams for', context.awsRequestId);
  if (event.prelude) stream = awslambda.HttpResponseStream.from(stream, event.prelude);
  if (event.type) stream.setContentType(event.type);
  if (event.first !== undefined) stream.write(event.first);
  if (event.queue) await receive(event.queue);
  if (event.then) stream.write(event.then);
  if (event.big) {
    for (let n = 0; n < event.big; n++) {
      if (!stream.write('x'.repeat(2 ** 20))) await new Promise((resolve) => stream.once('drain', resolve));
    }
  }
  if (event.how === 'throw') throw new RangeError('no further');
  if (event.how === 'exit') process.exit(7);
  if (event.how === 'hang') { setInterval(() => {}, 1000); return; }
  stream.end();
  await require('node:stream/promises').finished(stream).catch(() => {});
  console.log('done');
});
"""
)

_PYTHON_SERVE = """
while True:
    r, event = next_event()
    begin(r)
    if "first" in event: part(event["first"])
    if "queue" in event: receive(event["queue"])
    if "then" in event: part(event["then"])
    how = event.get("how")
    if how == "exit": os._exit(7)
    if how == "hang": import threading; threading.Event().wait()
    end(*(failed("RangeError", {"errorType": "RangeError", "errorMessage": "no further"}) if how == "throw" else ()))
    answer()
"""

PYTHON_STREAM = (
    STREAMING_RUNTIME
    + """
import boto3
sqs = boto3.client("sqs")

def receive(queue):
    sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
"""
    + _PYTHON_SERVE
)

_PROVIDED_RECEIVE = """
import datetime, hashlib, hmac, urllib.request

def receive(queue):
    env, body = os.environ, json.dumps({"QueueUrl": queue, "WaitTimeSeconds": 20})
    url = env["AWS_ENDPOINT_URL"]
    time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    signed = {"content-type": "application/x-amz-json-1.0", "host": url.partition("//")[2], "x-amz-date": time,
              "x-amz-security-token": env["AWS_SESSION_TOKEN"], "x-amz-target": "AmazonSQS.ReceiveMessage"}
    sha = lambda text: hashlib.sha256(text.encode()).hexdigest()
    names, fields = ";".join(signed), [name + ":" + value for name, value in signed.items()]
    canonical = "\\n".join(["POST", "/", "", *fields, "", names, sha(body)])
    scope = "/".join([time[:8], env["AWS_REGION"], "sqs", "aws4_request"])
    key = ("AWS4" + env["AWS_SECRET_ACCESS_KEY"]).encode()
    for word in (*scope.split("/"), "\\n".join(["AWS4-HMAC-SHA256", time, scope, sha(canonical)])):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    authorization = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
        env["AWS_ACCESS_KEY_ID"], scope, names, key.hex())
    request = urllib.request.Request(url, body.encode(), {**signed, "authorization": authorization})
    urllib.request.urlopen(request, timeout=30).read()
"""


def bootstrap_package(directory: Path) -> Path:
    """The package of an OS-only function: a script that python3 runs."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "bootstrap"
    program.write_text("#!/usr/bin/env python3\n" + STREAMING_RUNTIME + _PROVIDED_RECEIVE + _PYTHON_SERVE)
    program.chmod(0o755)
    return directory


def streaming_resources(asset: str, architecture: str) -> Resources:
    """Functions called `node22`, `node24`, `python` and `provided`, and each with `-short`, whose time-out is 1 s.

    asset: key of `bootstrap_package`.
    """
    provided: dict[str, Any] = {
        "Runtime": "provided.al2023",
        "Architectures": [architecture],
        "Code": asset_code(asset),
        "Handler": "none",
    }
    resources: Resources = {}
    for suffix, seconds in (("", 20), ("-short", 1)):
        for name, source, properties in (
            ("node22", NODE_STREAM, {"Runtime": "nodejs22.x"}),
            ("node24", NODE_STREAM, {"Runtime": "nodejs24.x"}),
            ("python", PYTHON_STREAM, {}),
            ("provided", "", provided),
        ):
            logical_id = name.title() + suffix[1:].title()
            resources |= function(logical_id, source, FunctionName=name + suffix, Timeout=seconds, **properties)
    return resources
