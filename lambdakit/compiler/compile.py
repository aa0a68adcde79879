"""One document in, one cloud assembly out: the child's side of a synthesis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aws_cdk import App
from jsii.errors import JavaScriptError, JSIIError

from lambdakit.compiler.bindings.application import bind_application
from lambdakit.compiler.jsii_errors import refused_by_cdk, refused_by_construct, said_once
from lambdakit.compiler.named_rules import NamedRules
from lambdakit.compiler.source_map import SourceMap
from lambdakit.compiler.template_sizes import RESOURCE_LIMIT, too_large
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
# The CDK's default, which it warns of where nobody says it. Source: aws-cdk-lib's README, "Reference strength"
ACROSS_STACKS: Final[Mapping[str, object]] = {"@aws-cdk/core:defaultCrossStackReferences": "strong"}


def compile_document(
    document_path: Path,
    output: Path,
    *,
    shown_as: str,
    validation: bool,
    check: bool = False,
    environment: str | None = None,
) -> list[Diagnostic]:
    """Writes the document's cloud assembly to `output`, and returns what the CDK warns of.

    It holds the document's stacks and those of each environment.

    output: a directory that this process never wrote to before; the CDK remembers assets by it.
    shown_as: the document's path in messages.
    check: whether cdk-nag and cfn-lint look at it as well.
    environment: whose stacks alone are made; None for all.
    DocumentError or SynthesisError when there is no sound assembly; what is in `output` is then of no use.
    """
    document = load(document_path, environment=environment)
    own = [document] if environment is None else []
    first, *others = made = [*own, *document.environments.values()]
    documents = {name: each for each in made for name in each.stack_names}
    source_map = SourceMap(first, others)
    add_packs = _packs() if check else None
    try:
        _synthesize(made, output, source_map, validation=validation, add_packs=add_packs)
    except SynthesisError as error:
        raise refused_by_construct(error, source_map, path=shown_as) from error
    # The bridge raises RuntimeError for what JavaScript threw, and its own error for a fault of the bridge.
    except (RuntimeError, JSIIError) as error:
        if not isinstance(error.__cause__, JavaScriptError):
            raise
        _refuse_large(documents, output, source_map, path=shown_as)
        findings = _findings(documents, output, source_map, path=shown_as, check=check)
        if findings.errors:
            raise SynthesisError(*findings.errors) from error
        raise refused_by_cdk(error, source_map, path=shown_as) from error
    _refuse_large(documents, output, source_map, path=shown_as)
    findings = _findings(documents, output, source_map, path=shown_as, check=check)
    if findings.errors:
        raise SynthesisError(*findings.errors)
    return list(findings.warnings)


def _refuse_large(stacks: Iterable[str], output: Path, source_map: SourceMap, *, path: str) -> None:
    if problems := said_once(too_large(output, stacks, source_map, path=path)):
        raise SynthesisError(*problems)


def _packs() -> Callable[[App], None]:
    # Before the constructs are made, which say their reasons only when the packs are there.
    from lambdakit.compiler.checks import add_packs

    return add_packs


def _findings(
    documents: Mapping[str, Document], output: Path, source_map: SourceMap, *, path: str, check: bool
) -> Findings:
    rules = NamedRules(output, documents)
    findings = read_findings(output, source_map, path=path, rules=rules)
    if not check:
        return Findings(errors=said_once(findings.errors), warnings=said_once(findings.warnings))
    from lambdakit.compiler.template_lint import lint_templates
    from lambdakit.compiler.written_checks import check_written

    def is_acknowledged(construct_path: str, rule: str) -> bool:
        document = documents.get(construct_path.partition("/")[0])
        match source_map.of(construct_path).origin(construct_path):
            case ("patterns", str(key), *_) if document is not None:
                return rules.is_among(construct_path, rule, document.application.patterns[key].acknowledge)
            case ("functions", str(key), *_) if document is not None:
                return rules.is_among(construct_path, rule, document.application.functions[key].acknowledge)
        return False

    linted = lint_templates(output, source_map, path=path, is_acknowledged=is_acknowledged)
    written = check_written(output, documents, source_map, path=path, is_acknowledged=is_acknowledged)
    return Findings(
        errors=said_once((*findings.errors, *linted.errors, *written.errors)),
        warnings=said_once((*findings.warnings, *linted.warnings, *written.warnings)),
    )


def _synthesize(
    documents: Sequence[Document],
    output: Path,
    source_map: SourceMap,
    *,
    validation: bool,
    add_packs: Callable[[App], None] | None,
) -> None:
    context = {**ACROSS_STACKS, **documents[0].application.context, RESOURCE_LIMIT: 0}
    app = new_app(output, validation=validation, context=context)
    if add_packs is not None:
        add_packs(app)
    stacks = [
        stack
        for document in documents
        for stack in bind_application(
            app, document, source_map.of(document.stack_names[0]), acknowledges=add_packs is not None
        )
    ]
    app.synth()
    source_map.write(output, {stack.stack_name: output / stack.template_file for stack in stacks})


def new_app(output: Path, *, validation: bool, context: Mapping[str, object] = MappingProxyType({})) -> App:
    """An application as the CDK CLI would run it with this repository's `cdk.json`.

    context: laid over what every application has.
    """
    return App(
        outdir=str(output),
        context={**_CONTEXT, **context},
        analytics_reporting=False,
        stack_traces=False,
        builtin_cloud_formation_validation=validation,
        auto_synth=False,
    )
