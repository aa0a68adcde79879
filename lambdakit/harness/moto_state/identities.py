"""moto's IAM and STS, read in process: roles, users, their policies, their keys, and the sessions that were given.

Nothing is made by looking: a backend that is not there holds nobody. What comes out is plain data; tuples of strings
that moto itself holds, so that comparing two readings of unchanged policies compares addresses.

Private surface used: `moto.iam.models.iam_backends[account][partition]` with `roles`, `users`, `groups`,
`managed_policies`, `access_keys`, `tagger`; of a role, user or group the attributes read below; of a managed policy
`default_version_id` and `versions`; `moto.sts.models.sts_backends[account][partition].assumed_roles`.
Canary: tests/unit/harness/iam/test_iam_identities_moto.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.records import dataclass

# Name (or ARN) and document of a policy; the document is None where moto has no such policy.
NamedDocument = tuple[str, str | None]
_DEFAULT_SESSION_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class Attached:
    """The policies of a role or user as moto holds them: inline, then managed, then those of a user's groups.

    boundary: the permissions boundary; None without one.
    """

    policies: tuple[NamedDocument, ...] = ()
    boundary: NamedDocument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRole:
    """A role. trust: its trust policy's document. max_session_seconds: how long a session of it may last at most."""

    arn: str
    role_id: str
    name: str
    account_id: str
    trust: str
    tags: Mapping[str, str] = field(default_factory=dict)
    max_session_seconds: int = _DEFAULT_SESSION_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUser:
    """An IAM user."""

    arn: str
    user_id: str
    name: str
    account_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """An access key that moto gave away.

    user: whose it is, for a key of a user; None when that user is gone, and for a session's.
    role_arn, session_name, token, expires, policy: of a session; a user's key has none of them.
    """

    access_key_id: str
    secret: str = field(repr=False)
    account_id: str
    is_active: bool
    user: KnownUser | None = None
    is_session: bool = False
    role_arn: str = ""
    session_name: str = ""
    token: str = field(repr=False, default="")
    expires: datetime | None = None
    policy: str = ""


class Identities:
    """Who is known to IAM, found by ARN and key id."""

    def __init__(self) -> None:
        # Looking for an ARN is a walk over all roles; what was found is looked at first: account, partition, id, role.
        self._roles: dict[str, tuple[str, str, str, Any]] = {}

    def role(self, arn: str) -> KnownRole | None:
        """The role of that ARN; None when there is none."""
        role = self._role(arn)
        if role is None:
            return None
        return KnownRole(
            arn=arn,
            role_id=str(role.id),
            name=str(role.name),
            account_id=str(role.account_id),
            trust=role.assume_role_policy_document or "",
            tags=_tags(role.tags),
            max_session_seconds=int(role.max_session_duration or _DEFAULT_SESSION_SECONDS),
        )

    def role_id(self, arn: str) -> str:
        """The id of that role; empty when there is none."""
        role = self._role(arn)
        return "" if role is None else str(role.id)

    def role_id_and_tags(self, arn: str) -> tuple[str, Mapping[str, str]] | None:
        """What a request of a role's session needs to know of the role; None when it is gone."""
        role = self._role(arn)
        return None if role is None else (role.id, _tags(role.tags))

    def role_policies(self, arn: str) -> Attached | None:
        """The policies of a role; None when there is no such role."""
        role = self._role(arn)
        if role is None:
            return None
        boundary = role.permissions_boundary_arn
        return Attached(
            (*role.policies.items(), *_managed(role)),
            (boundary, managed_policy(boundary)) if boundary else None,
        )

    def user_policies(self, arn: str) -> Attached | None:
        """The policies of a user and of the user's groups; None when there is no such user.

        moto keeps no permissions boundary of a user.
        """
        backend = _backend(arn)
        user = None if backend is None else _user_of(backend, arn)
        if backend is None or user is None:
            return None
        found: list[NamedDocument] = [*user.policies.items(), *_managed(user)]
        for group in list(backend.groups.values()):
            if any(member is user for member in list(group.users)):
                found += [*group.policies.items(), *_managed(group)]
        return Attached(tuple(found))

    def user(self, arn: str) -> KnownUser | None:
        """The user of that ARN; None when there is none."""
        backend = _backend(arn)
        user = None if backend is None else _user_of(backend, arn)
        return None if user is None else _known_user(user)

    def key(self, access_key_id: str) -> KnownKey | None:
        """The key of that id; None when moto never gave it away, or it was deleted."""
        for account_id, backend in _backends():
            key = backend.access_keys.get(access_key_id)
            if key is None:
                continue
            if key.user_name is None:
                return _known_session(key, account_id)
            user = backend.users.get(key.user_name)
            return KnownKey(
                access_key_id=access_key_id,
                secret=key.secret_access_key,
                account_id=account_id,
                is_active=key.status == "Active",
                user=None if user is None else _known_user(user),
            )
        return None

    def _role(self, arn: str) -> Any:
        known = self._roles.get(arn)
        if known is not None:
            account_id, partition, role_id, role = known
            backend = _backend_of(account_id, partition)
            if backend is not None and backend.roles.get(role_id) is role:
                return role
        backend = _backend(arn)
        if backend is None:
            return None
        _, partition, _, _, account_id, _ = arn.split(":", 5)
        for role_id, role in list(backend.roles.items()):
            if role.arn == arn:
                self._roles[arn] = (account_id, partition, role_id, role)
                return role
        self._roles.pop(arn, None)
        return None


