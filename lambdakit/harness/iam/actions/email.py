"""SES, both versions of its API.

Source: Service Authorization Reference, "Amazon Simple Email Service v2" and "Amazon SES"; SES Developer Guide,
"Controlling access to Amazon SES" (`ses:FromAddress`, `ses:Recipients`, …): the identity is the address where it is
verified itself, else its domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall, listed, member_at
from lambdakit.harness.iam.rules import Need, Rules

Keys = dict[str, tuple[str, ...]]

_RECIPIENTS_MAX: Final = 1000


def _identity(call: ApiCall, sender: str, given: str) -> str:
    """The ARN of the identity that a message is sent from. given: the ARN that the request names for it, if it does."""
    if given.startswith("arn:"):
        return given
    _, address = parseaddr(sender)
    if not address:
        return ""
    name = call.lookups.email_identity(call.account_id, call.region, address) or address
    return call.arn("ses", f"identity/{name}")


def _send(call: ApiCall) -> Sequence[Need] | None:
    sender = call.text("FromEmailAddress", "Source")
    identity = _identity(call, sender, call.text("FromEmailAddressIdentityArn", "SourceArn", "FromArn"))
    if not identity:
        # The sender of a raw message without a source stands in the message.
        return [Need(action=f"ses:{call.operation}")] if "Raw" in call.operation or _is_raw(call) else None
    resources = [identity]
    configuration_set = call.text("ConfigurationSetName")
    if configuration_set:
        resources.append(call.arn("ses", f"configuration-set/{configuration_set}"))
    template = call.text("Template") or member_at(call.members, "Content.Template.TemplateName")
    template = template or member_at(call.members, "DefaultContent.Template.TemplateName")
    if isinstance(template, str) and template:
        resources.append(call.arn("ses", f"template/{template}"))
    keys = _keys(call, sender)
    return [Need(action=f"ses:{action}", resources=tuple(resources), keys=keys) for action in _ACTIONS[call.operation]]


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


def _is_raw(call: ApiCall) -> bool:
    return isinstance(member_at(call.members, "Content.Raw"), dict)


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
