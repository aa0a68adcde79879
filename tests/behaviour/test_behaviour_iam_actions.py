"""What each call needs to be allowed: tables, queues and topics.

SAR is the Service Authorization Reference, with the service's page.
"""

from __future__ import annotations

import pytest

from tests.fakes.iam_rows import Row, check, row
from tests.fakes.resource_lookups import KnownResources

ORDERS = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
TABLES = KnownResources(partition_keys={ORDERS: "id", f"{ORDERS}/index/by_user": "user"})
SAR_DYNAMODB = "SAR, Amazon DynamoDB"
FINE = "DynamoDB Developer Guide, Using IAM policy conditions for fine-grained access control"
PARTIQL = "DynamoDB Developer Guide, IAM security policies with PartiQL for DynamoDB"
TRANSACTIONS = "DynamoDB Developer Guide, Amazon DynamoDB Transactions: How it works, IAM"
T = "arn:aws:dynamodb~table/orders"

DYNAMODB = [
    row(
        "dynamodb PutItem",
        {"TableName": "orders", "Item": {"id": {"S": "1"}, "total": {"N": "3"}}},
        f"dynamodb:PutItem on {T}",
        keys={"dynamodb:leadingkeys": ("1",), "dynamodb:attributes": ("id", "total")},
        known=TABLES,
        source=FINE,
    ),
    row(
        "dynamodb GetItem",
        {"TableName": ORDERS, "Key": {"id": {"S": "1"}, "at": {"N": "5"}}, "ProjectionExpression": "#t, a.b"}
        | {"ExpressionAttributeNames": {"#t": "total"}},
        f"dynamodb:GetItem on {T}",
        keys={"dynamodb:leadingkeys": ("1",), "dynamodb:attributes": ("id", "at", "total", "a")},
        known=TABLES,
        source=FINE,
    ),
    row(
        "dynamodb UpdateItem",
        {
            "TableName": "orders",
            "Key": {"id": {"S": "1"}},
            "UpdateExpression": "SET price = :p ADD seen :one",
            "ConditionExpression": "attribute_exists(id)",
            "ReturnValues": "ALL_NEW",
        },
        f"dynamodb:UpdateItem on {T}",
        keys={"dynamodb:attributes": ("id", "price", "seen"), "dynamodb:returnvalues": ("ALL_NEW",)},
        known=TABLES,
        source=FINE,
    ),
    row(
        "dynamodb DeleteItem",
        {"TableName": "orders", "Key": {"id": {"N": "7"}}},
        f"dynamodb:DeleteItem on {T}",
        keys={"dynamodb:leadingkeys": ("7",)},
        source=SAR_DYNAMODB,
    ),
    row(
        "dynamodb Query",
        {
            "TableName": "orders",
            "KeyConditionExpression": "id = :id AND placed > :t",
            "ExpressionAttributeValues": {":id": {"S": "me"}, ":t": {"N": "0"}},
            "Select": "COUNT",
        },
        f"dynamodb:Query on {T}",
        keys={"dynamodb:leadingkeys": ("me",), "dynamodb:select": ("COUNT",)},
        known=TABLES,
        source=FINE,
    ),
    row(
        "dynamodb Query",
        {
            "TableName": "orders",
            "IndexName": "by_user",
            "KeyConditionExpression": "#u = :u",
            "ExpressionAttributeNames": {"#u": "user"},
            "ExpressionAttributeValues": {":u": {"S": "me"}},
        },
        f"dynamodb:Query on {T}/index/by_user",
        keys={"dynamodb:leadingkeys": ("me",)},
        known=TABLES,
        source=SAR_DYNAMODB,
    ),
    row("dynamodb Scan", {"TableName": "orders"}, f"dynamodb:Scan on {T}", source=SAR_DYNAMODB),
    row(
        "dynamodb Scan",
        {"TableName": "orders", "IndexName": "i"},
        f"dynamodb:Scan on {T}/index/i",
        source=SAR_DYNAMODB,
    ),
    row(
        "dynamodb BatchGetItem",
        {"RequestItems": {"orders": {"Keys": [{"id": {"S": "1"}}, {"id": {"S": "2"}}]}, "users": {"Keys": []}}},
        f"dynamodb:BatchGetItem on {T}",
        "dynamodb:BatchGetItem on arn:aws:dynamodb~table/users",
        keys={"dynamodb:leadingkeys": ("1", "2")},
        known=TABLES,
        source=SAR_DYNAMODB,
    ),
    row(
        "dynamodb BatchWriteItem",
        {
            "RequestItems": {
                "orders": [
                    {"PutRequest": {"Item": {"id": {"S": "1"}}}},
                    {"DeleteRequest": {"Key": {"id": {"S": "2"}}}},
                ]
            }
        },
        f"dynamodb:BatchWriteItem on {T}",
        keys={"dynamodb:leadingkeys": ("1", "2")},
        source=SAR_DYNAMODB,
    ),
    row(
        "dynamodb TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "orders", "Item": {"id": {"S": "1"}}}},
                {"Update": {"TableName": "users", "Key": {"id": {"S": "1"}}, "UpdateExpression": "SET a = :a"}},
                {"Delete": {"TableName": "orders", "Key": {"id": {"S": "2"}}}},
                {"ConditionCheck": {"TableName": "users", "Key": {"id": {"S": "3"}}, "ConditionExpression": "a = :a"}},
            ]
        },
        f"dynamodb:PutItem on {T}",
        "dynamodb:UpdateItem on arn:aws:dynamodb~table/users",
        f"dynamodb:DeleteItem on {T}",
        "dynamodb:ConditionCheckItem on arn:aws:dynamodb~table/users",
        keys={"dynamodb:enclosingoperation": ("TransactWriteItems",)},
        source=TRANSACTIONS,
    ),
    row(
        "dynamodb TransactGetItems",
        {"TransactItems": [{"Get": {"TableName": "orders", "Key": {"id": {"S": "1"}}}}]},
        f"dynamodb:GetItem on {T}",
        source=TRANSACTIONS,
    ),
    row(
        "dynamodb ExecuteStatement",
        {"Statement": "SELECT * FROM \"orders\" WHERE id = '1'"},
        f"dynamodb:PartiQLSelect on {T}",
        keys={"dynamodb:fulltablescan": ("false",)},
        known=TABLES,
        source=PARTIQL,
    ),
    row(
        "dynamodb ExecuteStatement",
        {"Statement": "select total from orders"},
        f"dynamodb:PartiQLSelect on {T}",
        keys={"dynamodb:fulltablescan": ("true",)},
        known=TABLES,
        source=PARTIQL,
    ),
    row(
        "dynamodb ExecuteStatement",
        {"Statement": 'SELECT * FROM "orders"."by_user" WHERE user = ?'},
        f"dynamodb:PartiQLSelect on {T}/index/by_user",
        source=PARTIQL,
    ),
    row(
        "dynamodb ExecuteStatement",
        {"Statement": "INSERT INTO orders VALUE {'id': '1'}"},
        f"dynamodb:PartiQLInsert on {T}",
        source=PARTIQL,
    ),
    row(
        "dynamodb BatchExecuteStatement",
        {"Statements": [{"Statement": "UPDATE orders SET a=1 WHERE id='1'"}, {"Statement": "DELETE FROM orders"}]},
        f"dynamodb:PartiQLUpdate on {T}",
        f"dynamodb:PartiQLDelete on {T}",
        source=PARTIQL,
    ),
    row(
        "dynamodb ExecuteTransaction",
        {"TransactStatements": [{"Statement": "DELETE FROM orders WHERE id='1'"}]},
        f"dynamodb:PartiQLDelete on {T}",
        keys={"dynamodb:enclosingoperation": ("ExecuteTransaction",)},
        source=PARTIQL,
    ),
    row("dynamodb DescribeTable", {"TableName": "orders"}, f"dynamodb:DescribeTable on {T}", source=SAR_DYNAMODB),
    row(
        "dynamodb UntagResource",
        {"ResourceArn": ORDERS, "TagKeys": ["Team", "stage"]},
        f"dynamodb:UntagResource on {T}",
        keys={"aws:tagkeys": ("Team", "stage"), "aws:requesttag/team": None},
        source=SAR_DYNAMODB,
    ),
    row("dynamodb ListTables", {}, "dynamodb:ListTables on *", source=SAR_DYNAMODB),
    row(
        "dynamodb TagResource",
        {"ResourceArn": ORDERS, "Tags": [{"Key": "Team", "Value": "a"}]},
        f"dynamodb:TagResource on {T}",
        keys={
            "aws:requesttag/team": ("a",),
            "aws:tagkeys": ("Team",),
            "aws:resourcetag/stage": ("test",),
        },
        known=KnownResources(tagged={ORDERS: {"stage": "test"}}),
        source=SAR_DYNAMODB,
    ),
    row(
        "dynamodbstreams GetRecords",
        {"ShardIterator": f"{ORDERS}/stream/2026-01-01T00:00:00.000|1|AAA"},
        f"dynamodb:GetRecords on {T}/stream/2026-01-01T00:00:00.000",
        source=SAR_DYNAMODB,
    ),
    row(
        "dynamodbstreams GetShardIterator",
        {"StreamArn": f"{ORDERS}/stream/1", "ShardId": "shard-1", "ShardIteratorType": "LATEST"},
        f"dynamodb:GetShardIterator on {T}/stream/1",
        source=SAR_DYNAMODB,
    ),
]

