"""Which functions exist where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.assembly import intrinsics_conditions as conditions
from lambdakit.assembly import intrinsics_lists as lists
from lambdakit.assembly import intrinsics_references as references
from lambdakit.assembly import intrinsics_rules as rules
from lambdakit.assembly import intrinsics_strings as strings
from lambdakit.assembly.evaluation import Function

# Resource properties, resource attributes and outputs.
PROPERTY_FUNCTIONS: Final[Mapping[str, Function]] = {
    "Ref": references.ref,
    "Fn::Base64": strings.encode_base64,
    "Fn::Cidr": lists.cidr,
    "Fn::FindInMap": references.find_in_map,
    "Fn::GetAZs": references.get_azs,
    "Fn::GetAtt": references.get_att,
    "Fn::GetStackOutput": references.get_stack_output,
    "Fn::If": conditions.if_,
    "Fn::ImportValue": references.import_value,
    "Fn::Join": strings.join,
    "Fn::Length": lists.length,
    "Fn::Select": lists.select,
    "Fn::Split": strings.split,
    "Fn::Sub": strings.sub,
    "Fn::ToJsonString": strings.to_json_string,
}

# The Conditions section. `Condition` is a function nowhere else: policies have a key of that name.
CONDITION_FUNCTIONS: Final[Mapping[str, Function]] = {
    **PROPERTY_FUNCTIONS,
    "Condition": conditions.condition,
    "Fn::And": conditions.and_,
    "Fn::Equals": conditions.equals,
    "Fn::Not": conditions.not_,
    "Fn::Or": conditions.or_,
}

# The Rules section.
RULE_FUNCTIONS: Final[Mapping[str, Function]] = {
    "Ref": references.ref,
    "Fn::And": conditions.and_,
    "Fn::Contains": rules.contains,
    "Fn::EachMemberEquals": rules.each_member_equals,
    "Fn::EachMemberIn": rules.each_member_in,
    "Fn::Equals": conditions.equals,
    "Fn::Not": conditions.not_,
    "Fn::Or": conditions.or_,
    "Fn::RefAll": rules.refuse_account_look_up,
    "Fn::ValueOf": rules.refuse_account_look_up,
    "Fn::ValueOfAll": rules.refuse_account_look_up,
}
