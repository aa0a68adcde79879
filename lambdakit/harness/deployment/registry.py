"""Which provisioner makes which CloudFormation type: the whole of what the harness can deploy."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.deployment.provisioner import Provisioner
from lambdakit.harness.deployment.provisioners import (
    api_gateway_v2,
    dynamodb,
    events,
    iam,
    lambda_function,
    lambda_layer,
    lambda_permission,
    lambda_version,
    logs,
    metadata,
)

PROVISIONERS: Mapping[str, Provisioner] = {
    "AWS::ApiGatewayV2::Api": api_gateway_v2.Api(),
    "AWS::ApiGatewayV2::Integration": api_gateway_v2.Integration(),
    "AWS::ApiGatewayV2::Route": api_gateway_v2.Route(),
    "AWS::ApiGatewayV2::Stage": api_gateway_v2.Stage(),
    "AWS::CDK::Metadata": metadata.CdkMetadata(),
    "AWS::DynamoDB::GlobalTable": dynamodb.GlobalTable(),
    "AWS::DynamoDB::Table": dynamodb.Table(),
    "AWS::Events::Rule": events.Rule(),
    "AWS::IAM::ManagedPolicy": iam.ManagedPolicy(),
    "AWS::IAM::Policy": iam.Policy(),
    "AWS::IAM::Role": iam.Role(),
    "AWS::Lambda::Alias": lambda_version.LambdaAlias(),
    "AWS::Lambda::Function": lambda_function.LambdaFunction(),
    "AWS::Lambda::LayerVersion": lambda_layer.LambdaLayerVersion(),
    "AWS::Lambda::Permission": lambda_permission.LambdaPermission(),
    "AWS::Lambda::Version": lambda_version.LambdaVersion(),
    "AWS::Logs::LogGroup": logs.LogGroup(),
}
