"""Which policy documents AWS lets anybody create, and how long they may be.

In: a policy's JSON. Out: nothing, or `MalformedPolicy` or `PolicyTooLong` with IAM's own message where it is known, and
with its general one, "Syntax errors in policy.", where it is not. All that `parse_policy` refuses is refused too.
Source: IAM User Guide, "Grammar of the IAM JSON policy language"; "IAM and AWS STS quotas". The messages are what users
of IAM report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from lambdakit.harness.iam.policy_document import INVALID_PRINCIPAL, WITHOUT_ACTIONS, parse_policy, version
from lambdakit.harness.iam.policy_json import MalformedPolicy, mapping, members, read_json, texts

_INVALID_JSON: Final = "This policy contains invalid Json"
_NO_VENDOR: Final = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
_MANY_COLONS: Final = "Actions/Condition can contain only one colon."
_LEGACY: Final = "The policy failed legacy parsing"
_ONLY_STS: Final = "AssumeRole policy may only specify STS AssumeRole actions."
_SID_LETTERS: Final = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
)
_SID_TWICE: Final = "Statement IDs (SID) in a single policy must be unique."

_CHARACTERS: Final = re.compile("[\t\n\r\x20-\xff]*")
_SID: Final = re.compile("[0-9A-Za-z]*")
_ARN_FIELDS: Final = 6
_TRUST_ACTIONS: Final = re.compile(r"sts:(assumerole[\w*?]*|tagsession|setsourceidentity|setcontext|\*)", re.IGNORECASE)
_PRINCIPAL_ARN: Final = re.compile(
    r"arn:aws[\w-]*:(?:"
    r"iam::\d{12}:(?:root|(?:user|role)/[^*?]+)"
    r"|iam::cloudfront:user/[^*?]+"
    r"|sts::\d{12}:(?:assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?]+|self))"
)
_ACCOUNT_OR_ID: Final = re.compile(r"\d{12}|\*|A[A-Z]{3}[A-Z0-9]{12,}")

_INLINE_MAX: Final[Mapping[str, int]] = {"user": 2_048, "group": 5_120, "role": 10_240}
_MANAGED_MAX: Final = 6_144
_TRUST_MAX: Final = 2_048


class PolicyTooLong(Exception):
    """Policies over a quota: IAM's error `LimitExceeded`. message: in AWS's words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def check_identity_policy(text: str | Mapping[str, Any]) -> None:
    """Refuses what is no policy of a user, group or role: inline, managed, a boundary or a session's."""
    document = _document(text)
    if "Id" in document:
        raise MalformedPolicy
    for statement in _statements(document):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise MalformedPolicy("Policy document should not specify a principal.")
        if "Action" not in statement and "NotAction" not in statement:
            raise MalformedPolicy(WITHOUT_ACTIONS)
        if "Resource" not in statement and "NotResource" not in statement:
            raise MalformedPolicy("Policy statement must contain resources.")
        if "Effect" not in statement:
            raise MalformedPolicy
        _check_actions(statement)
        for resource in texts(statement.get("Resource", statement.get("NotResource"))):
            _check_resource(resource)
    _check_sids(document)
    parse_policy(document)


def check_trust_policy(text: str | Mapping[str, Any]) -> None:
    """Refuses what is no trust policy of a role."""
    document = _document(text, broken=_INVALID_JSON)
    for statement in _statements(document):
        for prohibited in ("Resource", "NotResource", "NotPrincipal"):
            if prohibited in statement:
                raise MalformedPolicy(f"Has prohibited field {prohibited}")
        _require(statement, "Effect", "Principal")
        if "NotAction" not in statement:
            _require(statement, "Action")
            if not all(_TRUST_ACTIONS.fullmatch(action) for action in texts(statement["Action"])):
                raise MalformedPolicy(_ONLY_STS)
        _check_principals(statement["Principal"])
    _check_sids(document)
    parse_policy(document)


