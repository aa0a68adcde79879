"""Resources of an account with a policy: every kind that has one and that moto keeps."""

from __future__ import annotations

from lambdakit.harness.account import Account
from tests.fakes.policies import REGION, ROLE, arn


def queue(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    account.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy} if policy else {})
    return arn("sqs", name)


def topic(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    topic: str = account.client("sns").create_topic(Name=name)["TopicArn"]
    account.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return topic


def bucket(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    location = {"LocationConstraint": REGION}
    account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)
    account.client("s3").put_bucket_policy(Bucket=name, Policy=policy)
    return f"arn:aws:s3:::{name}"


def key(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    return str(account.client("kms").create_key(Description=name, Policy=policy)["KeyMetadata"]["Arn"])


def secret(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    client = account.client("secretsmanager")
    secret: str = client.create_secret(Name=name, SecretString="s")["ARN"]
    client.put_resource_policy(SecretId=name, ResourcePolicy=policy)
    return secret


def repository(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    client = account.client("ecr")
    made: str = client.create_repository(repositoryName=name)["repository"]["repositoryArn"]
    client.set_repository_policy(repositoryName=name, policyText=policy)
    return made


def stream(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    account.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    stream = arn("kinesis", f"stream/{name}")
    account.client("kinesis").put_resource_policy(ResourceARN=stream, Policy=policy)
    return stream


def table(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    client = account.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table = arn("dynamodb", f"table/{name}")
    client.put_resource_policy(ResourceArn=table, Policy=policy)
    return table


def domain(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    account.client("opensearch").create_domain(DomainName=name, AccessPolicies=policy)
    return arn("es", f"domain/{name}")


def file_system(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    client = account.client("efs")
    made = client.create_file_system(CreationToken=name)
    client.put_file_system_policy(FileSystemId=made["FileSystemId"], Policy=policy)
    return str(made["FileSystemArn"])


def rest_api(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    api_id = account.client("apigateway").create_rest_api(name=name, policy=policy)["id"]
    return arn("execute-api", api_id)


def destination(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one."""
    client = account.client("logs")
    client.put_destination(destinationName=name, targetArn=arn("kinesis", "stream/s"), roleArn=ROLE)
    client.put_destination_policy(destinationName=name, accessPolicy=policy)
    return arn("logs", f"destination:{name}")


def bus(account: Account, name: str, policy: str) -> str:
    """The ARN of a new one. Its statements have ids."""
    client = account.client("events")
    made: str = client.create_event_bus(Name=name)["EventBusArn"]
    if policy:
        client.put_permission(EventBusName=name, Policy=policy)
    return made
