"""AWS IoT: things, and messages.

Source: Service Authorization Reference, "AWS IoT"; AWS IoT Core Developer Guide, "AWS IoT Core action resources".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules


def _retained(call: ApiCall) -> Sequence[Need] | None:
    topic = call.text("topic")
    return [Need(action=f"iot:{call.operation}", resources=(call.arn("iot", f"topic/{topic}"),))] if topic else None


IOT: Final = Rules(
    members={
        "cacert.CACertificate": ("certificateId", "caCertificateId"),
        "cert.Certificate": ("certificateId", "principal", "target"),
        "domainconfiguration.DomainConfigurationName": ("domainConfigurationName",),
        "fleetmetric.FleetMetricName": ("metricName",),
        "mitigationaction.MitigationActionName": ("actionName",),
        "provisioningtemplate.ProvisioningTemplate": ("templateName",),
    },
    any_of=frozenset({"AssociateTargetsWithJob", "CreateJob"}),
    opaque=frozenset({"ConfirmTopicRuleDestination"}),
)

IOT_DATA: Final = Rules(
    members={"thing.ThingName": ("thingName",)},
    readers={"GetRetainedMessage": _retained},
)
