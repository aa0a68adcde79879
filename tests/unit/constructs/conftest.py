"""Gives jsii the bundled Node.js before any test module imports the CDK, and what the tests build on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lambdakit.compiler.child_environment import bundled_node

os.environ.setdefault("JSII_NODE", str(bundled_node()))
os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")

# Only now: importing the CDK starts Node.js.
from aws_cdk import App, Stack

from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_properties import FunctionProperties


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False), "shop")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A function's directory, with the handler `app.handler`."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): return event\n")
    return tmp_path / "code"


@pytest.fixture
def function(code: Path) -> FunctionProperties:
    return FunctionProperties(code=code, handler="app.handler")
