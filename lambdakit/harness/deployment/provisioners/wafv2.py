"""`AWS::WAFv2`: web ACLs and the sets they use, as the account shows them. No request is ever looked at.

Source: CloudFormation Template Reference, "AWS::WAFv2::WebACL" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

_TAGGING: Final = Tagging(tag="tag_resource", untag="untag_resource", target="ResourceARN", of="att.Arn")
_KEY: Final = {"Name": "name", "Scope": "p.Scope", "Id": "part(ref, '|', `1`)"}
_LOCKED: Final = {**_KEY, "LockToken": "found.LockToken"}
_REFERENCE: Final = "join('|', [name, made.Summary.Id, p.Scope])"

WEB_ACL: Final = MotoBacked(
    service="wafv2",
    properties=properties_of(
        read="AssociationConfig CaptchaConfig ChallengeConfig CustomResponseBodies DefaultAction Description Name Rules"
        " Scope Tags TokenDomains VisibilityConfig",
        recorded="ApplicationConfig DataProtectionConfig MonetizationConfig OnSourceDDoSProtectionConfig",
    ),
    named=("Name", 128),
    defaults={"Rules": []},
    made_by=Call(
        operation="create_web_acl",
        renamed={"ApplicationConfig": "", "DataProtectionConfig": "", "OnSourceDDoSProtectionConfig": ""},
    ),
    reference=_REFERENCE,
    read_by=(call("get_web_acl", when="ref", **_KEY),),
    changed_by=(
        Call(
            operation="update_web_acl",
            arguments=_LOCKED,
            renamed={"ApplicationConfig": "", "DataProtectionConfig": "", "OnSourceDDoSProtectionConfig": ""},
        ),
    ),
    tagged_by=_TAGGING,
    deleted_by=(call("delete_web_acl", when="found.LockToken", **_LOCKED),),
    attributes={
        "Id": "made.Summary.Id",
        "Arn": "made.Summary.ARN",
        "Capacity": "found.WebACL.Capacity",
        "LabelNamespace": "found.WebACL.LabelNamespace || join('', ['awswaf:', account, ':webacl:', name, ':'])",
    },
)

IP_SET: Final = MotoBacked(
    service="wafv2",
    properties=properties_of(read="Addresses Description IPAddressVersion Name Scope Tags"),
    named=("Name", 128),
    made_by=Call(operation="create_ip_set"),
    reference=_REFERENCE,
    read_by=(call("get_ip_set", when="ref", **_KEY),),
    changed_by=(Call(operation="update_ip_set", arguments=_LOCKED),),
    tagged_by=_TAGGING,
    deleted_by=(call("delete_ip_set", when="found.LockToken", **_LOCKED),),
    attributes={"Id": "made.Summary.Id", "Arn": "made.Summary.ARN"},
)

REGEX_PATTERN_SET: Final = MotoBacked(
    service="wafv2",
    properties=properties_of(read="Description Name RegularExpressionList Scope Tags"),
    named=("Name", 128),
    made_by=Call(
        operation="create_regex_pattern_set",
        arguments={"RegularExpressionList": "p.RegularExpressionList[].{RegexString: @}"},
    ),
    reference=_REFERENCE,
    read_by=(call("get_regex_pattern_set", when="ref", **_KEY),),
    changed_by=(
        Call(
            operation="update_regex_pattern_set",
            arguments={**_LOCKED, "RegularExpressionList": "p.RegularExpressionList[].{RegexString: @}"},
        ),
    ),
    tagged_by=_TAGGING,
    deleted_by=(call("delete_regex_pattern_set", when="found.LockToken", **_LOCKED),),
    attributes={"Id": "made.Summary.Id", "Arn": "made.Summary.ARN"},
)

WEB_ACL_ASSOCIATION: Final = MotoBacked(
    service="wafv2",
    properties=properties_of(read="ResourceArn WebACLArn"),
    made_by=Call(operation="associate_web_acl"),
    reference="join('|', [p.ResourceArn, p.WebACLArn])",
    deleted_by=(Call(operation="disassociate_web_acl"),),
)
