"""A document's equivalent CDK application: the child's side of `lambdakit eject`.

The document is compiled as for a synthesis, so that whoever ejects has a sound document. Then the bindings run once
more, recorded, and what they called is written as code. Then that code runs, and has to give the same templates:
what would not is refused, and no file is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lambdakit.compiler.compile import ACROSS_STACKS, compile_document, new_app
from lambdakit.compiler.ejection.application_files import Argument, StackClass, app_file, cdk_file
from lambdakit.compiler.ejection.expressions import Expression, Given
from lambdakit.compiler.ejection.names import Names, class_name, variable_name
from lambdakit.compiler.ejection.recorded_modules import RecordedModules
from lambdakit.compiler.ejection.recording import Recorder, Step
from lambdakit.compiler.ejection.stack_module import StackModule, Unwritten, stack_module
from lambdakit.compiler.ejection.stack_steps import Entangled, by_stack
from lambdakit.compiler.ejection.text_literals import text_literal
from lambdakit.compiler.ejection.verification import first_difference
from lambdakit.compiler.jsii_errors import said_once
from lambdakit.compiler.source_map import SourceMap
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.document import Document, load
from lambdakit.spec.pointer import render_pointer

_BINDINGS: Final = "lambdakit.compiler.bindings.application"


def eject_document(
    document_path: Path, output: Path, work: Path, *, shown_as: str, environment: str | None = None
) -> dict[str, str]:
    """The application's files, text by name.

    output: the directory that they are for, which need not exist. work: a directory for this alone.
    shown_as: the document's path in messages. environment: whose stacks alone are written; None for all.
    DocumentError or SynthesisError when the document has no sound assembly, or cannot be written as code.
    """
    compile_document(document_path, work / "document", shown_as=shown_as, validation=False, environment=environment)
    document = load(document_path, environment=environment)
    own = [document] if environment is None else []
    first, *others = documents = [*own, *document.environments.values()]
    source_map = SourceMap(first, others)
    app = new_app(work / "recorded", validation=False, context=document.application.context)
    recorder = Recorder(document.directory.absolute())
    bindings: Any = RecordedModules(recorder).module(_BINDINGS)
    for each in documents:
        scope = recorder.recorded(app, Given("app"))
        bindings.bind_application(scope, each, source_map.of(each.stack_names[0]), acknowledges=True)
    files, classes = _files(document, recorder.steps, source_map, output=output, shown_as=shown_as)
    sentence = f"What cdk.json runs. {_written_by(document)}"
    # Which is the default, and which the CDK warns of where nobody says it.
    strength = ACROSS_STACKS if any(each.given for each in classes) else {}
    context = {**strength, **app.node.get_all_context()}
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
    stacks = by_stack(steps)
    if isinstance(stacks, Entangled):
        what = f"{stacks.path} and {stacks.other} are each made with constructs of the other"
        raise SynthesisError(_refusal(Unwritten(path=stacks.path, what=what), source_map, path=shown_as))
    # By a result of a step that further stacks are given: the stack, and the attribute that has it.
    places: dict[Expression, tuple[str, str]] = {}
    for stack in stacks:
        named = StackClass(
            module=modules.give(f"{variable_name(stack.name)}_stack"),
            name=class_names.give(f"{class_name(stack.name)}Stack"),
            id=stack.name,
        )
        given = {each.expression: places.get(each.expression, (each.path, "")) for each in stack.given}
        written = stack_module(
            StackModule(
                stack=stack,
                given={each: attribute or variable_name(of) for each, (of, attribute) in given.items()},
                class_name=named.name,
                project=project,
                written_by=_written_by(document),
            )
        )
        if isinstance(written, list):
            unwritten += written
            continue
        places |= {each: (stack.name, attribute) for each, attribute in written.attributes.items()}
        files[named.file] = written.text
        uses = [
            Argument(parameter=name, stack=given[each][0], attribute=given[each][1])
            for each, name in written.parameters.items()
        ]
        classes.append(replace(named, given=tuple(uses)))
    if unwritten:
        raise SynthesisError(*said_once(_refusal(each, source_map, path=shown_as) for each in unwritten))
    return files, classes


def _written_by(document: Document) -> str:
    return f"Written by `lambdakit eject {_docstring_text(document.path.name)}`; yours to change."


def _docstring_text(name: str) -> str:
    """The name as it may stand in a docstring."""
    return name if re.fullmatch(r"[\w. -]{1,40}", name, re.ASCII) else "DOC"


def _project(directory: Path, output: Path) -> str:
    """The expression that gives the document's directory in a file of the output directory."""
    steps = Path(os.path.relpath(directory.resolve(), output.resolve())).parts
    if not steps:
        return "Path(__file__).parent"
    if set(steps) == {".."}:
        return f"Path(__file__).resolve().parents[{len(steps)}]"
    return f"(Path(__file__).parent / {text_literal('/'.join(steps))}).resolve()"


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
