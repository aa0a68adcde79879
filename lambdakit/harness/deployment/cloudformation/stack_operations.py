"""Operations that change stacks.

Source: AWS CloudFormation API Reference, "Actions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from lambdakit.harness.deployment.cloudformation.caller import Caller, Input, Output
from lambdakit.harness.deployment.cloudformation.differences import differences
from lambdakit.harness.deployment.cloudformation.options import check_resource_types, rollback_configuration
from lambdakit.harness.deployment.cloudformation.refusal import Refused
from lambdakit.harness.deployment.cloudformation.sources import check_capabilities
from lambdakit.harness.deployment.deployed import DeployedStack

IN_REVIEW: Final = "REVIEW_IN_PROGRESS"
_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
_NAME_LENGTH_MAX: Final = 128
# CloudFormation User Guide, "Stack status codes": what can be updated, and what is in the way of a deletion.
_UPDATABLE: Final = re.compile(r"(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE|(CREATE|UPDATE)_FAILED")
_BUSY: Final = re.compile(r"(UPDATE|ROLLBACK|UPDATE_ROLLBACK|UPDATE_COMPLETE_CLEANUP)_IN_PROGRESS")
_ON_FAILURE: Final = ("DO_NOTHING", "ROLLBACK", "DELETE")
_HALTED: Final = frozenset({"CREATE_FAILED", "UPDATE_FAILED"})


def create_stack(caller: Caller, given: Input) -> Output:
    """`CreateStack`."""
    name = new_name(str(given["StackName"]))
    there = caller.find(name)
    if there is not None and _is_sent_again(there, given):
        return {"StackId": there.stack_id}
    if there is not None:
        raise Refused("AlreadyExistsException", f"Stack [{name}] already exists")
    stack = new_stack(caller, name)
    keep_settings(stack, given)
    stack.record.termination_protection = bool(given.get("EnableTerminationProtection"))
    stack.record.timeout_minutes = given.get("TimeoutInMinutes")
    source = caller.sources.source(given, stack)
    check_resource_types(source.template, given)
    check_capabilities(source.template, given.get("Capabilities") or (), expands=True)
    differences(caller.engine, stack, source)
    on_failure = _on_failure(given)
    stack.record.disable_rollback = on_failure == "DO_NOTHING"
    _check_policy(given)
    stack.record.policy = str(given.get("StackPolicyBody") or "")
    caller.work.create(stack, source, on_failure=on_failure, keeps_retained=not given.get("RetainExceptOnCreate"))
    return {"StackId": stack.stack_id}


def update_stack(caller: Caller, given: Input) -> Output:
    """`UpdateStack`."""
    stack = caller.stack(given)
    if _is_sent_again(stack, given):
        return {"StackId": stack.stack_id}
    refuse_unless_updatable(stack)
    source = caller.sources.source(given, stack)
    check_resource_types(source.template, given)
    check_capabilities(source.template, given.get("Capabilities") or (), expands=True)
    if not differences(caller.engine, stack, source).differs and stack.status not in _HALTED:
        raise Refused("ValidationError", "No updates are to be performed.")
    _check_policy(given)
    keep_settings(stack, given)
    caller.work.update(
        stack,
        source,
        on_failure="DO_NOTHING" if given.get("DisableRollback") else "ROLLBACK",
        keeps_retained=not given.get("RetainExceptOnCreate"),
    )
    return {"StackId": stack.stack_id}


def delete_stack(caller: Caller, given: Input) -> Output:
    """`DeleteStack`: of a stack that is not there as well."""
    name = str(given["StackName"])
    stack = caller.find(name)
    if stack is None or stack.status == "DELETE_IN_PROGRESS":
        return {}
    if stack.record.termination_protection:
        raise Refused(
            "ValidationError", f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    if _BUSY.fullmatch(stack.status):
        raise Refused("ValidationError", f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
    kept = frozenset(given.get("RetainResources") or ())
    if kept and stack.status != "DELETE_FAILED":
        text = "Specify which resources to retain only when the stack is in the DELETE_FAILED state."
        raise Refused("ValidationError", text)
    if unknown := sorted(kept - set(stack.resources)):
        raise Refused("ValidationError", f"Invalid resources to retain: [{', '.join(unknown)}]")
    for export in stack.exports:
        users = [other.name for other in caller.engine.stacks.importers(stack, export) if other is not stack]
        if users:
            text = f"Export {export} cannot be deleted as it is in use by {', '.join(users)}"
            raise Refused("ValidationError", text)
    stack.record.token = str(given.get("ClientRequestToken") or "")
    forced = given.get("DeletionMode") == "FORCE_DELETE_STACK"
    caller.work.delete(stack, kept=kept, forced=forced)
    return {}


def rollback_stack(caller: Caller, given: Input) -> Output:
    """`RollbackStack`: takes back what failed and was left as it was."""
    stack = caller.stack(given)
    if stack.status not in _HALTED or not caller.work.can_roll_back(stack):
        text = f"Stack:{stack.stack_id} is in {stack.status} state and can not be rolled back."
        raise Refused("ValidationError", text)
    stack.record.token = str(given.get("ClientRequestToken") or "")
    caller.work.roll_back(stack)
    return {"StackId": stack.stack_id}


def continue_update_rollback(caller: Caller, given: Input) -> Output:
    """`ContinueUpdateRollback`: takes back what a rollback could not. The messages are not confirmed by a page.

    `ResourcesToSkip`: "only resources that are in the UPDATE_FAILED state because a rollback failed".
    """
    stack = caller.stack(given)
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        text = f"Stack:{stack.stack_id} is in {stack.status} state and its rollback can not be continued."
        raise Refused("ValidationError", text)
    skipped = list(given.get("ResourcesToSkip") or ())
    if unknown := sorted(set(skipped) - set(caller.work.stuck(stack))):
        raise Refused("ValidationError", f"Resources to skip that did not fail to roll back: [{', '.join(unknown)}]")
    stack.record.token = str(given.get("ClientRequestToken") or "")
    caller.work.continue_rollback(stack, skipped)
    return {}


def set_stack_policy(caller: Caller, given: Input) -> Output:
    """`SetStackPolicy`: kept, when it allows everything."""
    _check_policy(given)
    caller.stack(given).record.policy = str(given.get("StackPolicyBody") or "")
    return {}


def protect(caller: Caller, given: Input) -> Output:
    """`UpdateTerminationProtection`."""
    stack = caller.stack(given)
    if stack.parent is not None:
        text = "TerminationProtection cannot be set on nested stacks; set it on the root stack"
        raise Refused("ValidationError", text)
    stack.record.termination_protection = bool(given["EnableTerminationProtection"])
    return {"StackId": stack.stack_id}


def new_name(name: str) -> str:
    """The name of a stack that is to be created. Refused when it is none."""
    if not _NAME.fullmatch(name):
        raise Refused(
            "ValidationError",
            f"1 validation error detected: Value '{name[:_NAME_LENGTH_MAX]}' at 'stackName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
        )
    if len(name) > _NAME_LENGTH_MAX:
        raise Refused(
            "ValidationError",
            f"1 validation error detected: Value '{name[:_NAME_LENGTH_MAX]}' at 'stackName' failed to satisfy "
            f"constraint: Member must have length less than or equal to {_NAME_LENGTH_MAX}",
        )
    return name


def new_stack(caller: Caller, name: str) -> DeployedStack:
    """A stack that nobody knows of yet."""
    return DeployedStack(
        name=name,
        stack_id=caller.engine.stacks.new_id(caller.account_id, caller.region, name),
        account_id=caller.account_id,
        region=caller.region,
    )


def keep_settings(stack: DeployedStack, given: Input) -> None:
    """Keeps what a call says of the stack besides its template."""
    record = stack.record
    record.rollback = rollback_configuration(given, record.rollback)  # first: it may be refused
    record.capabilities = list(given.get("Capabilities") or ())
    record.role_arn = str(given.get("RoleARN") or record.role_arn)
    if "NotificationARNs" in given:
        record.notification_arns = list(given["NotificationARNs"])
    record.disable_rollback = bool(given.get("DisableRollback"))
    record.token = str(given.get("ClientRequestToken") or "")


def refuse_unless_updatable(stack: DeployedStack) -> None:
    """Refused when the stack's status does not let it be updated."""
    if not _UPDATABLE.fullmatch(stack.status):
        text = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise Refused("ValidationError", text)