def check_resource_policy(text: str | Mapping[str, Any]) -> None:
    """Refuses what is no policy of a bucket, queue, key or any other resource.

    Each service has rules of its own on top, which are not looked at: which actions, resources and principals it takes.
    """
    document = _document(text, broken=_INVALID_JSON)
    for statement in _statements(document):
        _require(statement, "Effect")
        if "NotPrincipal" not in statement:
            _require(statement, "Principal")
        if "NotAction" not in statement:
            _require(statement, "Action")
        _check_principals(statement.get("Principal", statement.get("NotPrincipal")))
    parse_policy(document)


def policy_size(text: str) -> int:
    """The characters of a policy that count for a quota: those that are no white space."""
    return len("".join(text.split()))


def check_managed_policy_size(text: str) -> None:
    """PolicyTooLong above the quota of a managed policy."""
    if policy_size(text) > _MANAGED_MAX:
        raise PolicyTooLong(f"Cannot exceed quota for PolicySize: {_MANAGED_MAX}")


def check_inline_policies_size(texts: Iterable[str], *, of: Literal["user", "group", "role"], name: str) -> None:
    """PolicyTooLong when all inline policies of one user, group or role together are above its quota."""
    limit = _INLINE_MAX[of]
    if sum(map(policy_size, texts)) > limit:
        raise PolicyTooLong(f"Maximum policy size of {limit} bytes exceeded for {of} {name}")


def check_trust_policy_size(text: str) -> None:
    """PolicyTooLong above the quota of a trust policy that holds unless an account asked for more."""
    if policy_size(text) > _TRUST_MAX:
        raise PolicyTooLong(f"Cannot exceed quota for ACLSizePerRole: {_TRUST_MAX}")


def _document(text: str | Mapping[str, Any], *, broken: str | None = None) -> Mapping[str, Any]:
    if isinstance(text, str) and not _CHARACTERS.fullmatch(text):
        raise MalformedPolicy
    document = mapping(read_json(text) if broken is None else read_json(text, broken=broken))
    version(document)
    if not members(document.get("Statement", ())):
        raise MalformedPolicy
    return document


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [mapping(statement) for statement in members(document["Statement"])]


def _require(statement: Mapping[str, Any], *elements: str) -> None:
    for element in elements:
        if element not in statement:
            raise MalformedPolicy(f"Missing required field {element}")


def _check_actions(statement: Mapping[str, Any]) -> None:
    keys = [key for block in mapping(statement.get("Condition", {})).values() for key in mapping(block)]
    actions = texts(statement.get("Action", statement.get("NotAction")))
    if any(":" not in name for name in (*(action for action in actions if action != "*"), *keys)):
        raise MalformedPolicy(_NO_VENDOR)
    if any(action.count(":") > 1 for action in actions):
        raise MalformedPolicy(_MANY_COLONS)


def _check_resource(resource: str) -> None:
    if resource == "*":
        return
    if not resource.startswith("arn:"):
        raise MalformedPolicy(f'Resource {resource} must be in ARN format or "*".')
    if resource.count(":") < _ARN_FIELDS - 1 and not resource.endswith("*"):
        raise MalformedPolicy(_LEGACY)


def _check_sids(document: Mapping[str, Any]) -> None:
    sids = [statement["Sid"] for statement in _statements(document) if statement.get("Sid")]
    if not all(isinstance(sid, str) for sid in sids):
        raise MalformedPolicy
    if not all(_SID.fullmatch(sid) for sid in sids):
        raise MalformedPolicy(_SID_LETTERS)
    if len(set(sids)) != len(sids):
        raise MalformedPolicy(_SID_TWICE)


def _check_principals(value: object) -> None:
    if value == "*":
        return
    if not isinstance(value, Mapping) or not value:
        raise MalformedPolicy(INVALID_PRINCIPAL)
    for name in texts(value.get("AWS", "*")):
        if not _ACCOUNT_OR_ID.fullmatch(name) and not _PRINCIPAL_ARN.fullmatch(name):
            raise MalformedPolicy(f'{INVALID_PRINCIPAL}: "AWS":"{name}"')
