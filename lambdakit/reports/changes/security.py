"""What of an application decides who may do what, as lines that can be compared.

A fact is one thing that is allowed, denied or open. Two states are compared fact by fact, so that a statement with one
action more shows that action.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lambdakit.assembly.template import Resource
from lambdakit.records import dataclass
from lambdakit.reports.changes.model import Aspect
from lambdakit.reports.changes.network_rules import network_rules
from lambdakit.reports.changes.property_changes import is_policy_document
from lambdakit.reports.rendered_value import intrinsic, rendered


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. action, target: what may be done on what; facts that differ in them alone are shown as one."""

    aspect: Aspect
    before: str
    action: str
    between: str
    target: str
    after: str


_IDENTITY_TYPES: Final = frozenset(
    f"AWS::IAM::{name}" for name in ("Policy", "ManagedPolicy", "Role", "User", "Group", "RolePolicy", "UserPolicy")
)
_OWNERS: Final = frozenset(f"AWS::IAM::{name}" for name in ("Role", "User", "Group"))
_HOLDERS: Final = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
_PUBLIC: Final = frozenset(
    {
        *("PublicAccessBlockConfiguration", "AccessControl", "PubliclyAccessible", "MapPublicIpOnLaunch", "Scheme"),
        *("AssociatePublicIpAddress", "EndpointPublicAccess", "AssignPublicIp", "BlockPublicAccess"),
    }
)
_AUTHORIZATION: Final = frozenset(
    {
        *("AuthType", "AuthorizationType", "AuthorizerId", "ApiKeyRequired", "AuthorizationScopes"),
        *(
            "AuthenticationType",
            "IdentitySource",
            "JwtConfiguration",
            "AuthorizerUri",
            "EnableIAMDatabaseAuthentication",
        ),
        *("AllowUnauthenticatedIdentities", "AdminCreateUserConfig", "MfaConfiguration", "AllowedOAuthFlows"),
        *("ProviderARNs", "AuthorizerType", "DisableExecuteApiEndpoint", "ClientAuthentication"),
    }
)
_ENCRYPTION: Final = frozenset(
    {
        *("BucketEncryption", "SSESpecification", "SqsManagedSseEnabled", "KmsMasterKeyId", "KmsKeyArn", "KmsKeyId"),
        *("StreamEncryption", "KMSKeyArn", "Encrypted", "StorageEncrypted", "EncryptionConfiguration"),
        *("EnableKeyRotation", "EncryptionAtRestOptions", "NodeToNodeEncryptionOptions", "DomainEndpointOptions"),
        *("SslPolicy", "SecurityPolicy", "TransitEncryptionEnabled", "AtRestEncryptionEnabled"),
    }
)
_SETTINGS: Final = {
    **dict.fromkeys(_PUBLIC, Aspect.PUBLIC_ACCESS),
    **dict.fromkeys(_AUTHORIZATION, Aspect.AUTHORIZATION),
    **dict.fromkeys(_ENCRYPTION, Aspect.ENCRYPTION),
}
# What a new resource is told of: values that let in whoever comes.
_OPEN: Final = frozenset(
    {
        *(("AuthType", "NONE"), ("AuthorizationType", "NONE"), ("PubliclyAccessible", "true")),
        *(("Scheme", "internet-facing"), ("MapPublicIpOnLaunch", "true"), ("AllowUnauthenticatedIdentities", "true")),
        *(("AccessControl", "PublicRead"), ("AccessControl", "PublicReadWrite"), ("AssignPublicIp", "ENABLED")),
    }
)


def facts(resource: Resource, *, is_new: bool) -> tuple[Fact, ...]:
    """What a resource says of security. is_new: then of its settings only those that are open count."""
    found: dict[Fact, None] = {}
    for fact in _of(resource):
        name = fact.before.rpartition(".")[2].partition(" ")[0]
        if fact.aspect not in _SETTINGS.values() or not is_new or (name, fact.action) in _OPEN:
            found[fact] = None
    return tuple(found)


def lines(found: tuple[Fact, ...]) -> Iterator[tuple[Aspect, str]]:
    """The facts as text, those that differ in their action alone, and then in their target alone, as one."""
    by_actions = _joined(found, lambda fact: fact.action, lambda fact, text: _with(fact, action=text))
    for fact in _joined(by_actions, lambda fact: fact.target, lambda fact, text: _with(fact, target=text)):
        yield fact.aspect, f"{fact.before}{fact.action}{fact.between}{fact.target}{fact.after}"


def _of(resource: Resource) -> Iterator[Fact]:
    yield from _policies(resource)
    for text in network_rules(resource):
        yield Fact(Aspect.SECURITY_GROUP, "", text, "", "", "")
    if resource.type == "AWS::Lambda::Permission":
        yield _permission(resource.properties)
        return
    yield from _settings(resource.properties, "")


