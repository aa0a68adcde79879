"""Event source mappings as records; what polls them is told by the store."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.lambda_service.event_source_checks import check_source
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.lambda_service.execution_roles import check_reads_source
from lambdakit.harness.lambda_service.invocation_rules import check_mapped
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.operations.tags import check_tags
from lambdakit.harness.lambda_service.paging import page_of

# What is no setting of the mapping, but says what it maps.
_NAMES = frozenset({"EventSourceArn", "FunctionName", "Enabled", "Tags", "UUID"})
_PAGE = 100  # API ListEventSourceMappings: "returns a maximum of 100 items in each response"


def _create(given: Input, context: OperationContext) -> Output:
    named, record = context.existing(given)
    check_tags(given.get("Tags") or {})
    check_mapped(record.configuration, named.qualifier)
    source_arn = given.get("EventSourceArn") or ""
    check_source(source_arn, record.configuration.timeout_seconds, context.account)
    check_reads_source(context.roles, record.configuration.role, source_arn)
    mapping = context.functions.event_source_mappings.create(
        named,
        source_arn,
        enabled=given.get("Enabled", True),
        settings=_settings(given),
        tags=given.get("Tags"),
    )
    return _output(mapping, state="Creating")


def _update(given: Input, context: OperationContext) -> Output:
    mappings = context.functions.event_source_mappings
    before = mappings.get(given["UUID"])
    named = None
    if given.get("FunctionName"):
        named, record = context.existing(given)
        check_mapped(record.configuration, named.qualifier)
    mapping = mappings.update(given["UUID"], named=named, enabled=given.get("Enabled"), settings=_settings(given))
    state = "Updating" if mapping.enabled == before.enabled else "Enabling" if mapping.enabled else "Disabling"
    return _output(mapping, state=state)


def _delete(given: Input, context: OperationContext) -> Output:
    return _output(context.functions.event_source_mappings.delete(given["UUID"]), state="Deleting")


def _get(given: Input, context: OperationContext) -> Output:
    return _output(context.functions.event_source_mappings.get(given["UUID"]))


def _list(given: Input, context: OperationContext) -> Output:
    source, function = given.get("EventSourceArn"), None
    if given.get("FunctionName"):
        function = context.existing(given)[0].arn
    chosen = [
        mapping
        for mapping in context.functions.event_source_mappings.all()
        if mapping.region == context.region
        and source in (None, mapping.source_arn)
        and function in (None, mapping.function_arn)
    ]
    page, marker = page_of(chosen, given, key=lambda mapping: mapping.uuid, most=_PAGE)
    return {"EventSourceMappings": [_output(mapping) for mapping in page], "NextMarker": marker}


OPERATIONS: Mapping[str, Operation] = {
    "CreateEventSourceMapping": _create,
    "DeleteEventSourceMapping": _delete,
    "GetEventSourceMapping": _get,
    "ListEventSourceMappings": _list,
    "UpdateEventSourceMapping": _update,
}


def _settings(given: Input) -> dict[str, object]:
    return {name: value for name, value in given.items() if name not in _NAMES}


def _output(mapping: EventSourceMapping, *, state: str = "") -> Output:
    """state: where it is on its way; absence: where it has arrived."""
    is_stream = ":sqs:" not in mapping.source_arn
    return {
        **mapping.settings,
        "UUID": mapping.uuid,
        "EventSourceArn": mapping.source_arn or None,
        "EventSourceMappingArn": mapping.arn,
        "FunctionArn": mapping.function_arn,
        "LastModified": mapping.last_modified,
        "LastProcessingResult": mapping.result or None,
        "State": state or mapping.state,
        "StateTransitionReason": "User action" if is_stream else "USER_INITIATED",
    }
