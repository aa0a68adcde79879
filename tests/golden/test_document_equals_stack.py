"""The document of a pattern and its hand-written stack give the same template, byte for byte."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.child_environment import child_variables
from lambdakit.compiler.synthesize import Compiler
from lambdakit.constructs.feature_flags import FEATURE_FLAGS

pytestmark = pytest.mark.xdist_group("cdk")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assembly of `cdk.json`'s command, run as the CDK CLI runs it."""
    output = tmp_path_factory.mktemp("stacks")
    project: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())
    context = {
        **project["context"],
        "aws:cdk:enable-path-metadata": project["pathMetadata"],
        "aws:cdk:enable-asset-metadata": project["assetMetadata"],
        "aws:cdk:version-reporting": project["versionReporting"],
    }
    variables = child_variables(os.environ, temporary_directory=tmp_path_factory.mktemp("tmp"))
    subprocess.run(
        shlex.split(project["app"]),
        cwd=ROOT,
        env={
            **variables,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]]),
            "CDK_OUTDIR": str(output),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        check=True,
        timeout=300,
    )
    return output


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Compiler(validation=False, cache_directory=tmp_path_factory.mktemp("cache")) as compiler:
        yield compiler


@pytest.mark.parametrize(
    ("pattern", "stack"), [("api_backend", "shop"), ("event_processing", "pictures"), ("stream_processing", "site")]
)
def test_the_document_gives_what_the_stack_gives(compiler: Compiler, stacks: Path, pattern: str, stack: str) -> None:
    assembly = compiler.synthesize(ROOT / "patterns" / pattern / "lambdakit.yaml")

    from_document, from_stack = (
        json.dumps(json.loads((directory / f"{stack}.template.json").read_text()), indent=1)
        for directory in (assembly, stacks)
    )
    assert from_document == from_stack


def test_cdk_json_sets_the_flags_that_documents_are_compiled_with() -> None:
    assert json.loads((ROOT / "cdk.json").read_text())["context"] == dict(FEATURE_FLAGS)
