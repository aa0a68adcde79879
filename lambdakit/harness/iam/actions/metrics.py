"""CloudWatch and X-Ray.

Source: Service Authorization Reference, "Amazon CloudWatch" and "AWS X-Ray".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.iam.rules import Rules

CLOUDWATCH: Final = Rules(
    members={
        "insight-rule.InsightRuleName": ("RuleName", "RuleNames"),
        "alarm.AlarmName": ("AlarmName", "AlarmNames", "ResourceARN"),
    },
)

XRAY: Final = Rules(
    members={
        "sampling-rule.SamplingRuleName": (
            *("RuleName", "RuleARN", "SamplingRuleUpdate.RuleName", "SamplingRuleUpdate.RuleARN"),
            "SamplingRule.RuleName",
        ),
    },
)
