"""`${Name}` names a declared parameter whose value is one text, or a pseudo parameter such as `${AWS::Region}`.

Where a document declares none, and none of its environments does, `${…}` is text as any other, but in tags, which take
no such text, and but for pseudo parameters. Where one of them does, a text means the same in every stack: without the
parameter it is no other text. What CloudFormation would read as an attribute of the document's own is never meant as
text.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.grants import ACCESSES, FUNCTION
from lambdakit.spec.nearest import nearest
from lambdakit.spec.parameter_texts import PSEUDO_PARAMETERS, attribute_owners, is_pseudo, references, texts_of
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext


def parameter_references(context: RuleContext) -> Iterator[Finding]:
    """A finding for each reference to what is no parameter, to a list, and to an attribute."""
    has_parameters = bool(context.application.parameters or context.declared)
    for pointer, text in texts_of(context.application):
        for name in dict.fromkeys(references(text)):
            if is_pseudo(name):
                yield from _pseudo(pointer, name)
            elif has_parameters or "tags" in pointer[-2:]:
                yield from _parameter(context, pointer, name)
        yield from _attributes(context, pointer, text)


def _pseudo(pointer: Pointer, name: str) -> Iterator[Finding]:
    if name in PSEUDO_PARAMETERS:
        return
    close = nearest(name, PSEUDO_PARAMETERS)
    hint = f"write ${{{close}}}" if close else f"a text can hold {', '.join(PSEUDO_PARAMETERS)}"
    if "tags" not in pointer[-2:]:
        hint += f", or write ${{!{name}}} for the text itself"
    problem = f"{name} is no pseudo parameter of CloudFormation's that a text can hold"
    yield Finding(code="LK157", pointer=pointer, problem=problem, hint=hint)


def _parameter(context: RuleContext, pointer: Pointer, name: str) -> Iterator[Finding]:
    declared = context.application.parameters
    if name not in declared:
        if not context.pruned.spares("parameters", name):
            return
        close = nearest(name, [known for known, each in declared.items() if not each.is_list])
        hint = f"write ${{{close}}}" if close else f"declare {name} below parameters"
        problem = f"there is no parameter {name}"
        if name in context.declared:
            problem += " here, which other stacks of the document have"
            hint = f"declare {name} for all of them"
        if "tags" not in pointer[-2:]:
            hint += f", or write ${{!{name}}} for the text itself"
    elif declared[name].is_list:
        problem = f"the parameter {name} is a {declared[name].type}, which no text can hold"
        hint = "declare a parameter of type String"
    else:
        return
    yield Finding(code="LK157", pointer=pointer, problem=problem, hint=hint)


def _attributes(context: RuleContext, pointer: Pointer, text: str) -> Iterator[Finding]:
    functions = {each.name: FUNCTION for each in context.functions}
    kinds = functions | {name: each.kind for name, each in context.application.resources.items()}
    for name in dict.fromkeys(attribute_owners(text)):
        if name not in kinds and name not in context.application.cloudformation:
            continue
        hint = "write it below overrides, with !Sub"
        if name in kinds and "environment" in pointer[-2:]:
            access = ACCESSES[kinds[name]][0]
            hint = f"let the function's grants say {name}: {access}, which gives it a variable; or {hint}"
        problem = f"an attribute of {name} cannot stand in a text"
        yield Finding(code="LK157", pointer=pointer, problem=problem, hint=hint)
