"""moto's services still take the ids that `lambdakit.harness.moto_state.wanted_resources` gives what they made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.wanted_resources import (
    forget_key,
    rename_certificate,
    rename_key,
    rename_listener,
    rename_load_balancer,
    rename_secret,
    rename_table_stream,
    rename_user_pool,
    rename_zone,
)

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID, REGION = "444455557777", "eu-west-1"
PLACE = {"account_id": ACCOUNT_ID, "region": REGION}


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(**PLACE)


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"


def test_a_key_encrypts_under_its_new_id(account: Account) -> None:
    kms = account.client("kms")
    wanted = "1234abcd-12ab-34cd-56ef-1234567890ab"

    rename_key(kms.create_key()["KeyMetadata"]["KeyId"], wanted, **PLACE)

    sealed = kms.encrypt(KeyId=arn("kms", f"key/{wanted}"), Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert kms.describe_key(KeyId=wanted)["KeyMetadata"]["Arn"] == arn("kms", f"key/{wanted}")
    forget_key(wanted, **PLACE)
    with pytest.raises(ClientError, match="NotFoundException"):
        kms.describe_key(KeyId=wanted)


def test_a_certificate_is_issued_under_its_new_arn(account: Account) -> None:
    acm = account.client("acm")
    wanted = arn("acm", "certificate/11111111-2222-3333-4444-555555555555")

    rename_certificate(acm.request_certificate(DomainName="a.example.com")["CertificateArn"], wanted, **PLACE)

    described = acm.describe_certificate(CertificateArn=wanted)["Certificate"]
    assert (described["CertificateArn"], described["Status"]) == (wanted, "ISSUED")


def test_a_zone_takes_records_under_its_new_id(account: Account) -> None:
    route53 = account.client("route53")
    made = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    record = {"Name": "a.example.com", "Type": "CNAME", "TTL": 1, "ResourceRecords": [{"Value": "example.org"}]}

    rename_zone(made.rpartition("/")[2], "DUMMY", account_id=ACCOUNT_ID)

    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId="DUMMY", ChangeBatch={"Changes": changes})
    assert route53.get_hosted_zone(Id="DUMMY")["HostedZone"]["Id"] == "/hostedzone/DUMMY"


def test_a_user_pool_takes_users_under_its_new_id(account: Account) -> None:
    cognito = account.client("cognito-idp")
    wanted = f"{REGION}_AbCdEf123"

    rename_user_pool(cognito.create_user_pool(PoolName="p")["UserPool"]["Id"], wanted, **PLACE)

    cognito.admin_create_user(UserPoolId=wanted, Username="ann")
    pool = cognito.describe_user_pool(UserPoolId=wanted)["UserPool"]
    assert (pool["Id"], pool["Arn"]) == (wanted, arn("cognito-idp", f"userpool/{wanted}"))


def test_a_load_balancer_and_its_listener_are_found_by_their_new_arns(account: Account) -> None:
    ec2, elb = account.client("ec2"), account.client("elbv2")
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
    balancer = arn("elasticloadbalancing", "loadbalancer/app/main/50dc6c495c0c9188")
    listener = balancer.replace(":loadbalancer/", ":listener/") + "/f2f7dc8efc522ab2"
    action: dict[str, Any] = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}

    made = elb.create_load_balancer(Name="main", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    rename_load_balancer(made, balancer, **PLACE)
    made = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
    rename_listener(made["Listeners"][0]["ListenerArn"], listener, balancer=balancer, **PLACE)

    path = [{"Field": "path-pattern", "Values": ["/x"]}]
    elb.create_rule(ListenerArn=listener, Priority=1, Conditions=path, Actions=[action])
    assert [each["ListenerArn"] for each in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]] == [listener]
    assert len(elb.describe_rules(ListenerArn=listener)["Rules"]) == 2


def test_a_secret_is_had_by_its_new_arn(account: Account) -> None:
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="db/password", SecretString=json.dumps({"a": 1}))
    wanted = arn("secretsmanager", "secret:db/password-AbCdEf")

    assert rename_secret("db/password", wanted, **PLACE)

    assert secrets.get_secret_value(SecretId=wanted)["ARN"] == wanted
    assert not rename_secret("db/password", wanted, **PLACE)


def test_a_name_that_ends_like_an_arn_is_left_alone(account: Account) -> None:
    secrets = account.client("secretsmanager")
    for name in ("my", "my-secret"):
        secrets.create_secret(Name=name, SecretString="x")

    assert not rename_secret("my", arn("secretsmanager", "secret:my-secret"), **PLACE)


def test_a_stream_is_read_by_its_new_label(account: Account) -> None:
    dynamodb = account.client("dynamodb")
    made: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    dynamodb.create_table(TableName="dry", **made)
    dynamodb.create_table(
        TableName="orders", **made, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    label = "2024-01-01T00:00:00.000"

    renamed = [rename_table_stream(name, label, **PLACE) for name in ("orders", "orders", "dry", "none")]

    assert renamed == [True, False, False, False]
    described = dynamodb.describe_table(TableName="orders")["Table"]
    assert described["LatestStreamArn"] == arn("dynamodb", f"table/orders/stream/{label}")
