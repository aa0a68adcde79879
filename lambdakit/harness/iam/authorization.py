"""What a request needs to be allowed, and what is decided about it.

Source: Service Authorization Reference ("Actions", "Resource types", "Condition keys"); IAM User Guide, "Policy
evaluation logic".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from lambdakit.records import dataclass

Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One action, which has to be allowed on each of `resources`.

    action: such as `dynamodb:GetItem`, as the Service Authorization Reference writes it.
    resources: ARNs; `("*",)` for an action that takes none.
    one_of: it is about one thing that one of `resources` stands for, each a pattern: the request does not tell which.
    context: the condition keys of the request, in lower case, each with its values; what the principal brings
    (`aws:principalarn` …) is added when it is decided. A key that the request does not have is absent.
    """

    action: str
    resources: tuple[str, ...] = ("*",)
    one_of: bool = False
    context: Context = field(default_factory=dict)


class Reason(StrEnum):
    """Why a decision came out as it did, in the words of AWS's errors.

    Source: IAM User Guide, "Troubleshoot access denied error messages".
    """

    ADMINISTRATOR = "the account's administrator"
    IDENTITY_POLICY = "an identity-based policy allows it"
    RESOURCE_POLICY = "a resource-based policy allows it"
    ALWAYS_ALLOWED = "no permission is needed"
    EXPLICIT_DENY_IDENTITY = "with an explicit deny in an identity-based policy"
    EXPLICIT_DENY_RESOURCE = "with an explicit deny in a resource-based policy"
    EXPLICIT_DENY_BOUNDARY = "with an explicit deny in a permissions boundary"
    EXPLICIT_DENY_SESSION = "with an explicit deny in a session policy"
    EXPLICIT_DENY_ENDPOINT = "with an explicit deny in a VPC endpoint policy"
    NO_IDENTITY_POLICY = "because no identity-based policy allows the {action} action"
    NO_RESOURCE_POLICY = "because no resource-based policy allows the {action} action"
    NO_BOUNDARY = "because no permissions boundary allows the {action} action"
    NO_SESSION_POLICY = "because no session policy allows the {action} action"
    NO_ENDPOINT_POLICY = "because no VPC endpoint policy allows the {action} action"
    UNKNOWN_KEY = "because a condition of its policies asks for a key that is not known here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether an action is allowed on one resource.

    policy: the name or ARN of the policy that decided; empty when none did. sid: of its statement, where it has one.
    unknown_keys: what the policies' conditions asked for, as far as they were evaluated, and is not known here.
    """

    allowed: bool
    reason: Reason
    action: str
    resource: str
    policy: str = ""
    sid: str = ""
    unknown_keys: tuple[str, ...] = ()
