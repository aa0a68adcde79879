"""A document's equivalent CDK application: the child's side of `lambdakit eject`.

The document is compiled as for a synthesis, so that whoever ejects has a sound document. Then the bindings run once
more, recorded, and what they called is written as code. Then that code runs, and has to give the same templates:
what would not is refused, and no file is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from aws_cdk import Stack

from lambdakit.compiler.compile import compile_document, new_app
from lambdakit.compiler.ejection.application_files import StackClass, app_file, cdk_file
from lambdakit.compiler.ejection.expressions import Given
from lambdakit.compiler.ejection.names import Names, class_name, variable_name
from lambdakit.compiler.ejection.recorded_modules import RecordedModules
from lambdakit.compiler.ejection.recording import Recorder, Step
from lambdakit.compiler.ejection.stack_module import StackModule, Unwritten, stack_module
from lambdakit.compiler.ejection.text_literals import text_literal
from lambdakit.compiler.ejection.verification import first_difference
from lambdakit.compiler.jsii_errors import said_once
from lambdakit.compiler.source_map import SourceMap
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.diagnostics import file_path
from lambdakit.spec.document import Document, load
from lambdakit.spec.pointer import render_pointer
from lambdakit.spec.stacks import OWN_STACK, stacked_parts

_BINDINGS: Final = "lambdakit.compiler.bindings.application"


def eject_document(document_path: Path, output: Path, work: Path, *, shown_as: str) -> dict[str, str]:
    """The application's files, text by name.

    output: the directory that they are for, which need not exist. work: a directory for this alone.
    shown_as: the document's path in messages.
    DocumentError or SynthesisError when the document has no sound assembly, or cannot be written as code.
    """
    compile_document(document_path, work / "document", shown_as=shown_as, validation=False)
    document = load(document_path)
    documents = (document, *document.environments.values())
    if refusals := list(_several_stacks(documents, shown_as)):
        raise SynthesisError(*said_once(refusals))
    source_map = SourceMap(document, list(document.environments.values()))
    app = new_app(work / "recorded", validation=False, context=document.application.context)
    recorder = Recorder(document.directory.absolute())
    bindings: Any = RecordedModules(recorder).module(_BINDINGS)
    for each in documents:
        scope = recorder.recorded(app, Given("app"))
        bindings.bind_application(scope, each, source_map.of(each.stack_names[0]), acknowledges=True)
    files, classes = _files(document, recorder.steps, source_map, output=output, shown_as=shown_as)
    sentence = f"What cdk.json runs. {_written_by(document)}"
    context = app.node.get_all_context()
    difference = first_difference(files, classes, context, expected=work / "document", work=work, output=output)
    if difference is not None:
        problem = f"the code would not do what the document does: {difference}"
        hint = "nothing was written; report it, with the document"
        raise SynthesisError(Diagnostic(path=shown_as, problem=problem, code="LK435", hint=hint))
    return {"app.py": app_file(classes, sentence), **files, "cdk.json": cdk_file(context)}


def _files(
    document: Document, steps: Sequence[Step], source_map: SourceMap, *, output: Path, shown_as: str
) -> tuple[dict[str, str], list[StackClass]]:
    """The stacks' modules, text by file name, and their classes."""
    files: dict[str, str] = {}
    classes: list[StackClass] = []
    unwritten: list[Unwritten] = []
    project = _project(document.directory, output)
    class_names, modules = Names(()), Names({"app"})
    for made, rest in _stacks(steps):
        name = made.path.rpartition("/")[2]
        stack = StackClass(
            module=modules.give(f"{variable_name(name)}_stack"),
            name=class_names.give(f"{class_name(name)}Stack"),
            id=name,
        )
        text = stack_module(
            StackModule(made=made, steps=rest, class_name=stack.name, project=project, written_by=_written_by(document))
        )
        if isinstance(text, str):
            files[stack.file] = text
            classes.append(stack)
        else:
            unwritten += text
    if unwritten:
        raise SynthesisError(*(_refusal(each, source_map, path=shown_as) for each in unwritten))
    return files, classes


def _written_by(document: Document) -> str:
    return f"Written by `lambdakit eject {_docstring_text(document.path.name)}`; yours to change."


def _docstring_text(name: str) -> str:
    """The name as it may stand in a docstring."""
    return name if re.fullmatch(r"[\w. -]{1,40}", name, re.ASCII) else "DOC"


def _stacks(steps: Sequence[Step]) -> Iterator[tuple[Step, Sequence[Step]]]:
    """Each stack's construction, with the steps up to the next one's."""
    starts = [place for place, step in enumerate(steps) if step.makes and isinstance(step.result, Stack)]
    for start, end in zip(starts, [*starts[1:], len(steps)], strict=True):
        yield steps[start], steps[start + 1 : end]


def _project(directory: Path, output: Path) -> str:
    """The expression that gives the document's directory in a file of the output directory."""
    steps = Path(os.path.relpath(directory.resolve(), output.resolve())).parts
    if not steps:
        return "Path(__file__).parent"
    if set(steps) == {".."}:
        return f"Path(__file__).resolve().parents[{len(steps)}]"
    return f"(Path(__file__).parent / {text_literal('/'.join(steps))}).resolve()"


def _several_stacks(documents: Iterable[Document], path: str) -> Iterator[Diagnostic]:
    """What stands in a further stack, which a class of its own would have to be handed the others' constructs for."""
    for document in documents:
        for pointer, stack in stacked_parts(document.application):
            if stack == OWN_STACK:
                continue
            origin = document.origin((*pointer, "stack"))
            yield Diagnostic(
                path=path if origin is None else file_path(path, origin.file),
                line=None if origin is None else origin.line,
                column=None if origin is None else origin.column,
                pointer=render_pointer((*pointer, "stack") if origin is None else origin.pointer),
                problem=f"cannot be written as CDK code: {pointer[1]} stands in a stack of its own, {stack}",
                code="LK434",
                hint="leave `stack` out, as a document of one stack can be ejected",
            )


def _refusal(unwritten: Unwritten, source_map: SourceMap, *, path: str) -> Diagnostic:
    of_stack = source_map.of(unwritten.path)
    pointer = of_stack.origin(unwritten.path) or ()
    line, column = of_stack.place(pointer)
    return Diagnostic(
        path=path,
        line=line,
        column=column,
        pointer=render_pointer(pointer),
        problem=f"cannot be written as CDK code: {unwritten.what}",
        code="LK434",
        hint="report it, with the document; without this part, the document can be ejected",
    )
