"""One document in, one cloud assembly out: the child's side of a synthesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from aws_cdk import App
from jsii.errors import JavaScriptError, JSIIError

from lambdakit.compiler.bindings.application import bind_application
from lambdakit.compiler.jsii_errors import refused_by_cdk, refused_by_construct
from lambdakit.compiler.source_map import SourceMap
from lambdakit.compiler.validation_report import Findings, read_findings
from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.document import Document, load

_CONTEXT: Final[Mapping[str, object]] = {
    **FEATURE_FLAGS,
    # What the CDK CLI sets, too, so that both write the same template.
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    # They would name temporary directories, and the same input would not give the same bytes.
    "aws:cdk:disable-creation-stack-traces": True,
}


def compile_document(
    document_path: Path, output: Path, *, shown_as: str, validation: bool, check: bool = False
) -> list[Diagnostic]:
    """Writes the document's cloud assembly to `output`, and returns what the CDK warns of.

    output: a directory that this process never wrote to before; the CDK remembers assets by it.
    shown_as: the document's path in messages.
    check: whether cdk-nag and cfn-lint look at it as well.
    DocumentError or SynthesisError when there is no sound assembly; what is in `output` is then of no use.
    """
    document = load(document_path)
    source_map = SourceMap(document)
    add_packs = _packs() if check else None
    try:
        _synthesize(document, output, source_map, validation=validation, add_packs=add_packs)
    except SynthesisError as error:
        raise refused_by_construct(error, source_map, path=shown_as) from error
    # The bridge raises RuntimeError for what JavaScript threw, and its own error for a fault of the bridge.
    except (RuntimeError, JSIIError) as error:
        if not isinstance(error.__cause__, JavaScriptError):
            raise
        findings = _findings(document, output, source_map, path=shown_as, check=check)
        if findings.errors:
            raise SynthesisError(*findings.errors) from error
        raise refused_by_cdk(error, source_map, path=shown_as) from error
    findings = _findings(document, output, source_map, path=shown_as, check=check)
    if findings.errors:
        raise SynthesisError(*findings.errors)
    return list(findings.warnings)


def _packs() -> Callable[[App], None]:
    # Before the constructs are made, which say their reasons only when the packs are there.
    from lambdakit.compiler.checks import add_packs

    return add_packs


def _findings(document: Document, output: Path, source_map: SourceMap, *, path: str, check: bool) -> Findings:
    findings = read_findings(output, source_map, path=path)
    if not check:
        return findings
    from lambdakit.compiler.template_lint import lint_templates

    def is_acknowledged(construct_path: str, rule: str) -> bool:
        match source_map.origin(construct_path):
            case ("patterns", str(key), *_):
                return rule in document.application.patterns[key].acknowledge
        return False

    linted = lint_templates(output, source_map, path=path, is_acknowledged=is_acknowledged)
    return Findings(
        errors=(*findings.errors, *linted.errors),
        warnings=(*findings.warnings, *linted.warnings),
    )


def _synthesize(
    document: Document,
    output: Path,
    source_map: SourceMap,
    *,
    validation: bool,
    add_packs: Callable[[App], None] | None,
) -> None:
    app = new_app(output, validation=validation)
    if add_packs is not None:
        add_packs(app)
    stack = bind_application(app, document, source_map, acknowledges=add_packs is not None)
    app.synth()
    source_map.write(output, {stack.stack_name: output / stack.template_file})


def new_app(output: Path, *, validation: bool) -> App:
    """An application as the CDK CLI would run it with this repository's `cdk.json`."""
    return App(
        outdir=str(output),
        context=dict(_CONTEXT),
        analytics_reporting=False,
        stack_traces=False,
        builtin_cloud_formation_validation=validation,
        auto_synth=False,
    )
