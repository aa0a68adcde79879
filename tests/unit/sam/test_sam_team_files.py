"""Whole files as teams have them: never a defect, and what comes of them can be deployed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import SourceError
from lambdakit.sam.conversion import convert
from lambdakit.sam.template_file import read_template_file
from lambdakit.sam.yaml_text import yaml_text
from lambdakit.spec.document import load

FILES = sorted((Path(__file__).parents[2] / "fakes" / "team_templates").iterdir())
# Whose functions all lie in a file that is not read.
_NOTHING = "serverless_elsewhere.yml"
CODE = "def handler(event, context): ...\ncreate = read = lambda_handler = handler\n"


def _project(directory: Path, template: Path) -> Path:
    """The template's copy, in a project that has what it names."""
    for name in ("app.py", "handler.py", "functions/orders.py", "src/orders/app.py", "src/workers/app.py"):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CODE)
    for name in ("src/index.js", "src/bootstrap", "layers/common/python/shared.py"):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return Path(shutil.copy(template, directory))


def _imported(directory: Path, template: Path) -> Path:
    document = directory / "lambdakit.yaml"
    conversion = convert(read_template_file(_project(directory, template)), document)
    document.write_text(yaml_text(conversion.document), encoding="utf-8")
    assert all(gap.line is not None and gap.column is not None for gap in conversion.gaps)
    return document


@pytest.mark.parametrize("template", FILES, ids=lambda path: path.name)
def test_what_comes_of_it_is_valid_and_every_gap_has_its_line(template: Path, tmp_path: Path) -> None:
    if template.name == _NOTHING:
        with pytest.raises(SourceError, match="nothing of the template can be said"):
            _imported(tmp_path, template)
        return

    document = load(_imported(tmp_path, template))

    assert document.application.patterns


@pytest.mark.exhaustive
@pytest.mark.xdist_group("cdk")
def test_what_comes_of_it_passes_the_cdks_validation(tmp_path: Path) -> None:
    with Compiler(cache_directory=tmp_path / "cache") as compiler:
        for template in FILES:
            if template.name != _NOTHING:
                directory = tmp_path / template.stem
                directory.mkdir()
                assert (compiler.synthesize(_imported(directory, template)) / "manifest.json").is_file()
