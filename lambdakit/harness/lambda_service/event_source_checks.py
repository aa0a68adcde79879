"""Whether the source of a mapping is there and fits the function, as Lambda asks before it makes the mapping.

Source: AWS Lambda Developer Guide, "Configuring a queue to use with Lambda" (the queue's visibility time-out).
"""

from __future__ import annotations

from lambdakit.harness.account import Account
from lambdakit.harness.lambda_service.faults import ServiceFault


def check_source(source_arn: str, timeout_seconds: int, account: Account) -> None:
    """InvalidParameterValueException when the source is not in its account, or its messages come back too early.

    Sources of other services than SQS, Kinesis and DynamoDB Streams are not looked for.
    """
    from botocore.exceptions import ClientError

    parts = source_arn.split(":")
    service = parts[2] if len(parts) >= 6 else ""
    try:
        match service:
            case "sqs":
                _check_queue(parts, timeout_seconds, account)
            case "kinesis" if "/consumer/" in source_arn:
                account.client("kinesis", parts[3], parts[4]).describe_stream_consumer(ConsumerARN=source_arn)
            case "kinesis":
                account.client("kinesis", parts[3], parts[4]).describe_stream_summary(StreamARN=source_arn)
            case "dynamodb":
                account.client("dynamodbstreams", parts[3], parts[4]).describe_stream(StreamArn=source_arn)
    except ClientError as error:
        told = error.response["Error"]
        if service == "sqs":
            raise _invalid(
                f"Error occurred while ReceiveMessage. SQS Error Code: {told['Code']}. "
                f"SQS Error Message: {told.get('Message', '')}"
            ) from None
        raise _invalid(f"Stream not found: {source_arn}") from None


def _check_queue(parts: list[str], timeout_seconds: int, account: Account) -> None:
    client = account.client("sqs", parts[3], parts[4])
    url = client.get_queue_url(QueueName=parts[5], QueueOwnerAWSAccountId=parts[4])["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    visibility = int(attributes["VisibilityTimeout"])
    if visibility < timeout_seconds:
        raise _invalid(
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout_seconds} seconds"
        )


def _invalid(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
