"""One document in, one cloud assembly out: the child's side of a synthesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from aws_cdk import App, Stack
from jsii.errors import JavaScriptError, JSIIError

from lambdakit.compiler.bindings import api_backend
from lambdakit.compiler.bindings.function import layer_versions
from lambdakit.compiler.bindings.scope import BindingScope
from lambdakit.compiler.jsii_errors import refused_by_cdk, refused_by_construct
from lambdakit.compiler.source_map import SourceMap
from lambdakit.compiler.validation_report import read_findings
from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.document import Document, load
from lambdakit.spec.patterns import ApiBackend, Pattern

_CONTEXT: Final[Mapping[str, object]] = {
    **FEATURE_FLAGS,
    # What the CDK CLI sets, too, so that both write the same template.
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    # They would name temporary directories, and the same input would not give the same bytes.
    "aws:cdk:disable-creation-stack-traces": True,
}

_BINDINGS: Final[Mapping[type[Pattern], Callable[[BindingScope, str, Pattern], None]]] = {
    ApiBackend: api_backend.bind,
}


def compile_document(document_path: Path, output: Path, *, shown_as: str, validation: bool) -> list[Diagnostic]:
    """Writes the document's cloud assembly to `output`, and returns what the CDK warns of.

    output: a directory that this process never wrote to before; the CDK remembers assets by it.
    shown_as: the document's path in messages.
    DocumentError or SynthesisError when there is no sound assembly; what is in `output` is then of no use.
    """
    document = load(document_path)
    source_map = SourceMap(document)
    try:
        _synthesize(document, output, source_map, validation=validation)
    except SynthesisError as error:
        raise refused_by_construct(error, source_map, path=shown_as) from error
    # The bridge raises RuntimeError for what JavaScript threw, and its own error for a fault of the bridge.
    except (RuntimeError, JSIIError) as error:
        if not isinstance(error.__cause__, JavaScriptError):
            raise
        findings = read_findings(output, source_map, path=shown_as)
        if findings.errors:
            raise SynthesisError(*findings.errors) from error
        raise refused_by_cdk(error, source_map, path=shown_as) from error
    findings = read_findings(output, source_map, path=shown_as)
    if findings.errors:
        raise SynthesisError(*findings.errors)
    return list(findings.warnings)


def _synthesize(document: Document, output: Path, source_map: SourceMap, *, validation: bool) -> None:
    application = document.application
    app = new_app(output, validation=validation)
    stack = Stack(app, application.application)
    source_map.record(stack.node.path, ())
    scope = BindingScope(
        stack=stack,
        defaults=application.defaults,
        directory=document.directory.absolute(),
        layers=layer_versions(
            stack, application.layers, directory=document.directory.absolute(), source_map=source_map
        ),
        source_map=source_map,
    )
    for key, pattern in application.patterns.items():
        _BINDINGS[type(pattern)](scope, key, pattern)
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
