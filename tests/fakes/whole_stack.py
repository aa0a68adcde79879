"""A stack with a resource of every service that the harness keeps state in."""

from __future__ import annotations

from tests.fakes.plain_assembly import Resources, function, http_api, published, table

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
ECHO = function("Fn") | published("Fn")
WHOLE: Resources = (
    ECHO
    | table("Table")
    | http_api("Api", {"GET /a": {"Ref": "FnAlias"}})
    | {
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "own", "PolicyDocument": POLICY, "Roles": [{"Ref": "FnRole"}]},
        },
        "Managed": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": POLICY, "Roles": [{"Ref": "FnRole"}]},
        },
        "Rule": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}},
    }
)
