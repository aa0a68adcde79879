"""`AWS::Config::ConfigRule`: rules with a function run, AWS's own are kept.

Source: CloudFormation Template Reference, "AWS::Config::ConfigRule".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import MotoBacked, call, properties_of

_PUT: Final = call(
    "put_config_rule",
    ConfigRule="{ConfigRuleName: name, Description: p.Description, InputParameters: p.InputParameters, "
    "MaximumExecutionFrequency: p.MaximumExecutionFrequency, Scope: p.Scope, Source: p.Source}",
)

RULE: Final = MotoBacked(
    service="config",
    properties=properties_of(
        read="ConfigRuleName Description InputParameters MaximumExecutionFrequency Scope Source",
        recorded="Compliance EvaluationModes",
    ),
    named=("ConfigRuleName", 128),
    made_by=_PUT,
    reference="name",
    read_by=(call("describe_config_rules", ConfigRuleNames="[name]"),),
    changed_by=(_PUT,),
    deleted_by=(call("delete_config_rule", ConfigRuleName="ref"),),
    attributes={
        "Arn": "found.ConfigRules[0].ConfigRuleArn",
        "ConfigRuleId": "found.ConfigRules[0].ConfigRuleId",
        "Compliance.Type": "'INSUFFICIENT_DATA'",
    },
)
