"""Where a missing statement belongs: from a role's ARN to its stack, construct and line of the document.

In come ARNs, as decisions name them; out go words for the trace and for reports.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.harness.deployment.deployed import DeployedStack, Stacks
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.iam.missing_statement import GrantMethod, grant_method

ROLE = "AWS::IAM::Role"
FUNCTION = "AWS::Lambda::Function"
# What grants are on, of kinds that an ARN names by what a user calls them: not by an id that is given to them.
_NAMED_WHOLE = frozenset({"table", "bucket", "queue", "topic", "stream", "function"})
# The construct id under which a construct of the CDK keeps its own CloudFormation resource.
_OWN_RESOURCE = "/Resource"


class Places:
    """The places of what is deployed now."""

    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks

    def of_role(self, role_arn: str) -> str:
        """`stack shop: OrdersRole1234 (shop/orders/create_order/Role), app.yaml:31`; empty for a role of no stack."""
        found = self._role(role_arn)
        return "" if found is None else place_of(*found)

    def of_denial(self, role_arn: str, action: str, resource: str) -> str:
        """The role's place and, where one is obvious, the call of the CDK that would have granted the action.

        `…; in the CDK: Table.grant_read_data(create_order)`. A resource of no stack may be none at all, under a name
        that is not right: that is said as well.
        """
        found, method = self._role(role_arn), grant_method(action)
        if found is None:
            return ""
        if method is None:
            return place_of(*found)
        on = self._construct_of(resource)
        doubt = f"; no stack has this {method.construct}, is its name right?" if _is_doubtful(on, method) else ""
        return f"{place_of(*found)}{doubt}; in the CDK: {self._call(method, found[1], on=on)}"

    def _call(self, method: GrantMethod, role: Created, *, on: str) -> str:
        functions = [
            created for created in self._all(FUNCTION) if created.resource.properties.get("Role") == arn_of(role)
        ]
        # A role that a construct made for its only function is granted to by that function.
        grantee = construct_id(functions[0] if len(functions) == 1 else role)
        return method.call(_as_name(grantee, "function"), on=_as_name(on, method.construct))

    def _construct_of(self, resource: str) -> str:
        """The construct id of the resource that an ARN names or lies in; empty when it is of no stack."""
        for created in self._all():
            for arn in {arn_of(created), created.provisioned.physical_id}:
                if arn.startswith("arn:") and (resource == arn or resource.startswith((f"{arn}/", f"{arn}:"))):
                    return construct_id(created)
        return ""

    def _role(self, role_arn: str) -> tuple[DeployedStack, Created] | None:
        for stack in self._stacks.all():
            for created in stack.resources.values():
                if created.resource.type == ROLE and arn_of(created) == role_arn:
                    return stack, created
        return None

    def _all(self, type_name: str = "") -> Iterator[Created]:
        for stack in self._stacks.all():
            for created in stack.resources.values():
                if type_name in ("", created.resource.type):
                    yield created


def _is_doubtful(construct: str, method: GrantMethod) -> bool:
    """Whether a resource that is in no stack is of a kind whose ARNs name it whole."""
    return not construct and method.construct in _NAMED_WHOLE


def place_of(stack: DeployedStack, created: Created) -> str:
    """A resource's stack, logical id, construct path and line of the document, as far as they are known."""
    logical_id = created.resource.logical_id
    path = (created.resource.construct_path or "").removesuffix(_OWN_RESOURCE)
    text = f"stack {stack.name}: {logical_id}" + (f" ({path})" if path else "")
    source = stack.record.source_map.place(stack.name, logical_id)
    if source is None:
        return text
    return f"{text}, {source.document}:{source.line}" if source.document else f"{text}, line {source.line}"


def construct_id(created: Created) -> str:
    """The id of the construct that a user wrote; the logical id where the assembly does not tell.

    `shop/orders/create_order/Function/Resource` is `create_order`: a construct's own parts are called after their type.
    """
    path = (created.resource.construct_path or "").removesuffix(_OWN_RESOURCE)
    parts = path.split("/")
    if len(parts) < 2:
        return created.resource.logical_id
    return parts[-2] if parts[-1] in ("Function", "Role", "ServiceRole") and len(parts) > 2 else parts[-1]


def arn_of(created: Created) -> str:
    """The attribute `Arn`; empty where a resource has none."""
    arn = created.provisioned.attributes.get("Arn")
    return arn if isinstance(arn, str) else ""


def _as_name(construct: str, otherwise: str) -> str:
    """A construct's id where it could be the variable that holds the construct."""
    return construct if construct.isidentifier() else otherwise
