"""moto still answers through the method that `lambdakit.harness.moto_state.writes` counts requests by."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.writes import last_write, watch_writes

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID = "787878787878"
Requests = Callable[[Account], Any]


@pytest.fixture(scope="module")
def account() -> Account:
    watch_writes()
    return Account(account_id=ACCOUNT_ID, region="eu-west-1")


def _network(account: Account) -> Any:
    return account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")


def _database(account: Account) -> Any:
    client = account.client("rds")
    client.create_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t3.micro", Engine="postgres")
    return client.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)


def _file_system(account: Account) -> Any:
    return account.client("efs").create_file_system(CreationToken="t")


def _balancer(account: Account) -> Any:
    subnets = account.client("ec2").describe_subnets()["Subnets"][:2]
    return account.client("elbv2").create_load_balancer(Name="b", Subnets=[each["SubnetId"] for each in subnets])


def _failing(account: Account) -> Any:
    client = account.client("ec2")
    with pytest.raises(client.exceptions.ClientError):
        client.delete_vpc(VpcId="vpc-1")


@pytest.mark.parametrize("write", [_network, _database, _file_system, _balancer, _failing])
def test_write_makes_another_number(account: Account, write: Requests) -> None:
    account.client("ec2").describe_vpcs()
    before = last_write()

    write(account)

    assert last_write() != before


def _reads(account: Account) -> Any:
    account.client("ec2").describe_vpcs()
    account.client("rds").describe_db_instances()
    account.client("opensearch").list_domain_names()


def _messages(account: Account) -> Any:
    client = account.client("sqs")
    url = client.create_queue(QueueName="q")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="m")


def _items(account: Account) -> Any:
    client = account.client("dynamodb")
    key = {"AttributeName": "k", "AttributeType": "S"}
    schema = [{"AttributeName": "k", "KeyType": "HASH"}]
    client.create_table(TableName="t", AttributeDefinitions=[key], KeySchema=schema, BillingMode="PAY_PER_REQUEST")
    client.put_item(TableName="t", Item={"k": {"S": "1"}})


def _objects(account: Account) -> Any:
    client = account.client("s3")
    client.create_bucket(Bucket="writes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_object(Bucket="writes", Key="k", Body=b"")


@pytest.mark.parametrize("requests", [_reads, _messages, _items, _objects])
def test_what_comes_with_every_invocation_makes_none(account: Account, requests: Requests) -> None:
    account.client("ec2").describe_vpcs()
    before = last_write()

    requests(account)

    assert last_write() == before


def test_number_never_comes_back(account: Account) -> None:
    seen = []
    for _ in range(5):
        _network(account)
        seen.append(last_write())

    assert len(set(seen)) == len(seen)


def test_watching_loads_nothing_of_moto_and_twice_is_once() -> None:
    program = (
        "import sys; from lambdakit.harness.moto_state.writes import last_write, watch_writes; watch_writes(); "
        "watch_writes(); assert last_write() == 0; "
        "assert not [name for name in sys.modules if name.startswith('moto')]; "
        "import moto.core.responses as responses; assert last_write() == 0; call = responses.BaseResponse.call_action; "
        "assert not hasattr(call.__wrapped__, '__wrapped__')"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
