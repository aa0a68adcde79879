"""A name of `resources` names one that is there, of the kind that is needed, and stands alone."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.references import Reference, references
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.wording import quoted

_EXAMPLES = {
    "table": "{kind: table, partition_key: id}",
    "state_machine": "{kind: state_machine, definition: workflows/order.asl.json}",
}


def resource_references(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name that leads nowhere, to another kind of thing, or to two things at once."""
    for reference in references(context.application):
        yield from _findings(context, reference)


def unknown_name(context: RuleContext, pointer: Pointer, name: str, kind: str) -> Iterator[Finding]:
    """A finding for a name that none of the resources has. kind: which it should be of; empty for any."""
    # What is not valid may be what is meant.
    if not context.pruned.spares("resources", name):
        return
    resources = context.application.resources
    fitting = [each for each, resource in resources.items() if kind in ("", resource.kind)]
    close = nearest(name, fitting)
    example = _EXAMPLES.get(kind, f"{{kind: {kind or 'queue'}}}")
    if name == "none":
        hint = "leave the key out"
    elif close:
        hint = f"write {close}"
    elif fitting:
        hint = f"there {'is' if len(fitting) == 1 else 'are'} {', '.join(fitting)}; or add it: " + (
            f"`resources: {{{name}: {example}}}`"
        )
    else:
        hint = f"add it: `resources: {{{name}: {example}}}`"
    yield Finding(code="LK161", pointer=pointer, problem=f"{quoted(name)} is none of the `resources`", hint=hint)


def _findings(context: RuleContext, reference: Reference) -> Iterator[Finding]:
    if reference.rival:
        key = reference.pointer[-1]
        yield Finding(
            code="LK163",
            pointer=(*reference.pointer[:-1], reference.rival),
            at_key=True,
            problem=f"{key} names one of the `resources`, and {reference.rival} one that is elsewhere",
            hint="leave one of the two out",
        )
    resource = context.application.resources.get(reference.name)
    if resource is None:
        yield from unknown_name(context, reference.pointer, reference.name, reference.kind)
    elif resource.kind != reference.kind:
        fitting = [name for name, each in context.application.resources.items() if each.kind == reference.kind]
        wanted = reference.kind.replace("_", " ")
        yield Finding(
            code="LK162",
            pointer=reference.pointer,
            problem=f"{quoted(reference.name)} is a {resource.kind.replace('_', ' ')}, and a {wanted} is needed",
            hint=f"write {' or '.join(fitting)}" if fitting else f"add a resource of kind: {reference.kind}",
        )
