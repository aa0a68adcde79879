"""The module cfn-response, which CloudFormation adds to a function that is written in a template and loads it.

Source: CloudFormation Template Reference, "cfn-response module" (loading it, parameters of `send`, what stands in for
a physical id); "Custom resource response objects".
"""

from __future__ import annotations

import re
from typing import Final

# The page says of Python: this exact statement; with another form of it the module is left out. That it may be one of
# several that a statement imports is how AWS's own templates load it, and what users saw (issue 196 of
# aws-cloudformation/aws-cloudformation-templates: "`import boto3, cfnresponse`, etc").
_PYTHON_LOADS: Final = re.compile(
    r"^[ \t]*import (?:[\w.]+(?: as \w+)?[ \t]*,[ \t]*)*cfnresponse[ \t]*(?:[,#;].*)?\r?$", re.MULTILINE
)
_NODE_LOADS: Final = re.compile(r"""require\(\s*(['"`])cfn-response\1\s*\)""")

_PYTHON: Final = """\
import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps(
        {
            "Status": responseStatus,
            "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
            "PhysicalResourceId": physicalResourceId or context.log_stream_name,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "NoEcho": noEcho,
            "Data": responseData,
        }
    )
    print("Response body:")
    print(body)
    request = urllib.request.Request(event["ResponseURL"], data=body.encode(), method="PUT")
    request.add_header("content-type", "")
    try:
        with urllib.request.urlopen(request) as answer:
            print("Status code:", answer.status)
    except Exception as error:
        print("send(..) failed:", error)
"""
_NODE: Final = """\
const http = require("http");
const https = require("https");

exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  console.log("Response body:\\n", body);
  const url = new URL(event.ResponseURL);
  const options = { method: "PUT", headers: { "content-type": "", "content-length": Buffer.byteLength(body) } };
  return new Promise((resolve) => {
    const finish = () => {
      if (typeof context.done === "function") context.done();
      resolve();
    };
    const request = (url.protocol === "https:" ? https : http).request(url, options, (response) => {
      console.log("Status code: " + response.statusCode);
      response.resume();
      response.on("end", finish);
    });
    request.on("error", (error) => {
      console.log("send(..) failed: " + error);
      finish();
    });
    request.end(body);
  });
};
"""


def response_modules(source: str, runtime: str) -> dict[str, str]:
    """The module's file by name, for a template's source that loads it; nothing for another."""
    if runtime.startswith("python"):
        return {"cfnresponse.py": _PYTHON} if _PYTHON_LOADS.search(source) else {}
    return {"cfn-response.js": _NODE} if _NODE_LOADS.search(source) else {}
