"""Who asks, once a provider has let them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from lambdakit.harness.iam.principal import Principal
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """A caller. provider: the kind of the provider that let them in.

    identity: as resolvers see it; None for a key's. groups: of a user of a pool. principal: of who signed; None for
    others. denied: the fields that a function refuses, as `Type.field`. default_denies: whether the pool lets users in
    only where a directive says so.
    """

    provider: str
    identity: Mapping[str, Any] | None = None
    groups: Sequence[str] = ()
    principal: Principal | None = None
    denied: frozenset[str] = field(default_factory=frozenset)
    default_denies: bool = False

    @property
    def auth_type(self) -> str:
        """What `util.authType()` gives. Source: AppSync Developer Guide, "Utility helpers in $util"."""
        return _AUTH_TYPES[self.provider]


_AUTH_TYPES: Mapping[str, str] = {
    "API_KEY": "API Key Authorization",
    "AWS_IAM": "IAM Authorization",
    "AMAZON_COGNITO_USER_POOLS": "User Pool Authorization",
    "OPENID_CONNECT": "Open ID Connect Authorization",
    "AWS_LAMBDA": "Lambda Authorization",
}
