"""`synth --check`: what cdk-nag and cfn-lint find, at the document's line, and what the document says of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lambdakit.compiler.check_packages import require_checks
from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

REASON = "everybody may call it"


@pytest.fixture(scope="module")
def compiler(checking_compiler: Compiler) -> Compiler:
    return checking_compiler


def _acknowledging(document: Path, *rules: str) -> None:
    reasons = ", ".join(f'"{rule}": {REASON}' for rule in rules)
    document.write_text(f"{document.read_text()}    acknowledge: {{{reasons}}}\n")


def test_a_finding_is_an_error_at_the_documents_line_with_what_to_write(compiler: Compiler, document: Path) -> None:
    with pytest.raises(SynthesisError) as caught:
        compiler.synthesize(document)

    (found,) = caught.value.diagnostics
    assert (found.path, found.line, found.code) == (str(document), 7, "LK421")
    assert found.pointer == "patterns.orders.routes.GET /orders"
    assert "rule AwsSolutions-APIG4 of cdk-nag's pack AwsSolutions" in found.problem
    assert 'acknowledge: {"AwsSolutions-APIG4": your reason}' in found.hint


def test_what_the_document_gives_a_reason_for_is_none(compiler: Compiler, document: Path, tmp_path: Path) -> None:
    _acknowledging(document, "AwsSolutions-APIG4")

    assembly = compiler.synthesize(document, tmp_path / "out")

    assert REASON in (assembly / "validation-report.json").read_text()


def test_a_reason_for_one_rule_is_none_for_another(compiler: Compiler, document: Path) -> None:
    _acknowledging(document, "AwsSolutions-APIG1")

    with pytest.raises(SynthesisError, match="AwsSolutions-APIG4"):
        compiler.synthesize(document)


def test_findings_are_told_each_time_and_templates_are_the_same(
    compiler: Compiler, validating_compiler: Compiler, document: Path, tmp_path: Path
) -> None:
    _acknowledging(document, "AwsSolutions-APIG4", "Serverless-LambdaDLQ", "E3012")
    without = validating_compiler.synthesize(document, tmp_path / "without")

    checked = compiler.synthesize(document, tmp_path / "checked")

    assert (checked / "shop.template.json").read_bytes() == (without / "shop.template.json").read_bytes()


@pytest.mark.parametrize("missing", ["cdk_nag", "cfnlint"])
def test_without_its_packages_the_way_out_is_told(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(SynthesisError) as caught:
        Compiler(check=True)

    (found,) = caught.value.diagnostics
    assert found.code == "LK424"
    assert missing.replace("_", "-").replace("cfnlint", "cfn-lint") in found.problem
    assert found.hint == 'pip install "lambdakit[check]"'


def test_with_its_packages_nothing_is_refused() -> None:
    require_checks()
