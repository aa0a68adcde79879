"""`AWS::Logs::LogGroup`.

Source: CloudFormation Template Reference, "AWS::Logs::LogGroup".
"""

from __future__ import annotations

from typing import ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure


class LogGroup:
    """A log group. `Ref` gives its name; the ARN ends in `:*`."""

    properties: ClassVar[PropertyTree] = {
        "DataProtectionPolicy": RECORDED,
        "DeletionProtectionEnabled": RECORDED,
        "FieldIndexPolicies": RECORDED,
        "KmsKeyId": READ,
        "LogGroupClass": RECORDED,
        "LogGroupName": READ,
        "ResourcePolicyDocument": RECORDED,
        "RetentionInDays": READ,
        "Tags": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the group with its retention."""
        properties = resource.properties
        logs = context.account.client("logs", resource.region)
        name = properties.get("LogGroupName") or resource.generated_name(length_max=512)
        arguments = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or ()}
        logs.create_log_group(logGroupName=name, **arguments, **({"tags": tags} if tags else {}))
        arn = f"arn:aws:logs:{resource.region}:{resource.account_id}:log-group:{name}:*"
        provisioned = Provisioned(physical_id=name, attributes={"Arn": arn})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            if "RetentionInDays" in properties:
                logs.put_retention_policy(logGroupName=name, retentionInDays=int(properties["RetentionInDays"]))
        return provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the group with its streams. A line that came later would make it again."""
        context.flush_logs()
        logs = context.account.client("logs", created.resource.region)
        try:
            logs.delete_log_group(logGroupName=created.provisioned.physical_id)
        except logs.exceptions.ResourceNotFoundException:
            return

    def reset(self, created: Created, context: Context) -> None:
        """Empties the group."""
        context.flush_logs()
        logs = context.account.client("logs", created.resource.region)
        name = created.provisioned.physical_id
        for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=name):
            for stream in page["logStreams"]:
                logs.delete_log_stream(logGroupName=name, logStreamName=stream["logStreamName"])
