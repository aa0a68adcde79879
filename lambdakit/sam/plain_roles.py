"""Roles of a template's functions as the policies of these functions.

Source: CloudFormation Template Reference, "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.sam.plain_parts import PlainParts
from lambdakit.sam.policies import referred
from lambdakit.spec.pointer import Pointer

_ROLE: Final = "AWS::IAM::Role"
_APART: Final = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
_LETTING: Final = ("AWS::KMS::Key", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
# Every function of a document may write its logs.
_LOGGING: Final = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:*"})
_SAID: Final = frozenset({"AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns", "Description"})
_NOT_SAID: Final = "a function of a document has a role of its own, with what this one may do"


class PlainRoles:
    """The roles of one template, and whose functions they are."""

    def __init__(self, parts: PlainParts) -> None:
        self._parts = parts
        self._roles = dict(parts.of_type(_ROLE))
        self._functions: dict[str, str] = {}
        self._apart: dict[str, list[Mapping[str, Any]]] = {}
        for logical_id, properties in list(parts.of_type(*_APART)):
            self._take_apart(logical_id, properties)

    def policies(self, function: str, written: object) -> list[Any] | None:
        """What the function's role may do, as SAM's policies; None for a role that the template does not have."""
        role = referred(written)
        if role is None or role not in self._roles:
            return None
        if role not in self._functions:
            self._functions[role] = function
            self._tell_rest(role)
        properties = self._roles[role]
        managed = properties.get("ManagedPolicyArns")
        found: list[Any] = [_managed(arn) for arn in managed] if isinstance(managed, list) else []
        inline = properties.get("Policies")
        documents = [each.get("PolicyDocument") for each in inline if _is(each)] if isinstance(inline, list) else []
        documents += [each.get("PolicyDocument") for each in self._apart.get(role, ())]
        return [*found, *filter(None, map(_statements, documents))]

    def drop_unused(self) -> None:
        """Takes the roles out that only functions have, and those that only started them."""
        for role, properties in self._roles.items():
            users = {str(place[0]) for place in self._parts.users(role)}
            is_schedulers = "scheduler.amazonaws.com" in str(properties.get("AssumeRolePolicyDocument"))
            if role in self._functions and not any(map(self._needs_role, users)):
                self._parts.rename(role, f"{self._functions[role]}Role")
                self._parts.consume(role)
            elif is_schedulers and not users:
                self._parts.consume(role)

    def _needs_role(self, user: str) -> bool:
        """Whether what names a role takes it up itself, rather than only letting it do something."""
        return self._parts.type_of(user) not in ("", *_LETTING)

    def _take_apart(self, logical_id: str, properties: Mapping[str, Any]) -> None:
        """Notes a policy that stands apart for the roles that have it, if these are all functions'."""
        written = properties.get("Roles") or [properties.get("RoleName")]
        roles = [referred(role) for role in written] if isinstance(written, list) else []
        of_functions = {referred(function.get("Role")) for _, function in self._parts.of_type("AWS::Lambda::Function")}
        if roles and all(role in self._roles and role in of_functions for role in roles):
            for role in roles:
                self._apart.setdefault(str(role), []).append(properties)
            self._parts.consume(logical_id)

    def _tell_rest(self, role: str) -> None:
        here: Pointer = ("Resources", role, "Properties")
        for key in self._roles[role].keys() - _SAID:
            self._parts.note((*here, key), "not carried over", _NOT_SAID)


def _managed(arn: Any) -> Any:
    """A policy of AWS's by its plain ARN, however its partition is written."""
    match arn:
        case {"Fn::Sub": str() as text}:
            plain = text.replace("${AWS::Partition}", "aws")
            return plain if "${" not in plain else arn
        case {"Fn::Join": ["", [*pieces]]}:
            texts = ["aws" if piece == {"Ref": "AWS::Partition"} else piece for piece in pieces]
            return "".join(texts) if all(isinstance(text, str) for text in texts) else arn
    return arn


def _statements(document: Any) -> dict[str, Any] | None:
    """A policy's document without what every function may do; None when nothing is left."""
    written = document.get("Statement") if isinstance(document, Mapping) else None
    items = written if isinstance(written, list) else [written]
    kept = [item for item in items if isinstance(item, Mapping) and not _is_logging(item)]
    return {"Version": "2012-10-17", "Statement": kept} if kept else None


def _is_logging(statement: Mapping[str, Any]) -> bool:
    actions = statement.get("Action")
    names = {str(name) for name in (actions if isinstance(actions, list) else [actions])}
    return statement.get("Effect") == "Allow" and names <= _LOGGING


def _is(value: object) -> bool:
    return isinstance(value, Mapping)
