"""The condition keys that a policy sees: what the request brings, and what its principal, resource and time add.

Source: IAM User Guide, "AWS global condition context keys"; "IAM policy elements: Variables and tags" ("Principal key
values").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from lambdakit.harness.iam.authorization import Context
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.unknown_keys import is_unknown

_TYPES: Final[Mapping[str, str]] = {"root": "Account", "user": "User", "role": "AssumedRole"}
_ACCOUNT_DIGITS: Final = 12
_ARN_PARTS: Final = 6

Now = Callable[[], datetime]


def real_time() -> datetime:
    """What the machine's clock says."""
    return datetime.now(UTC)


class RequestContext:
    """One request as its evaluation sees it. What is known of the principal goes before what the request says.

    resource: one ARN, or `*`. account: that owns it; empty only for a principal without one and an ARN without one.
    unknown: the keys that conditions asked for and of which nothing is known here, as far as they were evaluated.
    was_asked: whether anything asked for a key, known or not.
    """

    __slots__ = ("_now", "_of_principal", "_requested", "account", "principal", "resource", "unknown", "was_asked")

    def __init__(
        self, principal: Principal, requested: Context, resource: str, *, account: str = "", now: Now = real_time
    ) -> None:
        """account: where the ARN does not say; empty for the principal's. now: unless the request says."""
        self.principal = principal
        self.resource = resource
        self.account = account or account_of(resource) or principal.account_id
        self._requested = requested
        self._now = now
        self._of_principal: dict[str, tuple[str, ...]] | None = None
        self.unknown: tuple[str, ...] = ()
        self.was_asked = False

    def values(self, key: str) -> tuple[str, ...] | None:
        """The values of a key, which is given in lower case; None when the request does not have it."""
        self.was_asked = True
        if self._of_principal is None:
            self._of_principal = _keys_of(self.principal)
        for source in (self.principal.context, self._of_principal, self._requested):
            if (values := source.get(key)) is not None:
                return values
        if key == "aws:resourceaccount":
            return (self.account,) if self.account else None
        if key == "aws:currenttime":
            return (self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),)
        if key == "aws:epochtime":
            return (str(int(self._now().timestamp())),)
        if is_unknown(key) and key not in self.unknown:
            self.unknown += (key,)
        return None

    @property
    def is_cross_account(self) -> bool:
        """Whether the resource belongs to another account than the principal."""
        return self.account != self.principal.account_id


def account_of(resource: str) -> str:
    """The account in an ARN; empty where it has none, as a bucket's has, or an owner that is no account."""
    parts = resource.split(":", _ARN_PARTS - 1)
    account = parts[4] if len(parts) == _ARN_PARTS else ""
    return account if len(account) == _ACCOUNT_DIGITS and account.isdigit() else ""


def _keys_of(principal: Principal) -> dict[str, tuple[str, ...]]:
    """The keys that say who asks. Which kind of principal has which is AWS's table."""
    if principal.kind == "service":
        return {
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (principal.service,),
            "aws:principalservicenameslist": (principal.service,),
        }
    if principal.kind == "anonymous":
        return {
            "aws:principaltype": ("Anonymous",),
            "aws:principalaccount": ("anonymous",),
            "aws:userid": ("anonymous",),
        }
    is_federated = ":federated-user/" in principal.caller_arn
    keys: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (principal.caller_arn if is_federated else principal.arn,),
        "aws:principalaccount": (principal.account_id,),
        "aws:principaltype": ("FederatedUser" if is_federated else _TYPES[principal.kind],),
        "aws:userid": (principal.user_id,),
        "aws:principalisawsservice": ("false",),
    }
    if principal.kind == "user" and not is_federated:
        keys["aws:username"] = (principal.arn.rpartition("/")[2],)
    keys.update((f"aws:principaltag/{key.lower()}", (value,)) for key, value in principal.tags.items())
    return keys
