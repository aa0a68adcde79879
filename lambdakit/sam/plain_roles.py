"""Roles of a template's functions as the policies of these functions.

Source: CloudFormation Template Reference, "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeGuard

from lambdakit.sam.plain_parts import PlainParts
from lambdakit.sam.policies import referred
from lambdakit.sam.references import mentions
from lambdakit.spec.pointer import Pointer

_ROLE: Final = "AWS::IAM::Role"
_APART: Final = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_LETTING: Final = ("AWS::KMS::Key", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
# Every function of a document may write its logs.
_LOGGING: Final = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"})
_SAID: Final = frozenset({"AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns", "Description"})
_NOT_SAID: Final = "a function of a document has a role of its own, with what this one may do"


class PlainRoles:
    """The roles of one template, and whose functions they are."""

    def __init__(self, parts: PlainParts, converted: Collection[str]) -> None:
        """converted: the functions that become SAM's."""
        self._parts = parts
        self._roles = dict(parts.of_type(_ROLE))
        self._functions: dict[str, str] = {}
        self._apart: dict[str, list[Mapping[str, Any]]] = {}
        found = {name: properties for name, properties in parts.of_type(*_APART, _MANAGED)}
        self._having = {name: self._roles_having(properties) for name, properties in found.items()}
        self._kept = self._kept_roles(found, converted)
        for logical_id, properties in found.items():
            if self._having[logical_id] and self._having[logical_id].isdisjoint(self._kept):
                for role in self._having[logical_id]:
                    self._apart.setdefault(role, []).append(properties)
                parts.consume(logical_id)

    def policies(self, function: str, written: object) -> list[Any] | None:
        """What the function's role may do, as SAM's policies; None for a role that stays as it is."""
        role = referred(written)
        if role is None or role not in self._roles or role in self._kept:
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

    def _kept_roles(self, apart: Mapping[str, Mapping[str, Any]], converted: Collection[str]) -> set[str]:
        """The roles that functions keep as they are, as policies of theirs would not say the same."""
        kept = {name for name, role in self._roles.items() if self._parts.is_bound(name) or not _can_be_said(role)}
        for name, properties in apart.items():
            users = {str(place[0]) for role in self._having[name] for place in self._parts.users(role)}
            stays = any(self._needs_role(user) for user in users - set(converted) - apart.keys())
            unused = any(not self._has_function(role, converted) for role in self._having[name])
            is_said = _is_of_roles(properties, self._parts.type_of(name)) and not self._is_of_others(properties)
            if stays or unused or self._parts.is_bound(name) or not is_said:
                kept |= self._having[name]
        while more := {role for roles in self._having.values() if not roles.isdisjoint(kept) for role in roles} - kept:
            kept |= more
        return kept

    def _has_function(self, role: str, converted: Collection[str]) -> bool:
        functions = self._parts.of_type("AWS::Lambda::Function")
        return any(name in converted and referred(properties.get("Role")) == role for name, properties in functions)

    def _is_of_others(self, properties: Mapping[str, Any]) -> bool:
        """Whether a policy apart is of a role, too, that the template does not have."""
        names = [role["RoleName"] for role in self._roles.values() if "RoleName" in role]
        written = _listed(properties.get("Roles", [])) + _listed(properties.get("RoleName", []))
        return any(referred(role) not in self._roles and role not in names for role in written)

    def _roles_having(self, properties: Mapping[str, Any]) -> set[str]:
        """The template's roles that a policy apart is of, by reference or by their names."""
        written = [properties.get("Roles"), properties.get("RoleName")]
        found = {name for name, _ in mentions(written)} & self._roles.keys()
        names = [each for item in written for each in (item if isinstance(item, list) else [item]) if each is not None]
        return found | {name for name, role in self._roles.items() if role.get("RoleName") in names}

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
    """Whether it lets nothing but logs of functions be written."""
    if statement.keys() - {"Sid"} != {"Effect", "Action", "Resource"} or statement["Effect"] != "Allow":
        return False
    actions = {str(name) for name in _listed(statement["Action"])}
    return actions <= _LOGGING and all(map(_is_of_logs, _listed(statement["Resource"])))


def _is_of_logs(resource: object) -> bool:
    plain = _managed(resource)
    return plain in ("*", "arn:aws:logs:*:*:*") or ":log-group:/aws/lambda/" in str(plain)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _can_be_said(role: Mapping[str, Any]) -> bool:
    """Whether all that a role may do stands in it, and nothing of it only under a condition."""
    managed, inline = role.get("ManagedPolicyArns", []), role.get("Policies", [])
    if "PermissionsBoundary" in role or not isinstance(managed, list) or not isinstance(inline, list):
        return False
    return not any(map(_is_chosen, managed)) and all(
        _is(each) and _is_read(each.get("PolicyDocument")) for each in inline
    )


def _is_chosen(value: object) -> bool:
    return _is(value) and (value.keys() == {"Fn::If"} or value == {"Ref": "AWS::NoValue"})


def _is_read(document: object) -> bool:
    statements = _listed(document.get("Statement")) if isinstance(document, Mapping) else []
    return bool(statements) and all(_is(each) and not _is_chosen(each) for each in statements)


def _is_of_roles(properties: Mapping[str, Any], type_name: str) -> bool:
    """Whether a policy apart is of nothing but roles, all of which stand in it."""
    if type_name not in _APART or not properties.keys() <= {"PolicyName", "PolicyDocument", "Roles", "RoleName"}:
        return False
    return _is_read(properties.get("PolicyDocument"))


def _is(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)
