"""Findings of `synth --check` that a pattern has on purpose: rules, each with the reason."""

from __future__ import annotations

from typing import Annotated, Final

from lambdakit.spec.refusal import patterned_text

_RULE_LENGTH_MAX: Final = 512
_REASON_LENGTH_MAX: Final = 1024

# A rule of a pack of cdk-nag, with the one finding meant in brackets, or a rule of cfn-lint.
RuleId = Annotated[
    str,
    patterned_text(
        r"^([A-Za-z0-9.]+(-[A-Za-z0-9]+)+(\[.+\])?|[EWI][0-9]{4})$",
        allowed="a rule of cdk-nag or cfn-lint: AwsSolutions-S1, AwsSolutions-IAM5[Resource::*] or W3005",
        longest=_RULE_LENGTH_MAX,
    ),
]
Reason = Annotated[
    str,
    patterned_text(
        r"^\S[^\n]{8,}\S$", allowed="a reason: ten characters or more, in one line", longest=_REASON_LENGTH_MAX
    ),
]
Acknowledged = dict[RuleId, Reason]
ACKNOWLEDGE_SAYS: Final = "findings of `synth --check` that are no fault here, by rule, each with the reason"
ACKNOWLEDGE_EXAMPLES: Final = [{"AwsSolutions-APIG4": "the API is public, as it is a shop's"}]
