"""What templates take from the account: parameters, secrets, and what every account has.

Source: CloudFormation User Guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import json
import re

import pytest

from lambdakit.assembly.dynamic_references import DynamicReference
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.values import AccountValues, availability_zones

pytestmark = pytest.mark.xdist_group("moto")

_ACCOUNT = "333344445555"


@pytest.fixture(scope="module")
def account() -> Account:
    account = Account(account_id=_ACCOUNT, region="eu-west-1")
    ssm, secrets = account.client("ssm"), account.client("secretsmanager")
    for value in ("one", "two"):
        ssm.put_parameter(Name="/a/b", Value=value, Type="String", Overwrite=True)
    ssm.put_parameter(Name="/secure", Value="hidden", Type="SecureString")
    ssm.put_parameter(Name="/cdk-bootstrap/mine/version", Value="7", Type="String")
    secrets.create_secret(Name="json", SecretString=json.dumps({"user": "u", "port": 5432, "on": True, "list": [1]}))
    secrets.create_secret(Name="text", SecretString="not JSON")
    secrets.create_secret(Name="number", SecretString="5")
    secrets.create_secret(Name="binary", SecretBinary=b"x")
    return account


@pytest.fixture
def values(account: Account) -> AccountValues:
    return AccountValues(account, account_id=_ACCOUNT, region="eu-west-1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("/a/b", "two"),
        ("/a/b:1", "one"),
        ("/secure", "hidden"),
        ("/cdk-bootstrap/mine/version", "7"),
        ("/cdk-bootstrap/hnb659fds/version", "30"),
    ],
)
def test_a_parameter(values: AccountValues, name: str, value: str) -> None:
    assert values.parameter(name) == value


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", r"ami-[0-9a-f]{17}"),
        ("/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id", r"ami-[0-9a-f]{17}"),
        ("/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended", r'\{"image_id": "ami-[0-9a-f]{17}".*\}'),
    ],
)
def test_aws_s_own_parameters_are_in_every_account(values: AccountValues, name: str, form: str) -> None:
    assert re.fullmatch(form, values.parameter(name))
    assert values.parameter(name) == values.parameter(name)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("python/x86_64/python3.13/latest", "017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64"),
        ("python/arm64/python3.9/3.4.0", "017000801446:layer:AWSLambdaPowertoolsPythonV3-python39-arm64"),
        ("typescript/generic/all/2.14.0", "094274105915:layer:AWSLambdaPowertoolsTypeScriptV2"),
    ],
)
def test_parameters_of_powertools_name_its_layers(values: AccountValues, name: str, layer: str) -> None:
    assert values.parameter(f"/aws/service/powertools/{name}") == f"arn:aws:lambda:eu-west-1:{layer}:1"


@pytest.mark.parametrize("name", ["/no", "", "/a/b:9", "not a name!"])
def test_a_parameter_that_is_not_there(values: AccountValues, name: str) -> None:
    with pytest.raises(LookupError):
        values.parameter(name)


def test_what_is_in_another_region_is_not_here(account: Account) -> None:
    with pytest.raises(LookupError):
        AccountValues(account, account_id=_ACCOUNT, region="us-east-1").parameter("/a/b")


@pytest.mark.parametrize(("key", "value"), [("user", "u"), ("port", "5432"), ("on", "true"), ("list", "[1]")])
def test_a_key_of_a_secret(values: AccountValues, key: str, value: str) -> None:
    reference = DynamicReference(service="secretsmanager", name="json", text="", json_key=key)

    assert values.dynamic(reference) == value


def test_a_whole_secret_and_a_version_of_a_parameter(values: AccountValues) -> None:
    assert values.dynamic(DynamicReference(service="secretsmanager", name="text", text="")) == "not JSON"
    assert values.dynamic(DynamicReference(service="ssm", name="/a/b", text="", version=1)) == "one"
    assert values.dynamic(DynamicReference(service="ssm-secure", name="/secure", text="")) == "hidden"


@pytest.mark.parametrize(
    ("name", "key"), [("no", ""), ("json", "none"), ("text", "user"), ("number", "user"), ("binary", "")]
)
def test_a_secret_that_is_not_there(values: AccountValues, name: str, key: str) -> None:
    with pytest.raises(LookupError):
        values.dynamic(DynamicReference(service="secretsmanager", name=name, text="", json_key=key))


def test_the_zones_of_a_region() -> None:
    assert availability_zones("eu-west-1") == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert [zone[-1] for zone in availability_zones("us-east-1")] == ["a", "b", "c", "d", "e", "f"]
    assert len(availability_zones("us-west-2")) == 4
