"""What a harness is started with."""

from __future__ import annotations

import pytest

from lambdakit.errors import HarnessError
from lambdakit.harness.options import Options, read_options


def test_nothing_given_is_the_defaults() -> None:
    assert read_options({}) == Options()


def test_everything_given_is_read() -> None:
    wire = {
        "account_id": "111122223333",
        "region": "eu-central-1",
        "enforce_iam": "on",
        "enforce_network": "on",
        "sandbox": "off",
        "unsupported": "warn",
        "port": 4566,
        "seed": 7,
        "token": "secret",
    }

    assert read_options(wire) == Options(
        account_id="111122223333",
        region="eu-central-1",
        sandbox="off",
        unsupported="warn",
        port=4566,
        seed=7,
        token="secret",
    )


@pytest.mark.parametrize(
    "region",
    ["us-east-1", "ap-southeast-7", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "eusc-de-east-1", "mx-central-1"],
)
def test_regions_of_every_partition_are_known_by_their_form(region: str) -> None:
    assert read_options({"region": region}).region == region


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account_id", "12345678901"),
        ("account_id", "1234567890123"),
        ("account_id", "12345678901x"),
        ("account_id", "１２３４５６７８９０１２"),
        ("account_id", "123456789012\n"),
        ("region", "mars"),
        ("region", "us-east"),
        ("region", "US-EAST-1"),
        ("region", "us-east-1/../.."),
        ("region", ""),
        ("sandbox", "on"),
        ("unsupported", "ignore"),
        ("port", -1),
        ("port", 65_536),
        ("port", "4566"),
        ("port", True),
        ("port", 1.5),
        ("port", None),
        ("seed", "7"),
        ("seed", True),
        ("seed", None),
    ],
)
def test_a_value_that_is_not_allowed_is_named(name: str, value: object) -> None:
    with pytest.raises(HarnessError) as refused:
        read_options({name: value})

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "LK502"
    assert diagnostic.problem.startswith(f"{name}: {value!r} ")


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(HarnessError, match=r"colour is no option of the harness \[LK502\]"):
        read_options({"region": "us-east-1", "colour": "blue"})


@pytest.mark.parametrize(("name", "value"), [("enforce_iam", "maybe"), ("enforce_network", "strict")])
def test_guards_have_no_other_settings(name: str, value: str) -> None:
    with pytest.raises(HarnessError, match=f"{name}: '{value}' is none of on, "):
        read_options({name: value})
