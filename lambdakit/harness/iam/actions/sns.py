"""SNS.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SNS"; SNS Developer Guide,
"Using identity-based policies with Amazon SNS" (a text message to a phone number is about `*`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules


def _publish(call: ApiCall) -> Sequence[Need] | None:
    target = call.text("TopicArn", "TargetArn")
    if not target and not call.text("PhoneNumber"):
        return None
    return [Need(action="sns:Publish", resources=(target or "*",))]


SNS: Final = Rules(readers={"Publish": _publish, "PublishBatch": _publish})
