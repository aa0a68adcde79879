"""The compiled policies of whoever asks: compiled once, and again when what IAM holds has changed.

Each request compares what moto holds now with what was compiled: names and documents, most of them by their address.
So nobody has to say that something changed, and what a reset or another way into moto brings back counts as well.
Source: IAM User Guide, "Policies and permissions in AWS IAM"; AWS Security Token Service API Reference, "AssumeRole"
(`Policy`, `PolicyArns`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lambdakit.harness.iam.policy_document import MalformedPolicy, NamedPolicy, Policies, PolicyDocument, parse_policy
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.moto_state.identities import Attached, Identities, NamedDocument
from lambdakit.records import dataclass

# What moto 5.2.5 knows of AWS's managed policies is AWS's list as of this day: the newest change in it.
# A test compares the day with `moto.iam.aws_managed_policies`, and some policies with what AWS documents.
AWS_MANAGED_POLICIES_DATE: Final = "2026-09-30"

_NOTHING: Final = PolicyDocument(statements=())
_EVERYTHING: Final = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
_NOBODY: Final = Policies()
_SESSION_POLICY: Final = "session policy"
# Beyond this many, everything is compiled anew: a run that goes on for days makes sessions without end.
_COMPILED_MAX: Final = 4_096

# Whose policies were compiled: a principal's ARN and the documents that its session is limited to.
_Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    attached: Attached
    policies: Policies


class IdentityPolicies:
    """The policies of principals.

    note: told once of each attached policy that grants nothing because it is not known or cannot be read.
    """

    def __init__(self, identities: Identities | None = None, note: Callable[[str], None] = lambda text: None) -> None:
        self._identities = identities or Identities()
        self._note = note
        self._noted: frozenset[str] = frozenset()
        self._compiled: dict[_Key, _Compiled] = {}
        self._trust: dict[str, tuple[str, NamedPolicy]] = {}
        self._documents: dict[NamedDocument, NamedPolicy] = {}

    def of(self, principal: Principal) -> Policies:
        """What is attached to `principal`; nothing for services, for everybody unknown and for administrators."""
        if principal.kind not in ("role", "user"):
            return _NOBODY
        attached = self._attached(principal)
        key = (principal.arn, principal.session_policies)
        compiled = self._compiled.get(key)
        if compiled is None or compiled.attached != attached:
            compiled = _Compiled(attached=attached, policies=self._compile(principal, attached))
            if len(self._compiled) >= _COMPILED_MAX:
                self._compiled = {}
            self._compiled[key] = compiled
        return compiled.policies

    def trust_policy_of(self, role_arn: str) -> NamedPolicy | None:
        """Who may assume the role; None when there is no such role."""
        role = self._identities.role(role_arn)
        if role is None:
            return None
        known = self._trust.get(role_arn)
        if known is None or known[0] != role.trust:
            known = (role.trust, self._named((role_arn, role.trust), role_arn))
            self._trust[role_arn] = known
        return known[1]

    def _attached(self, principal: Principal) -> Attached:
        if principal.arn.endswith(":root"):
            return Attached((("root", _EVERYTHING),))  # a federated user of the administrator's
        if principal.kind == "role":
            return self._identities.role_policies(principal.arn) or Attached()
        return self._identities.user_policies(principal.arn) or Attached()

    def _compile(self, principal: Principal, attached: Attached) -> Policies:
        owner = principal.arn
        session = tuple(self._named((_SESSION_POLICY, document), owner) for document in principal.session_policies)
        return Policies(
            identity=tuple(self._named(policy, owner) for policy in attached.policies),
            boundary=None if attached.boundary is None else self._named(attached.boundary, owner),
            session=session or None,
        )

    def _named(self, policy: NamedDocument, owner: str) -> NamedPolicy:
        """The compiled policy, which roles share. One that is not known or cannot be read grants nothing."""
        compiled = self._documents.get(policy)
        if compiled is not None:
            return compiled
        name, document = policy
        if document is None:
            compiled = NamedPolicy(name=name, document=_NOTHING)
            self._tell(
                f"{owner}: {name} grants nothing: it is not among the policies of the account, nor among AWS's managed "
                f"ones as of {AWS_MANAGED_POLICIES_DATE}"
            )
        else:
            try:
                compiled = NamedPolicy(name=name, document=parse_policy(document))
            except MalformedPolicy as malformed:
                compiled = NamedPolicy(name=name, document=_NOTHING)
                self._tell(f"{owner}: {name} grants nothing: {malformed}")
        if len(self._documents) >= _COMPILED_MAX:
            self._documents = {}
        self._documents[policy] = compiled
        return compiled

    def _tell(self, text: str) -> None:
        if text not in self._noted:
            self._noted |= {text}
            self._note(text)
