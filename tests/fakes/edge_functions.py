"""Functions of Lambda@Edge for stacks written by hand."""

from __future__ import annotations

from typing import Any

from tests.fakes.plain_assembly import Resources, function, role

# What each event's function does is in a header of the viewer's: JSON, by the event's type.
SOURCE = """
import base64, json

def handler(event, context):
    cf = event["Records"][0]["cf"]
    kind = cf["config"]["eventType"]
    asked = cf["request"]["headers"].get("x-do", [{"value": "{}"}])[0]["value"]
    do = json.loads(asked).get(kind)
    result = cf["response"] if kind.endswith("response") else cf["request"]
    if do is None:
        return result
    if do == "echo":
        print("echo", kind)
        headers = {"content-type": [{"value": "application/json"}]}
        return {"status": "200", "headers": headers, "body": json.dumps(event)}
    if do == "tell":
        told = base64.b64encode(json.dumps(event).encode()).decode()
        result["headers"]["x-told"] = [{"key": "X-Told", "value": told}]
        return result
    if do == "raise":
        raise LookupError("a secret")
    if do == "body":
        body = cf["request"]["body"]
        told = {"length": len(base64.b64decode(body["data"])), "cut": body["inputTruncated"]}
        return {"status": "200", "body": json.dumps(told)}
    if "large" in do:
        return {"status": "200", "body": "x" * do["large"]}
    if "return" in do:
        return do["return"]
    for path, value in do["set"]:
        place = result
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return result
"""

EVENTS = ("viewer-request", "origin-request", "origin-response", "viewer-response")


def edge_function(name: str = "Edge", **properties: Any) -> Resources:
    """A function that may be replicated, and a version of it: `<name>Version`."""
    both = role()
    statement = both["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    statement["Principal"] = {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}
    return {
        **function(name, SOURCE, **{"MemorySize": 128, "Timeout": 5, **properties}),
        f"{name}Role": both,
        f"{name}Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": name}}},
    }


def associated(*events: str, **more: Any) -> dict[str, Any]:
    return {
        "LambdaFunctionAssociations": [
            {"EventType": event, "LambdaFunctionARN": {"Ref": "EdgeVersion"}, **more} for event in events
        ]
    }
