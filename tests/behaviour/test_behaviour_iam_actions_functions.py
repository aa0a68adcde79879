"""What each call needs to be allowed: functions and events.

SAR is the Service Authorization Reference, with the service's page.
"""

from __future__ import annotations

import pytest

from tests.fakes.iam_rows import Row, check, row
from tests.fakes.resource_lookups import KnownResources

SAR_LAMBDA = "SAR, AWS Lambda"
LAMBDA_RESOURCES = "Lambda Developer Guide, Resources and conditions for Lambda actions"
F = "arn:aws:lambda~function:resize"
ROLE = "arn:aws:iam::123456789012:role/worker"
PASS_ROLE = "IAM User Guide, Grant a user permissions to pass a role to an AWS service"
LAMBDA = [
    row("lambda Invoke", {"FunctionName": "resize"}, f"lambda:InvokeFunction on {F}", source=LAMBDA_RESOURCES),
    row(
        "lambda Invoke",
        {"FunctionName": "resize", "Qualifier": "live"},
        f"lambda:InvokeFunction on {F}:live",
        source=LAMBDA_RESOURCES,
    ),
    row(
        "lambda Invoke",
        {"FunctionName": "resize:7", "InvocationType": "DryRun"},
        f"lambda:InvokeFunction on {F}:7",
        source="Lambda API Reference, Invoke: FunctionName",
    ),
    row(
        "lambda Invoke",
        {"FunctionName": "999999999999:function:resize"},
        "lambda:InvokeFunction on arn:aws:lambda:eu-west-1:999999999999:function:resize",
        source="Lambda API Reference, Invoke: FunctionName (partial ARN)",
    ),
    row(
        "lambda InvokeWithResponseStream",
        {"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:resize:live"},
        f"lambda:InvokeFunction on {F}:live",
        source="Lambda API Reference, InvokeWithResponseStream",
    ),
    row("lambda GetFunction", {"FunctionName": "resize"}, f"lambda:GetFunction on {F}", source=SAR_LAMBDA),
    row("lambda ListFunctions", {}, "lambda:ListFunctions on *", source=SAR_LAMBDA),
    row(
        "lambda CreateFunction",
        {
            "FunctionName": "resize",
            "Role": ROLE,
            "Code": {"ZipFile": b""},
            "Layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:shared:1"],
            "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        },
        f"lambda:CreateFunction on {F}",
        f"iam:PassRole on {ROLE}",
        keys={
            "lambda:layer": ("arn:aws:lambda:eu-west-1:123456789012:layer:shared:1",),
            "lambda:subnetids": ("subnet-1",),
            "lambda:securitygroupids": ("sg-1",),
            "lambda:vpcids": None,
        },
        source=PASS_ROLE,
    ),
    row(
        "lambda UpdateFunctionConfiguration",
        {"FunctionName": "resize", "Role": ROLE},
        f"lambda:UpdateFunctionConfiguration on {F}",
        f"iam:PassRole on {ROLE}",
        source=PASS_ROLE,
    ),
    row(
        "lambda CreateEventSourceMapping",
        {"FunctionName": "resize", "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:jobs"},
        "lambda:CreateEventSourceMapping on *",
        keys={"lambda:functionarn": ("arn:aws:lambda:eu-west-1:123456789012:function:resize",)},
        source=SAR_LAMBDA,
    ),
    row(
        "lambda DeleteEventSourceMapping",
        {"UUID": "u-1"},
        "lambda:DeleteEventSourceMapping on arn:aws:lambda~event-source-mapping:u-1",
        keys={"lambda:functionarn": ("arn:aws:lambda:eu-west-1:123456789012:function:resize",)},
        known=KnownResources(mappings={"u-1": "arn:aws:lambda:eu-west-1:123456789012:function:resize"}),
        source=SAR_LAMBDA,
    ),
    row(
        "lambda UpdateFunctionConfiguration",
        {"FunctionName": "resize", "VpcConfig": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}},
        f"lambda:UpdateFunctionConfiguration on {F}",
        keys={
            "lambda:vpcids": ("vpc-1",),
            "lambda:subnetids": ("subnet-1", "subnet-2"),
            "lambda:securitygroupids": ("sg-1",),
        },
        known=KnownResources(subnets={"subnet-1": "vpc-1", "subnet-2": "vpc-1"}),
        source="Lambda Developer Guide, Using IAM condition keys for VPC settings",
    ),
    row(
        "lambda CreateFunctionUrlConfig",
        {"FunctionName": "resize", "AuthType": "NONE"},
        f"lambda:CreateFunctionUrlConfig on {F}",
        keys={
            "lambda:functionurlauthtype": ("NONE",),
            "lambda:functionarn": ("arn:aws:lambda:eu-west-1:123456789012:function:resize",),
        },
        source=SAR_LAMBDA,
    ),
    row(
        "lambda UpdateFunctionUrlConfig",
        {"FunctionName": "resize", "Qualifier": "live", "InvokeMode": "BUFFERED"},
        f"lambda:UpdateFunctionUrlConfig on {F}",
        keys={
            "lambda:functionurlauthtype": ("AWS_IAM",),
            "lambda:functionarn": ("arn:aws:lambda:eu-west-1:123456789012:function:resize",),
        },
        known=KnownResources(urls={"arn:aws:lambda:eu-west-1:123456789012:function:resize:live": "AWS_IAM"}),
        source=SAR_LAMBDA,
    ),
    row(
        "lambda AddPermission",
        {
            "FunctionName": "resize",
            "StatementId": "a",
            "Action": "lambda:InvokeFunctionUrl",
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        },
        f"lambda:AddPermission on {F}",
        keys={"lambda:functionurlauthtype": ("NONE",), "lambda:principal": ("*",), "lambda:functionarn": None},
        source=SAR_LAMBDA,
    ),
    row(
        "lambda AddPermission",
        {
            "FunctionName": "resize",
            "StatementId": "a",
            "Action": "lambda:InvokeFunction",
            "Principal": "sns.amazonaws.com",
        },
        f"lambda:AddPermission on {F}",
        keys={"lambda:principal": ("sns.amazonaws.com",)},
        source=SAR_LAMBDA,
    ),
    row(
        "lambda GetLayerVersionByArn",
        {"Arn": "arn:aws:lambda:eu-west-1:123456789012:layer:shared:3"},
        "lambda:GetLayerVersion on arn:aws:lambda~layer:shared:3",
        source="Lambda Developer Guide, Granting layer access",
    ),
    row(
        "lambda GetLayerVersion",
        {"LayerName": "shared", "VersionNumber": 3},
        "lambda:GetLayerVersion on arn:aws:lambda~layer:shared:3",
        source=SAR_LAMBDA,
    ),
    row(
        "lambda PutProvisionedConcurrencyConfig",
        {"FunctionName": "resize", "Qualifier": "live", "ProvisionedConcurrentExecutions": 1},
        f"lambda:PutProvisionedConcurrencyConfig on {F}:live",
        source=SAR_LAMBDA,
    ),
]

