"""What somebody deleted or set up differently, made anew: it and everything that was created after it.

What depends on a resource was created later, so that nothing is left that refers to what is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdakit.errors import Diagnostic
from lambdakit.harness.deployment.deployed import NESTED_STACK, DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.deployment.removal import delete_resource, reset_stacks


def clear_from(engine: Engine, stacks: Sequence[DeployedStack], touched: Sequence[Created]) -> list[Diagnostic]:
    """Deletes the resources of `stacks` from the first one that is among `touched` to the last, whatever keeps them.

    stacks: in the order of their deployment, nested ones included. What refuses to go stays in its stack; returned is
    what refused and is among `touched`.
    """
    reset_stacks(engine, stacks)  # so that a bucket is empty; what cannot be reset is about to go
    roots = [stack for stack in stacks if stack.parent is None]
    problems = []
    first = next((root for root in roots if any(_is_among(touched, held) for held in _held(engine, root))), None)
    for root in reversed(roots[roots.index(first) :] if first is not None else []):
        for created in reversed(_from_first(engine, root, touched) if root is first else list(root.resources.values())):
            refused = delete_resource(engine, root, created, whatever_keeps_it=True)
            if not refused:
                del root.resources[created.resource.logical_id]
            elif _is_among(touched, created):
                problems += refused
    return problems


def _from_first(engine: Engine, root: DeployedStack, touched: Sequence[Created]) -> list[Created]:
    """The resources of a stack from the first that is touched on; a nested stack is touched when one of its is."""
    resources = list(root.resources.values())
    for place, created in enumerate(resources):
        inner: list[Created] = []
        if created.resource.type == NESTED_STACK:
            child = engine.stacks.find(root.account_id, root.region, created.provisioned.physical_id)
            inner = [] if child is None else _held(engine, child)
        if any(_is_among(touched, each) for each in (created, *inner)):
            return resources[place:]
    return []


def _held(engine: Engine, stack: DeployedStack) -> list[Created]:
    """What a stack holds, and what those hold that are nested in it."""
    nested = [created for child in engine.stacks.nested_in(stack) for created in _held(engine, child)]
    return [*stack.resources.values(), *nested]


def _is_among(touched: Sequence[Created], created: Created) -> bool:
    return any(created is each for each in touched)