def _settings(value: object, path: str) -> Iterator[Fact]:
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _settings(item, f"{path}[{place}]")
        return
    if not isinstance(value, Mapping) or intrinsic(value) is not None or is_policy_document(value):
        return
    for name, item in value.items():
        here = f"{path}.{name}" if path else str(name)
        if name in _SETTINGS:
            yield from _leaves(item, here, _SETTINGS[name])
        elif name not in ("Environment", "Tags"):
            yield from _settings(item, here)


def _leaves(value: object, path: str, aspect: Aspect) -> Iterator[Fact]:
    if isinstance(value, Mapping) and intrinsic(value) is None:
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}", aspect)
    else:
        yield Fact(aspect, f"{path} is ", rendered(value), "", "", "")


def _policies(resource: Resource) -> Iterator[Fact]:
    """Of every policy document, wherever in the resource it stands."""
    is_identity = resource.type in _IDENTITY_TYPES
    # A role's own policies and those attached to it are the same to whoever has the role.
    holders = [rendered(item) for name in _HOLDERS for item in _list(resource.properties.get(name))]
    if resource.type in _OWNERS:
        holders = [rendered({"Ref": resource.logical_id})]
    for path, document in _documents(resource.properties, ""):
        trust = is_identity and path == "AssumeRolePolicyDocument"
        aspect = Aspect.IAM if is_identity else Aspect.RESOURCE_POLICY
        for statement in _list(document.get("Statement")):
            if isinstance(statement, Mapping):
                word = "as" if trust else "for"
                yield from _statement(statement, aspect, f", {word} {', '.join(holders)}" if holders else "")
    if is_identity:
        for arn in _list(resource.properties.get("ManagedPolicyArns")):
            yield Fact(Aspect.IAM, "managed policy ", "", "", rendered(arn), f", for {', '.join(holders)}")
        if boundary := resource.properties.get("PermissionsBoundary"):
            yield Fact(Aspect.IAM, "permissions boundary ", "", "", rendered(boundary), f", for {', '.join(holders)}")


def _documents(value: object, path: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    if is_policy_document(value):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _documents(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _documents(item, path)


def _statement(statement: Mapping[str, object], aspect: Aspect, holder: str) -> Iterator[Fact]:
    effect = rendered(statement.get("Effect"))
    condition = statement.get("Condition")
    after = f" if {json.dumps(_plain(condition), sort_keys=True)}" if condition else ""
    actions = _list(statement.get("Action")) or [f"all but {rendered(statement.get('NotAction'))}"]
    targets: list[object] = list(_list(statement.get("Resource")))
    if not targets and "NotResource" in statement:
        targets = [f"all but {rendered(statement['NotResource'])}"]
    principals = [*_principals(statement.get("Principal"))]
    principals += [f"all but {text}" for text in _principals(statement.get("NotPrincipal"))]
    to = f" to {', '.join(principals)}" if principals else ""
    for action in actions:
        for target in targets or [""]:
            on = " on " if target != "" else ""
            yield Fact(aspect, f"{effect} ", rendered(action), on, rendered(target), f"{to}{holder}{after}")


def _permission(properties: Mapping[str, object]) -> Fact:
    """One entry of a function's policy."""
    limits = [
        f"{name} {rendered(properties[name])}"
        for name in ("SourceArn", "SourceAccount", "PrincipalOrgID", "FunctionUrlAuthType", "EventSourceToken")
        if name in properties
    ]
    after = f" to {rendered(properties.get('Principal'))}{' if ' if limits else ''}{', '.join(limits)}"
    target = rendered(properties.get("FunctionName"))
    return Fact(Aspect.RESOURCE_POLICY, "Allow ", rendered(properties.get("Action")), " on ", target, after)


def _principals(value: object) -> Iterator[str]:
    if isinstance(value, Mapping) and intrinsic(value) is None:
        for kind, names in value.items():
            for name in _list(names):
                text = "everybody" if name == "*" else rendered(name)
                yield text if kind in ("AWS", "Service") else f"{kind} {text}"
    elif value is not None:
        yield "everybody" if value == "*" else rendered(value)


def _plain(value: object) -> object:
    if intrinsic(value) is not None:
        return rendered(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _list(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _joined(found: tuple[Fact, ...], text: Callable[[Fact], str], put: Callable[[Fact, str], Fact]) -> tuple[Fact, ...]:
    groups: dict[Fact, list[str]] = {}
    for fact in found:
        groups.setdefault(put(fact, ""), []).append(text(fact))
    return tuple(put(fact, ", ".join(texts)) for fact, texts in groups.items())


def _with(fact: Fact, *, action: str | None = None, target: str | None = None) -> Fact:
    return Fact(
        fact.aspect,
        fact.before,
        fact.action if action is None else action,
        fact.between,
        fact.target if target is None else target,
        fact.after,
    )