SAR_SQS = "SAR, Amazon SQS"
QUEUE = {"QueueUrl": "http://127.0.0.1:4566/123456789012/jobs"}
SQS = [
    row("sqs SendMessage", QUEUE | {"MessageBody": "a"}, "sqs:SendMessage on arn:aws:sqs~jobs", source=SAR_SQS),
    row(
        "sqs SendMessageBatch",
        QUEUE | {"Entries": [{"Id": "1", "MessageBody": "a"}]},
        "sqs:SendMessage on arn:aws:sqs~jobs",
        source="SQS Developer Guide, Amazon SQS API permissions: Actions and resource reference",
    ),
    row(
        "sqs DeleteMessageBatch",
        QUEUE | {"Entries": [{"Id": "1", "ReceiptHandle": "a"}]},
        "sqs:DeleteMessage on arn:aws:sqs~jobs",
        source="SQS Developer Guide, Amazon SQS API permissions: Actions and resource reference",
    ),
    row(
        "sqs ChangeMessageVisibilityBatch",
        QUEUE | {"Entries": [{"Id": "1", "ReceiptHandle": "a"}]},
        "sqs:ChangeMessageVisibility on arn:aws:sqs~jobs",
        source="SQS Developer Guide, Amazon SQS API permissions: Actions and resource reference",
    ),
    row("sqs ReceiveMessage", QUEUE, "sqs:ReceiveMessage on arn:aws:sqs~jobs", source=SAR_SQS),
    row(
        "sqs SendMessage",
        {"QueueUrl": "https://sqs.us-east-2.amazonaws.com/999999999999/jobs.fifo", "MessageBody": "a"},
        "sqs:SendMessage on arn:aws:sqs:us-east-2:999999999999:jobs.fifo",
        source=SAR_SQS,
    ),
    row(
        "sqs GetQueueUrl",
        {"QueueName": "jobs", "QueueOwnerAWSAccountId": "999999999999"},
        "sqs:GetQueueUrl on arn:aws:sqs:eu-west-1:999999999999:jobs",
        source=SAR_SQS,
    ),
    row(
        "sqs CreateQueue",
        {"QueueName": "jobs", "tags": {"a": "b"}},
        "sqs:CreateQueue on arn:aws:sqs~jobs",
        keys={"aws:requesttag/a": ("b",), "aws:tagkeys": ("a",)},
        source=SAR_SQS,
    ),
    row("sqs ListQueues", {}, "sqs:ListQueues on *", source=SAR_SQS),
]

