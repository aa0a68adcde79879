"""What a service's API shows of a resource, said in one line: for the rows of the provisioners' tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.deployment.provisioners.expressions import evaluate
from tests.fakes.provisioning import Properties, Provisioning

Needs = Mapping[str, tuple[str, Properties]]
"""Other resources by logical id: the type and the properties of each."""


def shown(
    service: str, operation: str, seen: str, when: str = "", **arguments: str
) -> Callable[[Provisioning, Created], Any]:
    """Reads a resource: `operation` with `arguments`, of whose answer `seen` is taken.

    All are expressions, the arguments over `p`, `ref` and `att` of the resource. when: nothing is seen without it.
    """

    def read(provisioning: Provisioning, created: Created) -> Any:
        scope = {
            "p": dict(created.resource.properties),
            "ref": created.provisioned.physical_id,
            "att": dict(created.provisioned.attributes),
        }
        client = provisioning.client(service)
        answer = getattr(client, operation)(**{name: evaluate(value, scope) for name, value in arguments.items()})
        if when and not evaluate(when, answer):
            return None
        return evaluate(seen, answer)

    return read
