"""Where the code of functions and layers is said to be, in a form that no service takes."""

from __future__ import annotations

import pytest

from lambdakit.harness.deployment.provisioner import ResourceRefused
from tests.fakes.provisioning import ACCOUNT_ID, Provisioning

FUNCTION = {"Handler": "index.handler", "Runtime": "python3.13", "Role": f"arn:aws:iam::{ACCOUNT_ID}:role/r"}


@pytest.mark.parametrize(
    ("type_name", "name", "others"),
    [("AWS::Lambda::Function", "Code", FUNCTION), ("AWS::Lambda::LayerVersion", "Content", {})],
)
class TestLocations:
    def test_a_path_is_refused_with_what_takes_it(
        self, provisioning: Provisioning, type_name: str, name: str, others: dict[str, str]
    ) -> None:
        with pytest.raises(ResourceRefused, match=f"^{name} is a path, and has to be an object$") as refused:
            provisioning.create(type_name, {**others, name: "src/orders"})

        assert refused.value.property_pointer == name
        assert "aws cloudformation package" in refused.value.hint

    @pytest.mark.parametrize("told", [["src/orders"], 7, True])
    def test_nothing_else_is_an_object_either(
        self, provisioning: Provisioning, type_name: str, name: str, others: dict[str, str], told: object
    ) -> None:
        with pytest.raises(ResourceRefused, match=f"^{name} has to be an object$") as refused:
            provisioning.create(type_name, {**others, name: told})

        assert refused.value.property_pointer == name
