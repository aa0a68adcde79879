"""Which resource of a template needs which others, and the order in which to create them.

Source: CloudFormation Template Reference, "DependsOn attribute", "Ref", "Fn::GetAtt", "Fn::Sub".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from lambdakit.assembly.codes import CIRCULAR_RESOURCES, UNKNOWN_REFERENCE
from lambdakit.assembly.intrinsics_strings import sub_names, sub_parts
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.template import Resource, Template
from lambdakit.assembly.topological_order import CircularOrder, topological_order
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

# What asks others at once whether they are ready: a function, or the permissions of one.
# CloudWatch Logs tries a destination before it takes it: "PutSubscriptionFilter" and "PutAccountPolicy" answer that the
# function could not be executed, as long as no permission lets them.
_LATE = (
    "Custom::",
    "AWS::CloudFormation::CustomResource",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Logs::AccountPolicy",
    "AWS::Logs::SubscriptionFilter",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyGraph:
    """order: logical ids of the resources that exist, each after those it needs, else as in the template.

    Custom resources, event source mappings, log subscriptions and what needs them come last: CloudFormation creates
    what is independent in parallel, and all of that is there before a function has answered, a mapping was tried with
    its function's role, or a destination of logs was tried.
    """

    order: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]

    def dependencies(self, logical_id: str) -> frozenset[str]:
        """The existing resources that this one refers to or names in `DependsOn`."""
        return self.needs[logical_id]


def dependency_graph(
    template: Template, enabled: Callable[[str], bool], condition: Callable[[str], bool] | None = None
) -> DependencyGraph:
    """The graph of the resources that exist. AssemblyError with every unknown name, or for a circle.

    template: expanded. enabled: whether a resource exists. condition: the value of a condition, by which one branch
    of a `Fn::If` counts; absence: both branches count.
    """
    faults: list[Diagnostic] = []
    needs: dict[str, dict[str, None]] = {}
    for logical_id, resource in template.resources.items():
        if enabled(logical_id):
            names = _References(template, condition, faults).of(resource)
            needs[logical_id] = {name: None for name in names if enabled(name)}
    if faults:
        raise AssemblyError(*faults)
    try:
        order = topological_order(needs)
    except CircularOrder as error:
        raise template.place(f"Resources.{error.cycle[0]}").error(
            f"these resources depend on one another: {error}",
            CIRCULAR_RESOURCES,
            hint="move one of the references into a resource of its own, such as a policy or a permission",
        ) from None
    late = _late(template, order, needs)
    order = (*(name for name in order if name not in late), *(name for name in order if name in late))
    return DependencyGraph(order=order, needs={name: frozenset(needed) for name, needed in needs.items()})


def deployment_order(
    template: Template, enabled: Callable[[str], bool], condition: Callable[[str], bool] | None = None
) -> tuple[str, ...]:
    """`dependency_graph(…).order`."""
    return dependency_graph(template, enabled, condition).order


def _late(template: Template, order: Sequence[str], needs: Mapping[str, Mapping[str, None]]) -> frozenset[str]:
    """The custom resources, event source mappings and log subscriptions, and all that needs one of them."""
    late: set[str] = set()
    for name in order:
        if template.resources[name].type.startswith(_LATE) or not late.isdisjoint(needs[name]):
            late.add(name)
    return frozenset(late)


class _References:
    """The resources that one resource names; what is named but does not exist becomes a fault."""

    def __init__(self, template: Template, condition: Callable[[str], bool] | None, faults: list[Diagnostic]) -> None:
        self._template = template
        self._condition = condition
        self._faults = faults

    def of(self, resource: Resource) -> Iterator[str]:
        place = self._template.place(f"Resources.{resource.logical_id}")
        for name in resource.depends_on:
            if self._is_resource(name, place / "DependsOn", resources_only=True):
                yield name
        sections = {
            "Properties": resource.properties,
            "Metadata": resource.metadata,
            "CreationPolicy": resource.creation_policy,
            "UpdatePolicy": resource.update_policy,
        }
        for section, value in sections.items():
            found: list[str] = []
            self._collect(value, place / section, found)
            yield from found

    def _collect(self, value: object, place: Place, found: list[str]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                self._collect(item, place / index, found)
        elif isinstance(value, dict):
            if len(value) == 1:
                ((key, argument),) = value.items()
                if self._function(key, argument, place / key, found):
                    return
            for key, item in value.items():
                self._collect(item, place / key, found)

    def _function(self, name: str, argument: object, place: Place, found: list[str]) -> bool:
        """Whether the function was one whose arguments need no further look."""
        if name == "Ref" and isinstance(argument, str):
            self._add(argument, place, found)
        elif name == "Fn::GetAtt" and isinstance(argument, str):
            self._add(argument.partition(".")[0], place, found, resources_only=True)
        elif name == "Fn::GetAtt" and isinstance(argument, list) and argument and isinstance(argument[0], str):
            self._add(argument[0], place, found, resources_only=True)
            self._collect(argument[1:], place, found)
        elif name == "Fn::Sub":
            self._sub(argument, place, found)
        elif name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            self._if(argument, place, found)
        else:
            return False
        return True

    def _sub(self, argument: object, place: Place, found: list[str]) -> None:
        text, variables = sub_parts(argument, place)
        for name in sub_names(text):
            if name not in variables:
                logical_id, dot, _ = name.partition(".")
                self._add(logical_id, place, found, resources_only=bool(dot))
        for key, value in variables.items():
            self._collect(value, place / 1 / key, found)

    def _if(self, argument: list[object], place: Place, found: list[str]) -> None:
        name = argument[0]
        if self._condition is None or not isinstance(name, str) or name not in self._template.conditions:
            self._collect(argument[1:], place, found)
        else:
            taken = 1 if self._condition(name) else 2
            self._collect(argument[taken], place / taken, found)

    def _add(self, name: str, place: Place, found: list[str], *, resources_only: bool = False) -> None:
        if self._is_resource(name, place, resources_only=resources_only):
            found.append(name)

    def _is_resource(self, name: str, place: Place, *, resources_only: bool) -> bool:
        if name in self._template.resources:
            return True
        is_parameter = name in self._template.parameters or name.startswith("AWS::")
        if resources_only or not is_parameter:
            known = [*self._template.resources, *(() if resources_only else self._template.parameters)]
            error = place.error(
                f"there is no resource {shown(name)}"
                if resources_only
                else f"there is no parameter or resource {shown(name)}",
                UNKNOWN_REFERENCE,
                hint=nearest(name, known),
            )
            self._faults += error.diagnostics
        return False
