"""What services that build, deploy and watch over an account ask of functions.

Source: AWS CloudFormation User Guide, "Custom resource request objects"; AWS Secrets Manager User Guide, "Lambda
rotation functions"; AWS Config Developer Guide, "Example events for AWS Config rules"; AWS CodePipeline User Guide,
"Invoke an AWS Lambda function in a pipeline"; AWS CodeCommit User Guide, "Create a trigger for a Lambda function"; AWS
CodeDeploy User Guide, "AppSpec 'hooks' section" for an AWS Lambda deployment.
"""

from __future__ import annotations

import json
from typing import Final

from lambdakit.session.sample_events.sample import (
    ISO_MILLISECONDS,
    Choices,
    JsonObject,
    encoded,
    hexadecimal,
    identifier,
)

_PHYSICAL_ID: Final = "example-physical-id"


def custom_resource_create(choices: Choices) -> JsonObject:
    """A custom resource is to be made."""
    return _custom_resource(choices, "Create", {})


def custom_resource_update(choices: Choices) -> JsonObject:
    """A custom resource is to be changed."""
    old = {"ServiceToken": choices.function_arn, "ExampleProperty": "old value"}
    return _custom_resource(choices, "Update", {"PhysicalResourceId": _PHYSICAL_ID, "OldResourceProperties": old})


def custom_resource_delete(choices: Choices) -> JsonObject:
    """A custom resource is to be taken away."""
    return _custom_resource(choices, "Delete", {"PhysicalResourceId": _PHYSICAL_ID})


def _custom_resource(choices: Choices, kind: str, more: JsonObject) -> JsonObject:
    stack = choices.arn("cloudformation", f"stack/example-stack/{identifier('stack')}")
    bucket = f"cloudformation-custom-resource-response-{choices.region.replace('-', '')}"
    return {
        "RequestType": kind,
        "ServiceToken": choices.function_arn,
        "ResponseURL": f"https://{bucket}.s3.amazonaws.com/example?X-Amz-Signature=EXAMPLE",
        "StackId": stack,
        "RequestId": identifier("request"),
        "LogicalResourceId": "ExampleResource",
        "ResourceType": "Custom::Example",
        "ResourceProperties": {"ServiceToken": choices.function_arn, "ExampleProperty": "value"},
        **more,
    }


def secrets_rotation(choices: Choices) -> JsonObject:
    """The first of a rotation's four steps."""
    return {
        "Step": "createSecret",
        "SecretId": choices.arn("secretsmanager", "secret:example-secret-AbCdEf"),
        "ClientRequestToken": identifier("version"),
        "RotationToken": identifier("rotation"),
    }


def config_change(choices: Choices) -> JsonObject:
    """A resource changed that a rule watches."""
    bucket = choices.text("bucket", "example-bucket")
    invoking = {
        "configurationItemDiff": {
            "changedProperties": {
                "Configuration.ExampleProperty": {
                    "previousValue": "old value",
                    "updatedValue": "value",
                    "changeType": "UPDATE",
                }
            },
            "changeType": "UPDATE",
        },
        "configurationItem": {
            "relatedEvents": [],
            "relationships": [],
            "configuration": {"name": bucket, "exampleProperty": "value"},
            "supplementaryConfiguration": {},
            "tags": {},
            "configurationItemVersion": "1.3",
            "configurationItemCaptureTime": ISO_MILLISECONDS,
            "configurationStateId": 1_768_478_400_000,
            "awsAccountId": choices.account_id,
            "configurationItemStatus": "OK",
            "resourceType": "AWS::S3::Bucket",
            "resourceId": bucket,
            "resourceName": bucket,
            "ARN": choices.global_arn("s3", bucket),
            "awsRegion": choices.region,
            "availabilityZone": "Regional",
            "configurationStateMd5Hash": "",
            "resourceCreationTime": ISO_MILLISECONDS,
        },
        "notificationCreationTime": ISO_MILLISECONDS,
        "messageType": "ConfigurationItemChangeNotification",
        "recordVersion": "1.3",
    }
    return _config(choices, invoking)


def config_scheduled(choices: Choices) -> JsonObject:
    """A rule runs by its schedule."""
    invoking = {
        "awsAccountId": choices.account_id,
        "notificationCreationTime": ISO_MILLISECONDS,
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    }
    return _config(choices, invoking)


def _config(choices: Choices, invoking: JsonObject) -> JsonObject:
    return {
        "version": "1.0",
        "invokingEvent": json.dumps(invoking),
        "ruleParameters": json.dumps({"exampleParameter": "value"}),
        "resultToken": encoded("example result token"),
        "eventLeftScope": False,
        "executionRoleArn": choices.role_arn,
        "configRuleArn": choices.arn("config", "config-rule/config-rule-example"),
        "configRuleName": "example-rule",
        "configRuleId": "config-rule-example",
        "accountId": choices.account_id,
        "evaluationMode": "DETECTIVE",
    }


def pipeline_job(choices: Choices) -> JsonObject:
    """A pipeline's invoke action. The choice of a message is its user parameters."""
    return {
        "CodePipeline.job": {
            "id": identifier("job"),
            "accountId": choices.account_id,
            "data": {
                "actionConfiguration": {
                    "configuration": {
                        "FunctionName": "example-function",
                        "UserParameters": choices.text("message", "example parameters"),
                    }
                },
                "inputArtifacts": [
                    {
                        "location": {
                            "s3Location": {
                                "bucketName": choices.text("bucket", "example-artifacts"),
                                "objectKey": choices.text("key", "example-pipeline/source/artifact.zip"),
                            },
                            "type": "S3",
                        },
                        "revision": None,
                        "name": "ExampleArtifact",
                    }
                ],
                "outputArtifacts": [],
                "artifactCredentials": {
                    "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
                    "secretAccessKey": "example-secret-access-key",
                    "sessionToken": "example-session-token",
                    "expirationTime": 1_768_482_000_000,
                },
            },
        }
    }


def repository_push(choices: Choices) -> JsonObject:
    """A CodeCommit repository was pushed to."""
    return {
        "Records": [
            {
                "awsRegion": choices.region,
                "codecommit": {
                    "references": [{"commit": hexadecimal("commit", 40), "ref": "refs/heads/main"}],
                },
                "customData": None,
                "eventId": identifier("push"),
                "eventName": "ReferenceChanges",
                "eventPartNumber": 1,
                "eventSource": "aws:codecommit",
                "eventSourceARN": choices.arn("codecommit", "example-repository"),
                "eventTime": "2026-01-15T12:00:00.000+0000",
                "eventTotalParts": 1,
                "eventTriggerConfigId": identifier("trigger"),
                "eventTriggerName": "example-trigger",
                "eventVersion": "1.0",
                "userIdentityARN": choices.global_arn("iam", "user/example-user", account_id=choices.account_id),
            }
        ]
    }


def deployment_hook(choices: Choices) -> JsonObject:
    """CodeDeploy asks whether a deployment may go on."""
    del choices
    return {
        "DeploymentId": "d-EXAMPLE01",
        "LifecycleEventHookExecutionId": encoded("example lifecycle event hook execution"),
    }
