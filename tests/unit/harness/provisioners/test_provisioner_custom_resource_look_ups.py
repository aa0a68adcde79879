"""What is handed to functions of custom resources that they would look up outside."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lambdakit.harness.deployment.provisioners.custom_resource_look_ups import with_look_ups

TYPE = "Custom::AWSCDKOpenIdConnectProvider"
URL = "https://token.actions.githubusercontent.com"


def test_the_thumbprint_of_an_issuer_has_the_form_of_one_and_stays() -> None:
    properties, note = with_look_ups(TYPE, {"Url": URL, "ClientIDList": ["sts.amazonaws.com"]})

    (thumbprint,) = properties["ThumbprintList"]
    assert re.fullmatch("[0-9a-f]{40}", thumbprint)
    assert properties["ClientIDList"] == ["sts.amazonaws.com"]
    assert thumbprint in note
    assert URL in note
    assert with_look_ups(TYPE, {"Url": URL})[0]["ThumbprintList"] == [thumbprint]
    assert with_look_ups(TYPE, {"Url": f"{URL}/a"})[0]["ThumbprintList"] != [thumbprint]


@pytest.mark.parametrize(
    ("type_", "properties"),
    [(TYPE, {"Url": URL, "ThumbprintList": ["a" * 40]}), ("Custom::Mine", {"Url": URL})],
    ids=["given", "another type"],
)
def test_what_is_given_or_of_another_type_stays_as_it_is(type_: str, properties: dict[str, Any]) -> None:
    assert with_look_ups(type_, properties) == (properties, "")
