"""Lambda. Functions are named by name, `account:function:name`, ARN, each with or without a qualifier.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Lambda"; Lambda Developer
Guide, "Resources and conditions for Lambda actions" and "Condition keys: lambda:FunctionArn"; API Reference, "Invoke":
`FunctionName`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall, listed, member_at
from lambdakit.harness.iam.rules import Need, Rules

_FUNCTION: Final = re.compile(
    r"(?:arn:(?P<partition>[\w-]+):lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[\w-]+))?"
)
# The operations whose resource is the version or alias that they name. Source: Lambda Developer Guide, "Resources and
# conditions for Lambda actions": "Function ARN, version or alias".
_QUALIFIED: Final = frozenset(
    {"Invoke", "InvokeAsync", "InvokeWithResponseStream", "GetFunction", "GetFunctionConfiguration", "DeleteFunction"}
    | {"GetProvisionedConcurrencyConfig", "PutProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig"}
)

# The operations about one durable execution.
_OF_EXECUTIONS: Final = (
    *("CheckpointDurableExecution", "GetDurableExecutionState", "GetDurableExecution", "GetDurableExecutionHistory"),
    *("StopDurableExecution", "PauseDurableExecution", "ResumeDurableExecution", "DeleteDurableExecution"),
    *("SendDurableExecutionCallbackSuccess", "SendDurableExecutionCallbackFailure"),
    "SendDurableExecutionCallbackHeartbeat",
)


def function_arn(call: ApiCall, name: str, qualifier: str = "") -> str:
    """The ARN of a function; empty for what is no name of one."""
    match = _FUNCTION.fullmatch(name)
    if match is None:
        return ""
    qualifier = qualifier or match["qualifier"] or ""
    suffix = f":{qualifier}" if qualifier else ""
    return (
        f"arn:{match['partition'] or call.partition}:lambda:{match['region'] or call.region}:"
        f"{match['account'] or call.account_id}:function:{match['name']}{suffix}"
    )


def _function(call: ApiCall) -> Sequence[str]:
    name = call.text("FunctionName", "Resource", "ResourceArn")
    arn = function_arn(call, name, call.text("Qualifier"))
    if not arn:
        return []
    return [arn if call.operation in _QUALIFIED else _unqualified(arn)]


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])


def _nothing(call: ApiCall) -> Sequence[str]:
    """Versions and aliases are what `_function` gives."""
    return ()


def _invoke(call: ApiCall) -> Sequence[Need] | None:
    functions = _function(call)
    return [Need(action="lambda:InvokeFunction", resources=tuple(functions))] if functions else None


def _provisioned(call: ApiCall) -> Sequence[Need] | None:
    functions = _function(call)
    return [Need(action=f"lambda:{call.operation}", resources=tuple(functions))] if functions else None


def _mapping(call: ApiCall) -> Sequence[Need] | None:
    """Event source mappings, with `lambda:FunctionArn`: that of the request, else of the mapping as it is."""
    uuid = call.text("UUID")
    if not uuid and call.operation != "CreateEventSourceMapping":
        return None
    named = function_arn(call, call.text("FunctionName"))
    function = named or call.lookups.mapping_function(call.account_id, call.region, uuid)
    return [
        Need(
            action=f"lambda:{call.operation}",
            resources=(call.arn("lambda", f"event-source-mapping:{uuid}") if uuid else "*",),
            keys={"lambda:functionarn": (function,)} if function else {},
        )
    ]


def _execution(call: ApiCall) -> Sequence[Need] | None:
    """What is about one durable execution: its ARN is the resource, for a callback the one that the id was made from.

    An id that was never given out is about nothing that is known.
    Source: Lambda Developer Guide, "Security and permissions for Lambda durable functions".
    """
    action = f"lambda:{call.operation}"
    arn = call.text("DurableExecutionArn") or _execution_of_callback(call.text("CallbackId"))
    return [Need(action=action, resources=(arn,)) if arn else Need(action=action, one_of=True)]


def _execution_of_callback(callback_id: str) -> str:
    """Empty for what is no id that was given out; see `harness.durable.checkpoint.callback_id`."""
    try:
        arn = base64.b64decode(callback_id, validate=True).decode().partition("|")[0]
    except ValueError:
        return ""
    return arn if "/durable-execution/" in arn else ""


def _tags(call: ApiCall) -> Sequence[Need] | None:
    resource = call.text("Resource")
    if not resource.startswith("arn:"):
        return None
    return [Need(action=f"lambda:{call.operation}", resources=(resource,))]


def _more_keys(call: ApiCall) -> Mapping[str, tuple[str, ...]]:
    """The VPC of a function's subnets; of requests about a URL the function, and who may call it.

    Source: Lambda Developer Guide, "Using IAM condition keys for VPC settings"; "Control access to Lambda function
    URLs"; Service Authorization Reference, "Condition keys for AWS Lambda".
    """
    keys: dict[str, tuple[str, ...]] = {}
    subnets = [one for one in listed(member_at(call.members, "VpcConfig.SubnetIds")) if isinstance(one, str)]
    vpcs = call.lookups.vpcs_of_subnets(call.account_id, call.region, subnets) if subnets else ()
    if vpcs:
        keys["lambda:vpcids"] = vpcs
    auth_type = call.text("AuthType", "FunctionUrlAuthType")
    if call.operation.endswith("FunctionUrlConfig"):
        function = function_arn(call, call.text("FunctionName"), call.text("Qualifier"))
        if function:
            keys["lambda:functionarn"] = (_unqualified(function),)
            auth_type = auth_type or call.lookups.url_auth_type(function)
    if auth_type:
        keys["lambda:functionurlauthtype"] = (auth_type,)
    return keys


LAMBDA: Final = Rules(
    actions={"GetLayerVersionByArn": ("GetLayerVersion",)},
    resources={"function": _function, "function alias": _nothing, "function version": _nothing},
    members={
        "LayerName": ("LayerName", "Arn"),
        "layerVersion.LayerVersion": ("VersionNumber",),
    },
    readers={
        "Invoke": _invoke,
        "InvokeWithResponseStream": _invoke,
        **dict.fromkeys(
            (
                "DeleteProvisionedConcurrencyConfig",
                "GetProvisionedConcurrencyConfig",
                "PutProvisionedConcurrencyConfig",
            ),
            _provisioned,
        ),
        **dict.fromkeys(
            (
                *("CreateEventSourceMapping", "GetEventSourceMapping"),
                *("UpdateEventSourceMapping", "DeleteEventSourceMapping"),
            ),
            _mapping,
        ),
        **dict.fromkeys(("ListTags", "TagResource", "UntagResource"), _tags),
        **dict.fromkeys(_OF_EXECUTIONS, _execution),
    },
    keys={
        "lambda:codesigningconfigarn": "CodeSigningConfigArn",
        "lambda:layer": "Layers",
        "lambda:securitygroupids": "VpcConfig.SecurityGroupIds",
        "lambda:subnetids": "VpcConfig.SubnetIds",
    },
    more_keys=_more_keys,
    pass_role=frozenset({"UpdateFunctionConfiguration"}),
)
