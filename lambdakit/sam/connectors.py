"""What SAM has a shorter word for, in the words that are read anyway: connectors as policies, code as files.

Source: AWS SAM Developer Guide, "AWS::Serverless::Connector" (embedded ones are a function's `Connectors`), "AWS SAM
connector reference", "AWS SAM policy templates"; "AWS::Serverless::Function", InlineCode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lambdakit.sam.inline_code import InlineCode
from lambdakit.sam.template_file import TemplateFile
from lambdakit.sam.uses import FUNCTION
from lambdakit.spec.pointer import Pointer

_CONNECTOR: Final = "AWS::Serverless::Connector"
_READ, _WRITE = "Read", "Write"
_TABLE: Final = {
    (_READ,): "DynamoDBReadPolicy",
    (_WRITE,): "DynamoDBWritePolicy",
    (_READ, _WRITE): "DynamoDBCrudPolicy",
}
# Type of the destination -> the parameter of its policies, how the template names it, and the policy by permissions.
_POLICIES: Final[Mapping[str, tuple[str, str, Mapping[tuple[str, ...], str]]]] = {
    "AWS::Serverless::SimpleTable": ("TableName", "", _TABLE),
    "AWS::DynamoDB::Table": ("TableName", "", _TABLE),
    "AWS::SQS::Queue": ("QueueName", "QueueName", {(_WRITE,): "SQSSendMessagePolicy", (_READ,): "SQSPollerPolicy"}),
    "AWS::SNS::Topic": ("TopicName", "TopicName", {(_WRITE,): "SNSPublishMessagePolicy"}),
    "AWS::S3::Bucket": (
        "BucketName",
        "",
        {(_READ,): "S3ReadPolicy", (_WRITE,): "S3WritePolicy", (_READ, _WRITE): "S3CrudPolicy"},
    ),
    FUNCTION: ("FunctionName", "", {(_WRITE,): "LambdaInvokePolicy"}),
    "AWS::Events::EventBus": ("EventBusName", "", {(_WRITE,): "EventBridgePutEventsPolicy"}),
    "AWS::Serverless::StateMachine": ("StateMachineName", "Name", {(_WRITE,): "StepFunctionsExecutionPolicy"}),
}


_HINTS: Final = {
    "AWS::Serverless::Application": "import the template at its Location on its own, as an application beside this one",
    "AWS::Serverless::GraphQLApi": "write its parts below cloudformation, as AWS::AppSync resources",
    _CONNECTOR: "give the function grants, or write the policy below cloudformation",
}


def hint_of_kind(kind: str) -> str:
    """What to do about a resource that only SAM has a word for."""
    return _HINTS.get(kind, "")


def prepared(template: TemplateFile, inline: InlineCode) -> TemplateFile:
    """The same template without connectors of functions, and with its code in files."""
    written = template.content.get("Resources")
    resources: dict[str, Any] = dict(written) if isinstance(written, Mapping) else {}
    places: dict[Pointer, Pointer] = {}
    for logical_id, part in list(resources.items()):
        if isinstance(part, Mapping) and part.get("Type") == FUNCTION:
            resources[logical_id] = _with_code(logical_id, part, inline, template.content, places)
    for source, ends, place, taken in list(_connections(resources)):
        policies = [_policy(resources, end) for end in ends]
        if not policies or None in policies or not _is_function(resources, source):
            continue
        _allow(resources, source, policies, place, places)
        _take_out(resources, taken)
    content = {**template.content, "Resources": resources}
    return replace(template, content=content, written={**template.written, **places})


def _is_function(resources: Mapping[str, Any], logical_id: str) -> bool:
    part = resources.get(logical_id)
    return isinstance(part, Mapping) and part.get("Type") == FUNCTION


def _with_code(
    logical_id: str,
    part: Mapping[str, Any],
    inline: InlineCode,
    content: Mapping[str, Any],
    places: dict[Pointer, Pointer],
) -> Mapping[str, Any]:
    properties = part.get("Properties")
    text = properties.get("InlineCode") if isinstance(properties, Mapping) else None
    if not isinstance(properties, Mapping) or not isinstance(text, str):
        return part
    runtime = properties.get("Runtime") or _general(content).get("Runtime")
    directory = inline.directory(logical_id, text, str(runtime))
    if directory is None:
        return part
    kept = {key: value for key, value in properties.items() if key != "InlineCode"}
    handler = str(properties.get("Handler") or _general(content).get("Handler") or "index.handler")
    kept |= {"CodeUri": directory, "Handler": f"index.{handler.rpartition('.')[2]}"}
    places["Resources", logical_id, "Properties", "CodeUri"] = ("Resources", logical_id, "Properties", "InlineCode")
    return {**part, "Properties": kept}


def _general(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found = content.get("Globals")
    function = found.get("Function") if isinstance(found, Mapping) else None
    return function if isinstance(function, Mapping) else {}


_End = tuple[str, tuple[str, ...]]


def _connections(resources: Mapping[str, Any]) -> Iterator[tuple[str, list[_End], Pointer, Pointer]]:
    """Of each connector: the source, where it leads with which permissions, and where it is written, in which part."""
    for logical_id, part in resources.items():
        if not isinstance(part, Mapping):
            continue
        embedded = part.get("Connectors")
        for name, connector in embedded.items() if isinstance(embedded, Mapping) else ():
            properties = connector.get("Properties") if isinstance(connector, Mapping) else None
            place = ("Resources", logical_id, "Connectors", name)
            yield logical_id, list(_ends(properties)), place, (logical_id, "Connectors", name)
        properties = part.get("Properties")
        if part.get("Type") == _CONNECTOR and isinstance(properties, Mapping):
            source = properties.get("Source")
            origin = str(source.get("Id")) if isinstance(source, Mapping) else ""
            yield origin, list(_ends(properties)), ("Resources", logical_id), (logical_id,)


def _ends(properties: object) -> Iterator[_End]:
    if not isinstance(properties, Mapping):
        return
    written, permissions = properties.get("Destination"), properties.get("Permissions")
    names = tuple(sorted(str(name) for name in permissions)) if isinstance(permissions, list) else ()
    for destination in written if isinstance(written, list) else [written]:
        yield (str(destination.get("Id")) if isinstance(destination, Mapping) else ""), names


def _policy(resources: Mapping[str, Any], end: _End) -> dict[str, Any] | None:
    """The policy template that says the same; None where there is none."""
    logical_id, permissions = end
    part = resources.get(logical_id)
    kind = part.get("Type") if isinstance(part, Mapping) else None
    parameter, attribute, names = _POLICIES.get(str(kind), ("", "", {}))
    if permissions not in names:
        return None
    named = {"Fn::GetAtt": [logical_id, attribute]} if attribute else {"Ref": logical_id}
    return {names[permissions]: {parameter: named}}


def _allow(
    resources: dict[str, Any], function: str, policies: list[Any], place: Pointer, places: dict[Pointer, Pointer]
) -> None:
    written = resources[function].get("Properties")
    properties: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
    before = properties.get("Policies")
    listed = before if isinstance(before, list) else [] if before is None else [before]
    for number in range(len(policies)):
        places["Resources", function, "Properties", "Policies", len(listed) + number] = place
    properties = {**properties, "Policies": [*listed, *policies]}
    resources[function] = {**resources[function], "Properties": properties}


def _take_out(resources: dict[str, Any], taken: Pointer) -> None:
    match taken:
        case (str() as logical_id,):
            del resources[logical_id]
        case (str() as logical_id, "Connectors", name):
            left = {key: value for key, value in resources[logical_id]["Connectors"].items() if key != name}
            part = {key: value for key, value in resources[logical_id].items() if key != "Connectors"}
            resources[logical_id] = {**part, "Connectors": left} if left else part
