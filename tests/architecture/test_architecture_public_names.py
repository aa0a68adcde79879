"""The public names of the package: this list, importable, and typed for those who use them."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest

import lambdakit

_ROOT = Path(__file__).parents[2]

# A change here is a change of the contract with every user.
_PUBLIC_NAMES = [
    "ApiBackend",
    "EventProcessing",
    "Harness",
    "LambdaFunction",
    "LambdakitError",
    "StreamProcessing",
    "__version__",
]


def test_public_names_are_the_recorded_ones() -> None:
    assert sorted(lambdakit.__all__) == sorted(_PUBLIC_NAMES)


@pytest.mark.xdist_group("cdk")
@pytest.mark.parametrize("name", _PUBLIC_NAMES)
def test_public_name_can_be_imported(name: str) -> None:
    namespace: dict[str, object] = {}

    exec(f"from lambdakit import {name}", namespace)

    assert name in namespace


def test_public_names_are_offered_for_completion() -> None:
    assert dir(lambdakit) == sorted(_PUBLIC_NAMES)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'lambdakit' has no attribute 'Harnes'"):
        _ = lambdakit.Harnes


def test_package_ships_its_types() -> None:
    wheel = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert resources.files("lambdakit").joinpath("py.typed").is_file()
    assert wheel["packages"] == ["lambdakit"]
    assert "exclude" not in wheel


def test_version_is_the_distributions() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]

    assert lambdakit.__version__ == project["version"]
