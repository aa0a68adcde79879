"""`AWS::IoT`: things, policies and topic rules, as the account shows them. No message is ever routed.

Source: CloudFormation Template Reference, "AWS::IoT::Thing" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

THING: Final = MotoBacked(
    service="iot",
    properties=properties_of(read="AttributePayload ThingName"),
    named=("ThingName", 128),
    cleared={"AttributePayload": {"Attributes": {}}},
    made_by=Call(operation="create_thing"),
    reference="name",
    changed_by=(Call(operation="update_thing"),),
    deleted_by=(call("delete_thing", thingName="name"),),
    attributes={"Arn": "made.thingArn", "Id": "made.thingId"},
)

_OLD_VERSION: Final = "found.policyVersions[?!isDefaultVersion] | [{}].versionId"
# AWS IoT Core API Reference, "CreatePolicyVersion": a policy has five versions at most, one of them the default.
_DELETE_OLD_VERSIONS: Final = tuple(
    call(
        "delete_policy_version",
        when=_OLD_VERSION.format(number),
        policyName="name",
        policyVersionId=_OLD_VERSION.format(number),
    )
    for number in range(4)
)

POLICY: Final = MotoBacked(
    service="iot",
    properties=properties_of(read="PolicyDocument PolicyName", recorded="Tags"),
    named=("PolicyName", 128),
    made_by=Call(operation="create_policy", renamed={"Tags": ""}),
    reference="name",
    read_by=(call("list_policy_versions", policyName="name"),),
    changed_by=(
        call("create_policy_version", policyName="name", policyDocument="p.PolicyDocument", setAsDefault="`true`"),
    ),
    deleted_by=(*_DELETE_OLD_VERSIONS, call("delete_policy", policyName="name")),
    attributes={"Arn": "made.policyArn", "Id": "name"},
)

POLICY_PRINCIPAL_ATTACHMENT: Final = MotoBacked(
    service="iot",
    properties=properties_of(read="PolicyName Principal"),
    made_by=call("attach_policy", policyName="p.PolicyName", target="p.Principal"),
    reference="join('|', [p.PolicyName, p.Principal])",
    deleted_by=(call("detach_policy", policyName="p.PolicyName", target="p.Principal"),),
)

THING_PRINCIPAL_ATTACHMENT: Final = MotoBacked(
    service="iot",
    properties=properties_of(read="Principal ThingName", recorded="ThingPrincipalType"),
    made_by=call("attach_thing_principal", thingName="p.ThingName", principal="p.Principal"),
    reference="join('|', [p.ThingName, p.Principal])",
    deleted_by=(call("detach_thing_principal", thingName="p.ThingName", principal="p.Principal"),),
)

TOPIC_RULE: Final = MotoBacked(
    service="iot",
    properties=properties_of(read="RuleName TopicRulePayload", recorded="Tags"),
    named=("RuleName", 128),
    underscores=True,
    made_by=Call(operation="create_topic_rule", renamed={"Tags": ""}),
    reference="name",
    deleted_by=(call("delete_topic_rule", ruleName="name"),),
    attributes={"Arn": "join('', ['arn:', partition, ':iot:', region, ':', account, ':rule/', name])"},
    remade=True,
)
