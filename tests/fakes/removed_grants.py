"""An assembly without one of the statements that its functions' roles were granted, and what is to be seen of it then.

Statements are those that the template holds: of the inline policies of a function's role, and of the policies attached
to it.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from lambdakit.trace import AccessDenied, FunctionLogged, InvocationEnded, TraceEvent

# Traffic through a deployment, and for each function, by its construct, whether it did all that it is there for.
Traffic = Callable[[Harness, Deployment], Mapping[str, bool]]

# With these Lambda itself writes a function's log and traces. Nothing that the function calls needs them.
LAMBDAS_OWN: Final = frozenset(
    {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A statement of a function's role.

    function, role: by the function's construct, and the role's logical id. actions: in lower case.
    holder: the resource whose policy it is in, by logical id. policy: the place of its inline policy; None for a
    policy that is a resource of its own. statement: its place in the policy.
    """

    function: str
    role: str
    actions: frozenset[str]
    holder: str
    policy: int | None
    statement: int

    def __str__(self) -> str:
        return f"{self.function}: {', '.join(sorted(self.actions))}"


class Assembly:
    """A copy of one stack's cloud assembly, from which something can be taken away. stack: its name."""

    def __init__(self, original: Path, stack: str, directory: Path) -> None:
        self.directory = shutil.copytree(original, directory)
        self.stack = stack
        self._file = directory / f"{stack}.template.json"
        self.template: dict[str, Any] = json.loads(self._file.read_text())

    def grants(self) -> tuple[Grant, ...]:
        """Every statement of the functions' roles but those that only Lambda itself needs."""
        resources = self.template["Resources"]
        functions = {
            resource["Properties"]["Role"]["Fn::GetAtt"][0]: _construct(resource)
            for resource in resources.values()
            if resource["Type"] == "AWS::Lambda::Function"
        }
        found = [
            Grant(
                function=functions[role],
                role=role,
                actions=frozenset(action.lower() for action in _listed(statement["Action"])),
                holder=holder,
                policy=policy,
                statement=place,
            )
            for holder, role, policy, statements in _policies(resources, functions)
            for place, statement in enumerate(statements)
        ]
        return tuple(grant for grant in found if not grant.actions <= {action.lower() for action in LAMBDAS_OWN})

    def write_without(self, grant: Grant | None) -> None:
        """Writes the template without a statement; as it was synthesized without a `grant`."""
        template = copy.deepcopy(self.template)
        if grant is not None:
            properties = template["Resources"][grant.holder]["Properties"]
            holder = properties if grant.policy is None else properties["Policies"][grant.policy]
            del holder["PolicyDocument"]["Statement"][grant.statement]
        self.write(template)

    def write(self, template: Mapping[str, Any]) -> None:
        """Writes another template."""
        self._file.write_text(json.dumps(template))


def problems_without_each_grant(
    harness: Harness,
    assembly: Assembly,
    traffic: Traffic,
    *,
    places: Mapping[str, str] | None = None,
) -> list[str]:
    """What is not as it should be where each grant is missing by itself, in words; none where everything is.

    places: by function, what the place of a denial has to end with, before the call of the CDK.
    """
    assembly.write_without(None)
    deployment = harness.deploy(assembly.directory, stacks=[assembly.stack])
    problems: list[str] = []
    try:
        done, denied, _ = _run(harness, deployment, traffic)
        problems += [f"complete: {name} did not do its work" for name, is_done in done.items() if not is_done]
        problems += [f"complete: {event.action} was denied" for event in denied]
        for grant in assembly.grants():
            assembly.write_without(grant)
            deployment.update(assembly.directory, stacks=[assembly.stack])
            done, denied, events = _run(harness, deployment, traffic)
            path = f"{assembly.stack}/"
            found = [
                *_of_work(grant, done),
                *_of_denials(grant, denied, deployment, path, (places or {}).get(grant.function, "")),
                *_of_errors(denied, events),
            ]
            problems += [f"without {grant}: {problem}" for problem in found]
    finally:
        deployment.destroy()
    return problems


def _run(
    harness: Harness, deployment: Deployment, traffic: Traffic
) -> tuple[Mapping[str, bool], list[AccessDenied], Sequence[TraceEvent]]:
    harness.trace.clear()
    done = traffic(harness, deployment)
    events = harness.trace.events
    # Before the next update, after which its state is what a reset brings back.
    deployment.reset()
    return done, [event for event in events if isinstance(event, AccessDenied)], events


def _of_work(grant: Grant, done: Mapping[str, bool]) -> Iterator[str]:
    if done.get(grant.function, True):
        yield "its function did all its work"
    yield from (
        f"{name} did not do its work" for name, is_done in done.items() if not is_done and name != grant.function
    )


def _of_denials(
    grant: Grant, denied: Sequence[AccessDenied], deployment: Deployment, path: str, place: str
) -> Iterator[str]:
    role = deployment.stacks[path.rstrip("/")].resources[grant.role]
    name = next(each.name for each in deployment.functions if f"/{grant.function}/" in f"/{each.path}/")
    if not denied:
        yield "nothing was denied"
    for event in denied:
        what = f"{event.action} was denied"
        if event.action.lower() not in grant.actions:
            yield f"{what}, which it does not grant"
        if f"assumed-role/{role.physical_id}/" not in event.principal or event.function not in ("", name):
            yield f"{what} to {event.principal} in {event.function}"
        if "no identity-based policy allows" not in event.reason or event.action not in event.statement:
            yield f"{what} {event.reason}, with {event.statement}"
        where = event.place.partition(";")[0]
        if not where.startswith(f"stack {path.rstrip('/')}: {grant.role} ({path}") or not where.endswith(place):
            yield f"{what} at {event.place}"


def _of_errors(denied: Sequence[AccessDenied], events: Sequence[TraceEvent]) -> Iterator[str]:
    """What a function was denied it has to have heard of, in the words of the service's own error."""
    heard = "\n".join(
        str(event.line if isinstance(event, FunctionLogged) else event.payload)
        for event in events
        if isinstance(event, FunctionLogged | InvocationEnded)
    ).lower()
    for event in denied:
        if event.function and f"is not authorized to perform: {event.action.lower()}" not in heard:
            yield f"{event.function} did not hear that {event.action} was denied"


def _policies(
    resources: Mapping[str, Any], roles: Mapping[str, str]
) -> Iterator[tuple[str, str, int | None, Sequence[Mapping[str, Any]]]]:
    """Holder, role, place among inline policies, and statements of each policy of a role."""
    for logical_id, resource in resources.items():
        properties = resource.get("Properties", {})
        if logical_id in roles:
            for place, policy in enumerate(properties.get("Policies", [])):
                yield logical_id, logical_id, place, policy["PolicyDocument"]["Statement"]
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for role in properties.get("Roles", []):
                if role.get("Ref") in roles:
                    yield logical_id, role["Ref"], None, properties["PolicyDocument"]["Statement"]


def _construct(function: Mapping[str, Any]) -> str:
    """`create_order` of `shop/orders/create_order/Function/Resource`: what a user wrote, not what is made below it."""
    parts = str(function["Metadata"]["aws:cdk:path"]).split("/")
    return next(part for part in reversed(parts) if part not in ("Function", "Resource"))


def _listed(value: Any) -> Sequence[str]:
    return value if isinstance(value, list) else [value]