SAR_EVENTS = "SAR, Amazon EventBridge"
CONDITIONS = "EventBridge User Guide, Using IAM policy conditions in Amazon EventBridge"
EVENTS = [
    row(
        "events PutEvents",
        {
            "Entries": [
                {"Source": "shop", "DetailType": "Placed", "Detail": "{}"},
                {"Source": "shop", "DetailType": "Placed", "Detail": "{}"},
                {"Source": "shop", "DetailType": "Paid", "Detail": "{}", "EventBusName": "orders"},
            ]
        },
        "events:PutEvents on arn:aws:events~event-bus/default",
        "events:PutEvents on arn:aws:events~event-bus/orders",
        keys={"events:source": ("shop",), "events:detail-type": ("Placed",)},
        source=CONDITIONS,
    ),
    row(
        "events PutEvents",
        {"Entries": [{"Source": "s", "EventBusName": "arn:aws:events:us-east-1:999999999999:event-bus/central"}]},
        "events:PutEvents on arn:aws:events:us-east-1:999999999999:event-bus/central",
        source=SAR_EVENTS,
    ),
    row(
        "events PutRule",
        {"Name": "placed", "EventPattern": '{"source": ["shop"], "detail-type": ["Placed"]}'},
        "events:PutRule on arn:aws:events~rule/placed",
        keys={
            "events:source": ("shop",),
            "events:detail-type": ("Placed",),
            "events:creatoraccount": ("123456789012",),
        },
        source=CONDITIONS,
    ),
    row(
        "events PutRule",
        {"Name": "placed", "EventBusName": "orders", "ScheduleExpression": "rate(1 day)"},
        "events:PutRule on arn:aws:events~rule/orders/placed",
        source=SAR_EVENTS,
    ),
    row(
        "events PutTargets",
        {"Rule": "placed", "Targets": [{"Id": "1", "Arn": "arn:aws:states:eu-west-1:123456789012:x", "RoleArn": ROLE}]},
        "events:PutTargets on arn:aws:events~rule/placed",
        f"iam:PassRole on {ROLE}",
        keys={"events:targetarn": ("arn:aws:states:eu-west-1:123456789012:x",)},
        source=CONDITIONS,
    ),
    row(
        "events DescribeEventBus",
        {},
        "events:DescribeEventBus on arn:aws:events~event-bus/default",
        source="EventBridge API Reference, DescribeEventBus: Name",
    ),
]


@pytest.mark.parametrize("case", [*LAMBDA, *EVENTS])
def test_a_call_needs(case: Row) -> None:
    check(case)
