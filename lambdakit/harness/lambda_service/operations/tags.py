"""Tags of functions, event source mappings and code signing configurations.

Source: AWS Lambda API Reference, "TagResource"; AWS Lambda Developer Guide, "Using tags on Lambda functions".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.limits import TAGS_MAX

Tags = Mapping[str, str]


def check_tags(tags: Tags) -> None:
    """InvalidParameterValueException for too many tags, and for keys that are AWS's own."""
    if len(tags) > TAGS_MAX:
        raise ServiceFault("InvalidParameterValueException", "Number of tags exceeds resource tag limit.")
    if any(key.lower().startswith("aws:") for key in tags):
        raise ServiceFault("InvalidParameterValueException", "Tag keys must not begin with aws:, which is reserved.")


def _tag(given: Input, context: OperationContext) -> Output:
    _retag(given["Resource"], context, lambda tags: {**tags, **given["Tags"]})
    return {}


def _untag(given: Input, context: OperationContext) -> Output:
    gone = frozenset(given["TagKeys"])
    _retag(given["Resource"], context, lambda tags: {key: value for key, value in tags.items() if key not in gone})
    return {}


def _list(given: Input, context: OperationContext) -> Output:
    found: list[Tags] = []

    def unchanged(tags: Tags) -> Tags:
        found.append(tags)
        return tags

    _retag(given["Resource"], context, unchanged)
    return {"Tags": dict(found[0])}


OPERATIONS: Mapping[str, Operation] = {"ListTags": _list, "TagResource": _tag, "UntagResource": _untag}


def _retag(arn: str, context: OperationContext, change: Callable[[Tags], Tags]) -> None:
    functions = context.functions

    def changed(tags: Tags) -> dict[str, str]:
        after = dict(change(tags))
        check_tags(after)
        return after

    match arn.split(":")[5]:
        case "function":
            named = functions.parse(arn)
            if named.qualifier:
                raise ServiceFault(
                    "InvalidParameterValueException",
                    "Tags on function aliases and versions are not supported. Please specify a function ARN.",
                )
            functions.change(named, lambda function: setattr(function, "tags", changed(function.tags)))
        case "event-source-mapping":
            mapping = functions.event_source_mappings.get(arn.rpartition(":")[2])
            functions.event_source_mappings.retag(mapping.uuid, changed(mapping.tags))
        case "code-signing-config":
            config = functions.code_signing.get(arn)
            functions.code_signing.put(dataclasses.replace(config, tags=changed(config.tags)))
        case "capacity-provider":
            provider = functions.capacity_providers.get(arn, arn.split(":")[3])
            functions.capacity_providers.put(provider, tags=changed(provider.tags))
        case kind:
            raise ServiceFault("NotImplementedException", f"tags of a {kind} are not built in this harness")
