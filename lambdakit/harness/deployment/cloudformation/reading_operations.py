"""Operations that read.

Source: AWS CloudFormation API Reference, "Actions".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from lambdakit.assembly.template import Template
from lambdakit.assembly.template_checks import check_template
from lambdakit.errors import AssemblyError
from lambdakit.harness.deployment.cloudformation import descriptions
from lambdakit.harness.deployment.cloudformation.caller import Caller, Input, Output
from lambdakit.harness.deployment.cloudformation.refusal import Refused, invalid_template
from lambdakit.harness.deployment.cloudformation.template_text import read_template
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.deployment.public_urls import FrontDoors


def describe_stacks(caller: Caller, given: Input) -> Output:
    """`DescribeStacks`."""
    if given.get("StackName"):
        return {"Stacks": [descriptions.stack(caller.stack(given))]}
    return {"Stacks": [descriptions.stack(stack) for stack in caller.stacks()]}


def list_stacks(caller: Caller, given: Input) -> Output:
    """`ListStacks`, with those that were deleted."""
    wanted = set(given.get("StackStatusFilter") or ())
    stacks = [*caller.stacks(), *caller.deleted()]
    return {"StackSummaries": [descriptions.summary(s) for s in stacks if not wanted or s.status in wanted]}


def describe_events(caller: Caller, given: Input) -> Output:
    """`DescribeStackEvents`."""
    return {"StackEvents": descriptions.events(caller.stack(given), caller.doors)}


def describe_resource(caller: Caller, given: Input) -> Output:
    """`DescribeStackResource`."""
    stack, name = caller.stack(given), str(given["LogicalResourceId"])
    found = descriptions.resources(stack, caller.doors).get(name)
    if found is None:
        raise Refused("ValidationError", f"Resource {name} does not exist for stack {stack.name}")
    return {"StackResourceDetail": found}


def describe_resources(caller: Caller, given: Input) -> Output:
    """`DescribeStackResources`: of a stack, or of the one that a physical resource belongs to."""
    physical_id, logical_id = given.get("PhysicalResourceId"), given.get("LogicalResourceId")
    if given.get("StackName"):
        stacks = [caller.stack(given)]
    elif physical_id is None:
        raise Refused("ValidationError", "Either stack name or physical resource id must be specified")
    else:
        stacks = [
            stack
            for stack in caller.stacks()
            if any(_is_called(created, str(physical_id), caller.doors) for created in list(stack.resources.values()))
        ]
        if not stacks:
            raise Refused("ValidationError", f"Stack for {physical_id} does not exist")
    found = [found for stack in stacks for found in descriptions.resources(stack, caller.doors).values()]
    return {"StackResources": [item for item in found if logical_id in (None, item["LogicalResourceId"])]}


def list_resources(caller: Caller, given: Input) -> Output:
    """`ListStackResources`."""
    return {"StackResourceSummaries": list(descriptions.resources(caller.stack(given), caller.doors).values())}


def list_exports(caller: Caller, given: Input) -> Output:
    """`ListExports`."""
    del given
    return {"Exports": descriptions.exports(caller.stacks())}


def list_imports(caller: Caller, given: Input) -> Output:
    """`ListImports`."""
    name, stacks = str(given["ExportName"]), caller.engine.stacks
    exporter = stacks.exporter(caller.account_id, caller.region, name)
    users = [] if exporter is None else [stack.name for stack in stacks.importers(exporter, name)]
    if not users:
        raise Refused("ValidationError", f"Export '{name}' is not imported by any stack.")
    return {"Imports": users}


def get_template(caller: Caller, given: Input) -> Output:
    """`GetTemplate`: as it was given, or with its transforms carried out."""
    if given.get("ChangeSetName"):
        change_set = caller.change_set(given)
        return _at_stage(given, change_set.source.text, change_set.source.template, change_set.processed)
    record = caller.stack(given).record
    return _at_stage(given, record.text, record.template, record.processed)


def _at_stage(given: Input, text: str, template: Template | None, processed: Mapping[str, object] | None) -> Output:
    expanded = processed is not None and (template is None or processed is not template.raw)
    if given.get("TemplateStage", "Processed") == "Processed" and expanded:
        text = json.dumps(processed)
    # There is none of a stack in review.
    return {"TemplateBody": text or None, "StagesAvailable": ["Original", "Processed"]}


def template_summary(caller: Caller, given: Input) -> Output:
    """`GetTemplateSummary`."""
    text = caller.stack(given).record.text if given.get("StackName") else _text(caller, given)
    return descriptions.template_summary(read_template(text, name="template"))


def validate_template(caller: Caller, given: Input) -> Output:
    """`ValidateTemplate`."""
    template = read_template(_text(caller, given), name="template")
    if not template.transform:
        try:
            check_template(template)
        except AssemblyError as error:
            raise invalid_template(error) from None
    return descriptions.template_summary(template)


def get_policy(caller: Caller, given: Input) -> Output:
    """`GetStackPolicy`."""
    return {"StackPolicyBody": caller.stack(given).record.policy or None}


def _is_called(created: Created, physical_id: str, doors: FrontDoors) -> bool:
    """Whether a resource has this id, be it in AWS's form or in that which `Ref` gives."""
    return doors.localize(physical_id) == doors.localize(created.provisioned.physical_id)


def _text(caller: Caller, given: Input) -> str:
    return caller.sources.text(given, account_id=caller.account_id, region=caller.region, previous="")
