"""What AWS services may do to a resource by themselves: S3 invokes a function, SNS sends to a queue, a rule publishes.

A service has no policies of its own: the resource's policy decides alone, and the key's where the resource is
encrypted. The source of the call stands in the condition keys.
Source: Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda"; Amazon SQS and Amazon SNS Developer
Guides, "Key management" ("compatibility between event sources from AWS services and encrypted topics"); IAM User Guide,
"AWS global condition context keys" (`aws:SourceArn`, `aws:PrincipalIsAWSService`).
"""

from __future__ import annotations

import re
from typing import Final

from lambdakit.arn import partition_of
from lambdakit.harness.iam.authorization import Authorization, Context, Decision, Reason
from lambdakit.harness.iam.condition_keys import Now, real_time
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.key_use import context_of_use
from lambdakit.harness.iam.policy_document import NamedPolicy
from lambdakit.harness.iam.principal import Principal, aws_service
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from lambdakit.harness.moto_state.encryption_keys import EncryptionKey, key_of_resource

# Calls of a service that encrypt what they send. -> the name of the resource in the encryption context.
_ENCRYPTING: Final = {"sns:publish": "aws:sns:topicArn", "sqs:sendmessage": "aws:sqs:arn"}
_KEY_ACTIONS: Final = ("kms:GenerateDataKey", "kms:Decrypt")

# Services that still say `aws:SourceOwner`, which a topic's default policy asks for.
# Source: Amazon SNS Developer Guide, "Example cases for Amazon SNS access control" ("aws:SourceAccount versus
# aws:SourceOwner"), of SES. Of CloudWatch no page says it: alarms do reach topics that have the default policy.
_SAYING_OWNER: Final = frozenset({"cloudwatch.amazonaws.com", "ses.amazonaws.com"})


class ServiceCalls:
    """Decides calls of AWS services on resources. now: as conditions see it."""

    def __init__(self, policies: ResourcePolicies, now: Now = real_time) -> None:
        self._policies = policies
        self._now = now

    def decide(
        self,
        service: str,
        action: str,
        resource: str,
        *,
        source_arn: str = "",
        source_account: str = "",
        context: Context | None = None,
    ) -> Decision:
        """Whether a service may do something to a resource, and to the key that it is encrypted with.

        service: its principal, such as `sns.amazonaws.com`. resource: an ARN; a function's with the qualifier that is
        called, since each has a policy of its own. source_arn: on whose behalf. source_account: absence means that of
        `source_arn`, which a bucket's does not tell. context: more condition keys, in lower case.
        A refusal names the action and the resource that were refused: the key's, if it was the key.
        """
        principal = aws_service(service)
        keys = {**_source(service, source_arn, source_account), **(context or {})}
        wanted = Authorization(action=action, resources=(resource,), context=keys)
        decision = self._decide(principal, wanted, resource)
        if not decision.allowed or action.lower() not in _ENCRYPTING:
            return decision
        key = key_of_resource(resource)
        if key is None:
            return decision
        refusals = (use for use in self._uses_of_key(principal, action, resource, key, keys) if not use.allowed)
        return next(refusals, decision)

    def decide_assumption(self, service: str, role_arn: str, trust: NamedPolicy | None, *, source_arn: str) -> Decision:
        """Whether a service may assume a role of the account of `source_arn`. trust: the role's trust policy."""
        context = _source(service, source_arn, "")
        wanted = Authorization(action="sts:AssumeRole", resources=(role_arn,), context=context)
        principal = aws_service(service)
        return decide(principal, wanted, role_arn, resource_policy=trust, resource_policy_required=True, now=self._now)

    def _uses_of_key(
        self, principal: Principal, action: str, resource: str, key: EncryptionKey, keys: Context
    ) -> list[Decision]:
        encryption = {_ENCRYPTING[action.lower()]: resource}
        through = context_of_use(key, resource.split(":", 5)[2], caller_account="", encryption=encryption)
        return [
            self._decide(
                principal, Authorization(action=use, resources=(key.arn,), context={**keys, **through}), key.arn
            )
            for use in _KEY_ACTIONS
        ]

    def _decide(self, principal: Principal, wanted: Authorization, resource: str) -> Decision:
        return decide(
            principal,
            wanted,
            resource,
            resource_policy=self._policies.of(resource),
            resource_account=self._policies.account_of(resource),
            resource_policy_required=True,
            now=self._now,
        )


def refusal_of(decision: Decision) -> str:
    """Why a call was refused, in one sentence for people; empty for one that is allowed."""
    if decision.allowed:
        return ""
    reason = str(decision.reason.value).format(action=decision.action)
    what = "key policy" if decision.resource.split(":")[2:3] == ["kms"] else "resource-based policy"
    if decision.reason is Reason.NO_RESOURCE_POLICY:
        reason = f"because its {what} does not allow the {decision.action} action"
    return f"not allowed to perform {decision.action} on {decision.resource} {reason}"


def http_api_source_arn(*, region: str, account_id: str, api_id: str, stage: str, route_key: str, method: str) -> str:
    """The `aws:SourceArn` of an HTTP API's call of a function. method: of the request, which `ANY` stands for.

    It names the route by its key and not the path that was asked for: `…:api/$default/$default` for the route that
    takes everything else, and `…:api/stage/GET/orders/{id}`, braces and all, as the CDK's permissions have it.
    Source: API Gateway Developer Guide, "Troubleshooting issues with HTTP API Lambda integrations" (`$default`).
    """
    arn = f"arn:{partition_of(region)}:execute-api:{region}:{account_id}:{api_id}/{stage}"
    verb, _, path = route_key.partition(" ")
    if not path:
        return f"{arn}/{route_key}"
    return f"{arn}/{method if verb == 'ANY' else verb}{path}"


def rest_api_source_arn(*, region: str, account_id: str, api_id: str, stage: str, method: str, resource: str) -> str:
    """The `aws:SourceArn` of a REST API's call of a function. resource: the path of the API's resource.

    A variable of the path stands as `*`: `…:api/stage/GET/orders/*`. No page says so; a permission that names the
    variable is known to be refused, and one with the star to be enough (aws/serverless-application-model, issue 110).
    """
    path = re.sub(r"\{[^/}]*\}", "*", resource)
    return f"arn:{partition_of(region)}:execute-api:{region}:{account_id}:{api_id}/{stage}/{method}{path}"


def _source(service: str, source_arn: str, source_account: str) -> dict[str, tuple[str, ...]]:
    """The condition keys that tell where a service's call comes from.

    Source: IAM User Guide, "AWS global condition context keys".
    """
    keys: dict[str, tuple[str, ...]] = {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (service,),
        "aws:principalservicenameslist": (service,),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
    }
    if source_arn:
        keys["aws:sourcearn"] = (source_arn,)
    account = source_account or (source_arn.split(":", 5)[4] if source_arn.count(":") >= 5 else "")
    if account:
        keys["aws:sourceaccount"] = (account,)
        if service in _SAYING_OWNER:
            keys["aws:sourceowner"] = (account,)
    return keys
