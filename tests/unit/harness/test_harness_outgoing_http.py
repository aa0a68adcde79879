"""Where an API's HTTP integrations may send requests: to this machine, and to what stands for AWS on it."""

from __future__ import annotations

import pytest

from lambdakit.harness.routing.outgoing_http import Address, NothingCame, address_of, sent

_HERE = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "host",
    [
        "dynamodb.eu-west-1.amazonaws.com",
        "sqs.us-gov-west-1.amazonaws.com",
        "bucket.s3.amazonaws.com",
        "my.dotted.bucket.s3.eu-central-1.amazonaws.com",
        "s3.cn-north-1.amazonaws.com.cn",
        "sts.amazonaws.com",
        "iam.amazonaws.com",
    ],
)
def test_hosts_of_aws_apis_are_served_here(host: str) -> None:
    assert address_of(f"https://{host}/x", endpoint_url=_HERE) == Address(host="127.0.0.1", port=4566, name=host)


@pytest.mark.parametrize(
    "host",
    [
        "ec2-203-0-113-25.compute-1.amazonaws.com",
        "ec2-203-0-113-25.eu-west-1.compute.amazonaws.com",
        "search-shop-abc.eu-west-1.es.amazonaws.com",
        "shop.abc.eu-west-1.rds.amazonaws.com",
        "shop-123.eu-west-1.elb.amazonaws.com",
        "abc123.execute-api.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "bucket.s3-website-us-east-1.amazonaws.com",
        "api.example.com",
        "169.254.169.254",
    ],
)
def test_servers_of_users_are_not(host: str) -> None:
    assert address_of(f"http://{host}/x", endpoint_url=_HERE) is None


@pytest.mark.parametrize("target", ["/_lambdakit/clock", "//_lambdakit/clock", "/%5flambdakit/clock?a=1"])
def test_the_harness_itself_is_reached_by_none_of_them(target: str) -> None:
    bucket = Address(host="127.0.0.1", port=9, name="bucket.s3.amazonaws.com")

    with pytest.raises(NothingCame, match="one of the harness's own"):
        sent(bucket, "POST", target, headers=[], body=b"{}", limit_seconds=1)
