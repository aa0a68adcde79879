"""Operations on change sets.

Source: AWS CloudFormation API Reference, "Actions"; CloudFormation User Guide, "Update stacks using change sets".
"""

from __future__ import annotations

import re
from typing import Final

from lambdakit.harness.deployment.cloudformation.caller import Caller, Input, Output
from lambdakit.harness.deployment.cloudformation.change_sets import ChangeSet
from lambdakit.harness.deployment.cloudformation.differences import differences
from lambdakit.harness.deployment.cloudformation.options import (
    check_resource_types,
    rollback_configuration,
)
from lambdakit.harness.deployment.cloudformation.refusal import Refused, no_such_stack
from lambdakit.harness.deployment.cloudformation.sources import check_capabilities
from lambdakit.harness.deployment.cloudformation.stack_operations import (
    IN_REVIEW,
    keep_settings,
    new_name,
    new_stack,
    refuse_unless_updatable,
)
from lambdakit.harness.deployment.deployed import USER_INITIATED, DeployedStack

_SETTINGS: Final = ("RoleARN", "NotificationARNs", "Capabilities", "RollbackConfiguration")
_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


def create_change_set(caller: Caller, given: Input) -> Output:
    """`CreateChangeSet`."""
    _check_name(str(given["ChangeSetName"]))
    _refuse_imports(given)
    stack, kind = _stack(caller, given)
    name, token = str(given["ChangeSetName"]), str(given.get("ClientToken") or "")
    there = caller.change_sets.find(name, stack)
    if there is not None and token and there.token == token:  # `ClientToken`: the call was only sent again
        return {"Id": there.id, "StackId": stack.stack_id}
    caller.change_sets.refuse_taken_name(name, stack)
    source = caller.sources.source(given, stack)
    check_resource_types(source.template, given)
    rollback_configuration(given, {})
    check_capabilities(source.template, given.get("Capabilities") or (), expands=False)
    found = differences(caller.engine, stack, source)
    if caller.find(stack.stack_id) is None:
        now = caller.engine.context.clock.now()
        stack.record.created_at = now
        stack.move(now, IN_REVIEW, USER_INITIATED)
        caller.engine.stacks.add(stack)
    change_set = ChangeSet(
        name=name,
        token=token,
        stack=stack,
        source=source,
        kind=kind,
        created_at=caller.engine.context.clock.now(),
        changes=found.changes,
        parameters=found.parameters,
        processed=found.processed,
        has_changes=kind == "CREATE" or found.differs,
        version=stack.record.version,
        description=str(given.get("Description") or ""),
        on_failure=str(given.get("OnStackFailure") or "ROLLBACK"),
        capabilities=list(given.get("Capabilities") or ()),
        settings={name: given[name] for name in _SETTINGS if name in given},
    )
    caller.change_sets.add(change_set)
    return {"Id": change_set.id, "StackId": stack.stack_id}


def describe_change_set(caller: Caller, given: Input) -> Output:
    """`DescribeChangeSet`. Values of properties are in none, whoever asks for them: clients do, and go on without."""
    return caller.change_set(given).describe()


def execute_change_set(caller: Caller, given: Input) -> Output:
    """`ExecuteChangeSet`. All other change sets of the stack are deleted."""
    change_set = caller.change_set(given)
    stack = change_set.stack
    if change_set.execution_status != "AVAILABLE":
        raise Refused(
            "InvalidChangeSetStatus",
            f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{change_set.status}]"
            + (" because it is OBSOLETE" if change_set.execution_status == "OBSOLETE" else ""),
        )
    if change_set.kind != "CREATE":
        refuse_unless_updatable(stack)
    disable = bool(given.get("DisableRollback"))
    on_failure = "DO_NOTHING" if disable else change_set.on_failure
    keeps_retained = not given.get("RetainExceptOnCreate")
    caller.change_sets.forget_stack(stack)
    token = given.get("ClientRequestToken")
    keep_settings(stack, {**change_set.settings, "DisableRollback": disable, "ClientRequestToken": token})
    if change_set.kind == "CREATE":
        caller.work.create(stack, change_set.source, on_failure=on_failure, keeps_retained=keeps_retained)
    else:
        on_failure = "DO_NOTHING" if on_failure == "DO_NOTHING" else "ROLLBACK"
        caller.work.update(stack, change_set.source, on_failure=on_failure, keeps_retained=keeps_retained)
    return {}


def delete_change_set(caller: Caller, given: Input) -> Output:
    """`DeleteChangeSet`: of one that is not there as well. The stack stays in review, as on AWS."""
    name = str(given["ChangeSetName"])
    stack = caller.stack(given) if given.get("StackName") else None
    change_set = caller.change_sets.find(name, stack)
    if change_set is not None:
        caller.change_sets.remove(change_set)
    return {}


def list_change_sets(caller: Caller, given: Input) -> Output:
    """`ListChangeSets`."""
    return {"Summaries": [change_set.summary() for change_set in caller.change_sets.of(caller.stack(given))]}


def _stack(caller: Caller, given: Input) -> tuple[DeployedStack, str]:
    """The stack to change and how; one that is to be created is not there yet."""
    name, kind = str(given["StackName"]), str(given.get("ChangeSetType") or "UPDATE")
    if kind not in ("CREATE", "UPDATE"):
        raise Refused("ValidationError", f"ChangeSetType {kind} is not built in this harness")
    stack = caller.find(name)
    if kind == "CREATE":
        if stack is not None and stack.status != IN_REVIEW:
            again = f"cannot be created again with the changeSet [{given['ChangeSetName']}]"
            raise Refused("ValidationError", f"Stack [{name}] already exists and {again}.")
        return stack or new_stack(caller, new_name(name)), kind
    if stack is None:
        raise no_such_stack(name)
    refuse_unless_updatable(stack)
    return stack, kind


def _refuse_imports(given: Input) -> None:
    """Resources that are named for import are refused rather than created.

    `ImportExistingResources`, which the CDK CLI's bootstrap says, is about what happens to exist (API Reference,
    "CreateChangeSet"): where it does, the change that would create it fails and names it.
    """
    if given.get("ResourcesToImport"):
        raise Refused("NotImplemented", "this harness imports no resources: leave ResourcesToImport out")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(
            "ValidationError",
            f"1 validation error detected: Value '{name[:128]}' at 'changeSetName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
        )
