"""Calls moto's services through `Account`, with the declared packages only, and prints what came of each as JSON.

Run as a module: its arguments are pyproject.toml, and the calls to make; all of them without any.
Output: `{name of the call: the answer's field, or the error's text}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.fakes.declared_packages_only import hide_the_rest

# Service -> a read operation, its parameters, and the field of the answer that tells of the account's state.
_READS: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "apigateway": ("get_rest_apis", {}, "items"),
    "apigatewayv2": ("get_apis", {}, "Items"),
    "cloudwatch": ("describe_alarms", {}, "MetricAlarms"),
    "cognito-idp": ("list_user_pools", {"MaxResults": 10}, "UserPools"),
    "dynamodb": ("list_tables", {}, "TableNames"),
    "ec2": ("describe_instances", {}, "Reservations"),
    "elbv2": ("describe_load_balancers", {}, "LoadBalancers"),
    "events": ("list_rules", {}, "Rules"),
    "firehose": ("list_delivery_streams", {}, "DeliveryStreamNames"),
    "iam": ("list_roles", {}, "Roles"),
    "kinesis": ("list_streams", {}, "StreamNames"),
    "kms": ("list_keys", {}, "Keys"),
    "logs": ("describe_log_groups", {}, "logGroups"),
    "s3": ("list_buckets", {}, "Buckets"),
    "scheduler": ("list_schedules", {}, "Schedules"),
    "secretsmanager": ("list_secrets", {}, "SecretList"),
    "sns": ("list_topics", {}, "Topics"),
    "sqs": ("list_queues", {}, "QueueUrls"),
    "ssm": ("describe_parameters", {}, "Parameters"),
    "stepfunctions": ("list_state_machines", {}, "stateMachines"),
    "sts": ("get_caller_identity", {}, "Account"),
}

_STATE_MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "Result": 1, "End": True}}}
_OPEN_API = {"openapi": "3.0.1", "info": {"title": "orders", "version": "1", "description": "-"}, "paths": {}}


def main() -> None:
    """Makes every call, each on its own: one that fails does not hide the others."""
    hide_the_rest(Path(sys.argv[1]), extras=["harness"])
    from lambdakit.harness.account import Account

    account = Account(account_id="123456789012", region="us-east-1")
    calls: dict[str, Callable[[], object]] = {
        **{f"{service}.{read[0]}": _read(account.client, service, *read) for service, read in _READS.items()},
        # What moto imports later than with the service.
        "dynamodb.execute_statement": lambda: _partiql(account.client("dynamodb")),
        "stepfunctions.create_state_machine": lambda: _state_machine(account.client("stepfunctions")),
        "apigateway.import_rest_api": lambda: _imported_api(account.client("apigateway")),
        "cognito-idp.admin_initiate_auth": lambda: _signed_in(account.client("cognito-idp")),
    }
    asked = sys.argv[2:] or list(calls)
    print(json.dumps({name: _outcome(calls[name]) for name in asked}))


def _read(
    client: Callable[[str], Any], service: str, operation: str, arguments: Mapping[str, object], field: str
) -> Callable[[], object]:
    return lambda: getattr(client(service), operation)(**arguments).get(field, [])


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:  # the report is what the test reads
        return f"{type(error).__name__}: {error}"


def _partiql(dynamodb: Any) -> object:
    key = {"AttributeName": "id", "AttributeType": "S"}
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    dynamodb.create_table(
        TableName="orders", AttributeDefinitions=[key], KeySchema=schema, BillingMode="PAY_PER_REQUEST"
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})
    return dynamodb.execute_statement(Statement="SELECT * FROM \"orders\" WHERE id = '1'")["Items"]


def _state_machine(stepfunctions: Any) -> object:
    created = stepfunctions.create_state_machine(
        name="orders", definition=json.dumps(_STATE_MACHINE), roleArn="arn:aws:iam::123456789012:role/orders"
    )
    return created["stateMachineArn"]


def _imported_api(apigateway: Any) -> object:
    return apigateway.import_rest_api(body=json.dumps(_OPEN_API).encode(), failOnWarnings=True)["name"]


def _signed_in(cognito: Any) -> object:
    pool = cognito.create_user_pool(PoolName="customers")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]["ClientId"]
    name, password = "customer", "Secret-1234"
    cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return answer["AuthenticationResult"]["TokenType"]


if __name__ == "__main__":
    main()
