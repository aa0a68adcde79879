"""The guardrails of `patterns/security_automation` as CDK code: the same template as the document's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from lambdakit import EventProcessing
from lambdakit.constructs.acknowledgements import acknowledge_grant
from lambdakit.constructs.event_sources.config_rule import ConfigRuleSource
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.resources.queue import shared_queue
from lambdakit.constructs.targets.sns import SnsTarget

if TYPE_CHECKING:
    from constructs import Construct

GUARD: Final = Path(__file__).parents[1] / "patterns" / "security_automation" / "functions" / "guard"
KEPT_SECONDS_OF_FAILURES: Final = 14 * 24 * 60 * 60
_READ: Final = ("s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging")


class SecurityAutomationStack(Stack):
    """AWS Config -> Lambda -> AWS Config -> EventBridge -> Lambda -> S3 and SNS."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        failed = shared_queue(self, "failed", retention_period=KEPT_SECONDS_OF_FAILURES, is_last=True)
        self.finder = EventProcessing(
            self,
            "open_buckets",
            source=ConfigRuleSource(resource_types=["AWS::S3::Bucket"]),
            function=self._function("app.evaluate", *_READ),
            on_failure=failed,
        )
        rule = self.finder.source.config_rule
        assert rule is not None
        self.closer = EventProcessing(
            self,
            "close_buckets",
            source=EventRuleSource(
                event_pattern={
                    "source": ["aws.config"],
                    "detail-type": ["Config Rules Compliance Change"],
                    "detail": {
                        "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
                        "configRuleName": [rule.ref],
                    },
                }
            ),
            function=self._function("app.close", *_READ, "s3:PutBucketPublicAccessBlock"),
            targets={"notices": SnsTarget()},
            on_failure=failed,
        )
        for handler in (self.finder.handler, self.closer.handler):
            acknowledge_grant(handler, self._buckets, "Any bucket of the account may be the next that is open.")

    @property
    def _buckets(self) -> str:
        return self.format_arn(service="s3", region="", account="", resource="*")

    def _function(self, handler: str, *actions: str) -> FunctionProperties:
        """A function with rights on every bucket of the account."""
        return FunctionProperties(
            code=GUARD,
            handler=handler,
            initial_policy=[
                iam.PolicyStatement(
                    actions=list(actions),
                    resources=[self._buckets],
                    conditions={"StringEquals": {"aws:ResourceAccount": self.account}},
                )
            ],
        )