def _is_sent_again(stack: DeployedStack, given: Input) -> bool:
    """Whether the call has the token of the last one that changed the stack.

    Source: API Reference, "CreateStack" and "UpdateStack" (`ClientRequestToken`): for calls that are retried.
    """
    token = given.get("ClientRequestToken")
    return bool(token) and token == stack.record.token


def _on_failure(given: Input) -> str:
    """What is done when the stack cannot be created. Source: API Reference, "CreateStack" (`OnFailure`)."""
    if given.get("OnFailure") is None:
        return "DO_NOTHING" if given.get("DisableRollback") else "ROLLBACK"
    if given.get("DisableRollback") is not None:
        raise Refused("ValidationError", "You can specify either OnFailure or DisableRollback, but not both.")
    if given["OnFailure"] not in _ON_FAILURE:
        text = (
            f"1 validation error detected: Value '{str(given['OnFailure'])[:_NAME_LENGTH_MAX]}' at 'onFailure' failed "
            f"to satisfy constraint: Member must satisfy enum value set: [{', '.join(_ON_FAILURE)}]"
        )
        raise Refused("ValidationError", text)
    return str(given["OnFailure"])


def _check_policy(given: Input) -> None:
    """A stack policy that protects something is refused rather than passed over."""
    if any(given.get(name) for name in ("StackPolicyURL", "StackPolicyDuringUpdateURL")):
        raise Refused("NotImplemented", "stack policies at a URL are not read by this harness")
    text = given.get("StackPolicyBody")
    if not text:
        return
    try:
        written = json.loads(str(text))["Statement"]
        statements = written if isinstance(written, list) else [written]
        effects = {statement["Effect"] for statement in statements}
    except (ValueError, LookupError, TypeError):
        raise Refused("ValidationError", "Error validating stack policy: Invalid stack policy") from None
    # CloudFormation User Guide, "Prevent updates to stack resources": what no statement allows is denied.
    if effects - {"Allow"} or not any(_allows_all(statement) for statement in statements):
        raise Refused("NotImplemented", "a stack policy that denies updates is not enforced by this harness")


def _allows_all(statement: Mapping[str, object]) -> bool:
    whole = {"Action": ("Update:*", ["Update:*"]), "Resource": ("*", ["*"])}
    everything = all(statement.get(name) in values for name, values in whole.items())
    return everything and "Condition" not in statement
