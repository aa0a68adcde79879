"""Addresses that stand for names, and the names of services."""

from __future__ import annotations

import ipaddress

import pytest
from botocore.session import Session
from botocore.utils import hyphenize_service_id

from lambdakit.harness.network.service_names import service_at, service_variables
from lambdakit.harness.network.synthetic_names import OUTSIDE, RELAYED, SyntheticNames, is_relayed


def test_name_has_one_address_of_each_kind() -> None:
    names = SyntheticNames()

    outside, relayed = names.outside("api.example.com"), names.relayed("api.example.com")

    assert outside is not None and relayed is not None
    assert ipaddress.IPv4Address(outside) in OUTSIDE
    assert ipaddress.IPv4Address(relayed) in RELAYED
    assert (is_relayed(outside), is_relayed(relayed)) == (False, True)
    assert names.name_of(outside) == names.name_of(relayed) == "api.example.com"
    assert names.outside("api.example.com") == outside
    assert names.outside("other.example.com") != outside


@pytest.mark.parametrize("address", ["198.18.0.0", "198.18.0.2", "198.19.255.255", "10.0.0.1", "1.1.1.1"])
def test_address_that_stands_for_nothing_has_no_name(address: str) -> None:
    names = SyntheticNames()
    names.outside("api.example.com")

    assert names.name_of(address) == ""


def test_addresses_run_out() -> None:
    names = SyntheticNames()

    found = [names.outside(f"host{number}.example.com") for number in range(OUTSIDE.num_addresses)]

    assert found[-1] is None
    assert len(set(found) - {None}) == OUTSIDE.num_addresses - 2


def test_variables_are_those_that_the_sdk_reads_and_lead_to_what_it_signs_for() -> None:
    session = Session()
    models = [session.get_service_model(name) for name in session.get_available_services()]
    signed_for = {
        "AWS_ENDPOINT_URL_" + hyphenize_service_id(str(model.service_id)).replace("-", "_").upper(): model.signing_name
        for model in models
    }

    variables = service_variables("eu-west-1", 4566)

    assert variables["AWS_ENDPOINT_URL_DYNAMODB"] == "http://dynamodb.eu-west-1.amazonaws.com:4566"
    for variable, url in variables.items():
        service = service_at(url.removeprefix("http://").removesuffix(":4566"))
        assert service is not None
        assert (variable, service.service) == (variable, signed_for[variable])
        assert service.region == "eu-west-1"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1"])
def test_other_partitions_keep_the_one_address(region: str) -> None:
    assert service_variables(region, 4566) == {}


@pytest.mark.parametrize(
    "host",
    [
        "s3.us-east-1.amazonaws.com",
        "bucket.dynamodb.us-east-1.amazonaws.com",
        "dynamodb.us-east-1.amazonaws.com.example.com",
        "dynamodb.amazonaws.com",
        "db.abc.us-east-1.rds.amazonaws.com",
    ],
)
def test_other_names_are_no_service(host: str) -> None:
    assert service_at(host) is None
