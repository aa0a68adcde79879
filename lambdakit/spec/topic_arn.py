"""The ARN of a topic that functions and alarms can use."""

from __future__ import annotations

from typing import Annotated

from lambdakit.spec.refusal import patterned_text

# Source: SNS Developer Guide, "Message delivery for FIFO topics": not to Lambda, but through a queue
TopicArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        allowed="an ARN of a standard topic such as arn:aws:sns:eu-west-1:123456789012:news",
        longest=320,
    ),
]
