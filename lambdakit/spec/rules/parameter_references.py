"""`${Name}` names a declared parameter whose value is one text.

Where a document declares none, and none of its environments does, `${…}` is text as any other, but in tags, which take
no such text. Where one of them does, a text means the same in every stack: without the parameter it is no other text.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.parameter_texts import references, texts_of
from lambdakit.spec.rules.rule import RuleContext


def parameter_references(context: RuleContext) -> Iterator[Finding]:
    """A finding for each reference to what is no parameter, and to a list."""
    declared = context.application.parameters
    for pointer, text in texts_of(context.application):
        if not declared and not context.declared and "tags" not in pointer[-2:]:
            continue
        for name in dict.fromkeys(references(text)):
            if name not in declared:
                if not context.pruned.spares("parameters", name):
                    continue
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
                continue
            yield Finding(code="LK157", pointer=pointer, problem=problem, hint=hint)
