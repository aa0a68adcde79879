"""SES, both versions of its API.

Source: Service Authorization Reference, "Amazon Simple Email Service v2" and "Amazon SES"; SES Developer Guide,
"Controlling access to Amazon SES" (`ses:FromAddress`, `ses:Recipients`, …): the identity is the address where it is
verified itself, else its domain.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from email import message_from_bytes
from email.utils import parseaddr
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall, listed, member_at
from lambdakit.harness.iam.rules import Need, Rules

Keys = dict[str, tuple[str, ...]]

_RECIPIENTS_MAX: Final = 1000
_HEAD_CHARACTERS: Final = 64 * 1024  # of Base64, in fours


def _identities(call: ApiCall, sender: str, given: str) -> tuple[str, ...]:
    """The ARN of the identity that a message is sent from; of address and domain where neither is verified.

    given: the ARN that the request names for it, if it does.
    """
    if given.startswith("arn:"):
        return (given,)
    _, address = parseaddr(sender)
    if not address:
        return ()
    verified = call.lookups.email_identity(call.account_id, call.region, address)
    names = (verified,) if verified else dict.fromkeys((address, address.rpartition("@")[2]))
    return tuple(call.arn("ses", f"identity/{name}") for name in names)


def _send(call: ApiCall) -> Sequence[Need] | None:
    sender = call.text("FromEmailAddress", "Source") or _sender_in_message(call)
    identities = _identities(call, sender, call.text("FromEmailAddressIdentityArn", "SourceArn", "FromArn"))
    if not identities:
        return [Need(action=f"ses:{call.operation}", one_of=True)] if _raw_message(call) else None
    resources: list[str] = []
    configuration_set = call.text("ConfigurationSetName")
    if configuration_set:
        resources.append(call.arn("ses", f"configuration-set/{configuration_set}"))
    template = call.text("Template") or member_at(call.members, "Content.Template.TemplateName")
    template = template or member_at(call.members, "DefaultContent.Template.TemplateName")
    if isinstance(template, str) and template:
        resources.append(call.arn("ses", f"template/{template}"))
    keys = _keys(call, sender)
    actions = [f"ses:{action}" for action in _ACTIONS[call.operation]]
    if len(identities) == 1:
        return [Need(action=action, resources=(*identities, *resources), keys=keys) for action in actions]
    needs = [Need(action=action, resources=identities, one_of=True, keys=keys) for action in actions]
    return needs + [Need(action=action, resources=tuple(resources), keys=keys) for action in actions if resources]


# Source: SES Developer Guide, "Controlling access to Amazon SES": what is sent by a template has actions of its own in
# version 1 only.
_ACTIONS: Final = {
    "SendBounce": ("SendBounce",),
    "SendBulkEmail": ("SendBulkEmail",),
    "SendBulkTemplatedEmail": ("SendBulkTemplatedEmail",),
    "SendEmail": ("SendEmail",),
    "SendRawEmail": ("SendRawEmail",),
    "SendTemplatedEmail": ("SendTemplatedEmail",),
}


def _raw_message(call: ApiCall) -> str:
    """A whole message, in Base64; empty for one that is given in parts."""
    data = member_at(call.members, "Content.Raw.Data") or member_at(call.members, "RawMessage.Data")
    return data if isinstance(data, str) else ""


def _sender_in_message(call: ApiCall) -> str:
    """Who a raw message says that it is from; empty when it says nothing.

    Source: SES API v2 Reference, "RawMessage" (the sender is in the message where the request names none).
    """
    try:
        head = base64.b64decode(_raw_message(call)[:_HEAD_CHARACTERS])
    except ValueError:
        return ""
    return str(message_from_bytes(head).get("From", ""))


def _keys(call: ApiCall, sender: str) -> Keys:
    name, address = parseaddr(sender)
    keys: Keys = {}
    if address:
        keys["ses:fromaddress"] = (address,)
    if name:
        keys["ses:fromdisplayname"] = (name,)
    feedback = call.text("FeedbackForwardingEmailAddress", "ReturnPath")
    if feedback:
        keys["ses:feedbackaddress"] = (feedback,)
    recipients = _recipients(call.members.get("Destination")) + [
        one for one in listed(call.members.get("Destinations")) if isinstance(one, str)
    ]
    if recipients:
        keys["ses:recipients"] = tuple(recipients[:_RECIPIENTS_MAX])
    keys["ses:apiversion"] = ("2" if call.api.name == "sesv2" else "1",)
    return keys


def _recipients(destination: Any) -> list[str]:
    if not isinstance(destination, dict):
        return []
    return [
        address
        for member in ("ToAddresses", "CcAddresses", "BccAddresses")
        for address in listed(destination.get(member))
        if isinstance(address, str)
    ]


SES: Final = Rules(
    members={"identity.IdentityName": ("BounceSenderArn", "BounceSender")},
    readers=dict.fromkeys(("SendBulkTemplatedEmail", "SendEmail", "SendRawEmail", "SendTemplatedEmail"), _send),
)

SES_V2: Final = Rules(
    members={
        "identity.IdentityName": ("EmailIdentity", "Domain", "ResourceArn"),
        "dedicated-ip-pool.DedicatedIPPool": ("PoolName",),
        "export-job.ExportJobId": ("JobId",),
        "import-job.ImportJobId": ("JobId",),
    },
    any_of=frozenset(
        {
            "CreateTenantResourceAssociation",
            "DeleteTenantResourceAssociation",
            "ListResourceTenants",
            "ListTenantResources",
        }
    ),
    opaque=frozenset(
        {"GetReputationEntity", "UpdateReputationEntityCustomerManagedStatus", "UpdateReputationEntityPolicy"}
    ),
    readers=dict.fromkeys(("SendBulkEmail", "SendEmail"), _send),
)