def managed_policy(arn: str) -> str | None:
    """The document of a managed policy's default version, a customer's or AWS's; None when moto has no such policy."""
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return None
    for account_id, backend in _backends():
        if parts[4] in ("aws", account_id) and (policy := backend.managed_policies.get(arn)) is not None:
            return _default_document(policy)
    return None


def _backends() -> Iterator[tuple[str, Any]]:
    """Every IAM backend that there is, with its account's id; none while another thread imports the module."""
    accounts = getattr(loaded("moto.iam.models"), "iam_backends", None) or {}
    for account_id, partitions in list(accounts.items()):
        for backend in list(partitions.values()):
            yield str(account_id), backend


def _backend(arn: str) -> Any:
    """The backend of an ARN's account and partition; None when it is not there."""
    parts = arn.split(":", 5)
    return _backend_of(parts[4], parts[1]) if len(parts) == 6 else None


def _backend_of(account_id: str, partition: str) -> Any:
    """The backend of an account in a partition; None when it is not there."""
    accounts = getattr(loaded("moto.iam.models"), "iam_backends", None)
    # Asking as usual would make what is not there.
    partitions = None if accounts is None else dict.get(accounts, account_id)
    return None if partitions is None else dict.get(partitions, partition)


def _user_of(backend: Any, arn: str) -> Any:
    by_name = backend.users.get(arn.rpartition("/")[2])
    return by_name if by_name is not None and by_name.arn == arn else None


def _known_user(user: Any) -> KnownUser:
    return KnownUser(
        arn=user.arn, user_id=str(user.id), name=user.name, account_id=str(user.account_id), tags=_tags(user.tags)
    )


def _known_session(key: Any, account_id: str) -> KnownKey:
    session = _assumed_role(key.access_key_id)
    return KnownKey(
        access_key_id=key.access_key_id,
        secret=key.secret_access_key,
        account_id=account_id,
        is_active=session is not None,
        is_session=True,
        role_arn="" if session is None else session.role_arn,
        session_name="" if session is None else session.session_name,
        token="" if session is None else session.session_token,
        expires=None if session is None else _aware(session.expiration),
        policy="" if session is None else session.policy or "",
    )


def _assumed_role(access_key_id: str) -> Any:
    accounts = getattr(loaded("moto.sts.models"), "sts_backends", None) or {}
    for partitions in list(accounts.values()):
        for backend in list(partitions.values()):
            for session in list(reversed(backend.assumed_roles)):
                if session.access_key_id == access_key_id:
                    return session
    return None


def _managed(owner: Any) -> Iterator[NamedDocument]:
    for arn, policy in list(owner.managed_policies.items()):
        yield arn, _default_document(policy)


def _default_document(policy: Any) -> str | None:
    # `is_default` of a version is not kept right when the default is set to what it is already.
    default = policy.default_version_id
    for version in list(policy.versions):
        if version.version_id == default:
            return str(version.document)
    return None


def _tags(tags: Any) -> Mapping[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags} if tags else {}


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