SAR_SNS = "SAR, Amazon SNS"
TOPIC = {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:news"}
SNS = [
    row("sns Publish", TOPIC | {"Message": "a"}, "sns:Publish on arn:aws:sns~news", source=SAR_SNS),
    row(
        "sns PublishBatch",
        TOPIC | {"PublishBatchRequestEntries": [{"Id": "1", "Message": "a"}]},
        "sns:Publish on arn:aws:sns~news",
        source=SAR_SNS,
    ),
    row(
        "sns Publish",
        {"PhoneNumber": "+15550100", "Message": "a"},
        "sns:Publish on *",
        source="SNS Developer Guide, Using identity-based policies with Amazon SNS",
    ),
    row(
        "sns Publish",
        {"TargetArn": "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/app/1", "Message": "a"},
        "sns:Publish on arn:aws:sns~endpoint/APNS/app/1",
        source="SNS API Reference, Publish: TargetArn",
    ),
    row(
        "sns Subscribe",
        TOPIC | {"Protocol": "https", "Endpoint": "https://example.com/hook"},
        "sns:Subscribe on arn:aws:sns~news",
        keys={"sns:protocol": ("https",), "sns:endpoint": ("https://example.com/hook",)},
        source=SAR_SNS,
    ),
    row("sns ListTopics", {}, "sns:ListTopics on *", source=SAR_SNS),
    row("sns CreateTopic", {"Name": "news"}, "sns:CreateTopic on arn:aws:sns~news", source=SAR_SNS),
]


@pytest.mark.parametrize("case", [*DYNAMODB, *SQS, *SNS])
def test_a_call_needs(case: Row) -> None:
    check(case)
