"""Function URLs for stacks written by hand."""

from __future__ import annotations

from typing import Any

from tests.fakes.plain_assembly import Resources

_BOTH = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


def function_url(name: str, function: str, *, auth: str = "NONE", alias: str = "", **properties: Any) -> Resources:
    """A URL of the function called `function`, or of its alias, whose logical id is `<function>Alias`."""
    target = {"TargetFunctionArn": {"Fn::GetAtt": [function, "Arn"]}, **({"Qualifier": alias} if alias else {})}
    depends = {"DependsOn": f"{function}Alias"} if alias else {}
    url = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": auth, **target, **properties}, **depends}
    return {name: url}


def public(name: str, function: str, *, alias: bool = False, actions: tuple[str, ...] = _BOTH) -> Resources:
    """Both permissions that let everybody call a URL without authorization; `<name>0` and `<name>1`."""
    target = {"Ref": f"{function}Alias"} if alias else {"Fn::GetAtt": [function, "Arn"]}
    condition: dict[str, dict[str, object]] = {
        "lambda:InvokeFunctionUrl": {"FunctionUrlAuthType": "NONE"},
        "lambda:InvokeFunction": {"InvokedViaFunctionUrl": True},
    }
    return {
        f"{name}{number}": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"Action": action, "FunctionName": target, "Principal": "*", **condition[action]},
        }
        for number, action in enumerate(actions)
    }
