"""`AWS::CloudTrail::Trail`, as the account shows it. Nothing is ever recorded by it.

Source: CloudFormation Template Reference, "AWS::CloudTrail::Trail".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

_NAMES: Final = {
    "TrailName": "Name",
    "CloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
    "KMSKeyId": "KmsKeyId",
    "Tags": "TagsList",
}
_LOGGING: Final = (
    call("start_logging", when="to_string(p.IsLogging) == 'true'", Name="name"),
    call("stop_logging", when="to_string(p.IsLogging) == 'false'", Name="name"),
)
_SELECTORS: Final = (
    call(
        "put_event_selectors",
        when="p.EventSelectors || p.AdvancedEventSelectors",
        TrailName="name",
        EventSelectors="p.EventSelectors",
        AdvancedEventSelectors="p.AdvancedEventSelectors",
    ),
    call("put_insight_selectors", when="p.InsightSelectors", TrailName="name", InsightSelectors="p.InsightSelectors"),
)

TRAIL: Final = MotoBacked(
    service="cloudtrail",
    properties=properties_of(
        read="AdvancedEventSelectors CloudWatchLogsLogGroupArn CloudWatchLogsRoleArn EnableLogFileValidation"
        " EventSelectors IncludeGlobalServiceEvents InsightSelectors IsLogging IsMultiRegionTrail IsOrganizationTrail"
        " KMSKeyId S3BucketName S3KeyPrefix SnsTopicName Tags TrailName",
        recorded="AggregationConfigurations",
    ),
    named=("TrailName", 128),
    made_by=Call(operation="create_trail", renamed=_NAMES),
    reference="name",
    completed_by=(*_LOGGING, *_SELECTORS),
    changed_by=(Call(operation="update_trail", renamed={**_NAMES, "Tags": ""}), *_LOGGING, *_SELECTORS),
    tagged_by=Tagging(tag="add_tags", untag="remove_tags", target="ResourceId", of="att.Arn"),
    deleted_by=(call("delete_trail", Name="name"),),
    attributes={"Arn": "made.TrailARN", "SnsTopicArn": "att.SnsTopicArn || made.SnsTopicARN || ''"},
)
