"""A state machine of SAM's as CloudFormation's, with a role that may do what its policies say.

Source: AWS SAM Developer Guide, "AWS::Serverless::StateMachine"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lambdakit.sam.gaps import Gaps
from lambdakit.sam.raw_parts import RawParts
from lambdakit.sam.statements import managed_policy, statements
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.source_text import read_text
from lambdakit.spec.yaml_composer import compose
from lambdakit.spec.yaml_nodes import plain_value

STATE_MACHINE: Final = "AWS::Serverless::StateMachine"
# SAM's property -> CloudFormation's.
_RENAMED: Final = {
    "Name": "StateMachineName",
    "Type": "StateMachineType",
    "Logging": "LoggingConfiguration",
    "Tracing": "TracingConfiguration",
    "DefinitionSubstitutions": "DefinitionSubstitutions",
    "Role": "RoleArn",
}
_VERSION: Final = "2012-10-17"


def add_state_machine(
    logical_id: str, written: Mapping[str, Any], directory: Path, *, raw: RawParts, gaps: Gaps
) -> None:
    """Adds the machine and its role.

    written: its properties. directory: the template's, below which definitions lie.
    """
    here: Pointer = ("Resources", logical_id)
    left = dict(written)
    definition = _definition(left, directory)
    if definition is None:
        hint = "write it below Definition, or into a file beside the template"
        gaps.add(here, "the state machine is not carried over: its definition is no file beside the template", hint)
        return
    properties: dict[str, Any] = {"Definition": definition}
    properties |= {new: left.pop(old) for old, new in _RENAMED.items() if old in left}
    if isinstance(tags := left.pop("Tags", None), Mapping):
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    policies, boundary = left.pop("Policies", None), left.pop("PermissionsBoundary", None)
    if "RoleArn" not in properties:
        role = _role(policies, (*here, "Properties", "Policies"), gaps)
        if boundary is not None:
            role["PermissionsBoundary"] = boundary
        raw.add(f"{logical_id}Role", {"Type": "AWS::IAM::Role", "Properties": role}, here)
        properties["RoleArn"] = {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]}
    for name in left:
        gaps.add((*here, "Properties", name), "not carried over", "write it below cloudformation")
    raw.add(logical_id, {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}, here)


def _definition(left: dict[str, Any], directory: Path) -> Mapping[str, Any] | None:
    written, path = left.pop("Definition", None), left.pop("DefinitionUri", None)
    if isinstance(written, Mapping):
        return written
    if not isinstance(path, str):
        return None
    file = (directory / path).resolve()
    if not file.is_relative_to(directory.resolve()):
        return None
    text = read_text(file)
    if isinstance(text, Finding):
        return None
    root, findings = compose(text)
    value = None if findings or root is None else plain_value(root)[0]
    return value if isinstance(value, Mapping) and "StartAt" in value else None


def _role(policies: object, pointer: Pointer, gaps: Gaps) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": _VERSION, "Statement": [trust]}}
    allowed: list[object] = []
    attached = []
    for place, policy in enumerate(policies if isinstance(policies, list) else [policies] if policies else []):
        found, arn = statements(policy), managed_policy(policy)
        if found is not None:
            allowed += found
        elif arn is not None:
            attached.append(arn)
        else:
            where = (*pointer, place) if isinstance(policies, list) else pointer
            name = ", ".join(map(str, policy)) if isinstance(policy, Mapping) else policy
            gaps.add(where, f"the policy {name} is not carried over", "write its statements below Policies")
    if allowed:
        document = {"Version": _VERSION, "Statement": allowed}
        role["Policies"] = [{"PolicyName": "Template", "PolicyDocument": document}]
    if attached:
        role["ManagedPolicyArns"] = attached
    return role
