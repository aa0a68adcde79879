"""`AWS::CloudFormation::WaitConditionHandle` and `WaitCondition`: a stack waits for signals to a URL.

It waits by the harness's clock. Where the URL went to machines alone that run nowhere here, such as those of EC2,
nobody would ever send a signal: the condition is then met at once, and the trace says so. Where no resource was given
the URL, only somebody outside could send one, who has it from the trace or from the CloudFormation API: a minute of
real time is waited for that once nothing else is under way, not the hours that the condition may allow.
Source: CloudFormation Template Reference, "AWS::CloudFormation::WaitCondition"; CloudFormation User Guide, "Create wait
conditions in a CloudFormation template".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.settings import HoldsNothing
from lambdakit.harness.deployment.wait_signals import Signal, WaitSignals

SECONDS_MAX: Final = 43_200
OUTSIDER_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.02
# Their code is run on machines that are only recorded here.
_RUN_NOWHERE: Final = ("AWS::EC2::", "AWS::AutoScaling::", "AWS::ECS::", "AWS::EKS::", "AWS::Batch::")
_NO_UPDATE: Final = "Update to resource type {type} is not supported."


class WaitConditionHandle(HoldsNothing):
    """A handle. `Ref` gives the URL that signals are sent to."""

    properties: ClassVar[PropertyTree] = {}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Opens the URL."""
        del resource
        return Provisioned(physical_id=context.custom_resources.signals.open(context.doors.endpoint_url))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """A handle has no properties: nothing to change."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Closes the URL."""
        context.custom_resources.signals.forget(created.provisioned.physical_id)


class WaitCondition(HoldsNothing):
    """What a stack waits with. `Data` gives what the signals carry, as JSON."""

    properties: ClassVar[PropertyTree] = reads("Count Handle Timeout")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Waits for the signals. ResourceRefused when one says FAILURE, or they do not come in time."""
        name = resource.generated_name(length_max=128)
        url = resource.properties.get("Handle")
        if url is None:
            note = "it has no handle: what a CreationPolicy waits for sends no signals here, and is not waited for"
            context.note(resource.logical_id, note)
            return Provisioned(physical_id=name, attributes={"Data": "{}"})
        signals = context.custom_resources.signals
        if not signals.is_open(str(url)):
            raise ResourceRefused(
                f"Invalid wait condition handle: {url!r}",
                property_pointer="Handle",
                hint="refer to an AWS::CloudFormation::WaitConditionHandle of the same stack",
            )
        received = _received(_Wanted(resource, str(url)), context, signals)
        content = {signal.unique_id: signal.content for signal in received}
        return Provisioned(physical_id=name, attributes={"Data": json.dumps(content, separators=(",", ":"))})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """CloudFormation updates none. ResourceRefused."""
        del created, context
        raise ResourceRefused(
            _NO_UPDATE.format(type=resource.type),
            hint="give the resource another logical id, and a handle of its own",
        )

    def delete(self, created: Created, context: Context) -> None:
        """There is nothing to delete."""


class _Wanted:
    """What a condition waits for. ResourceRefused when it does not say that."""

    def __init__(self, resource: Resource, url: str) -> None:
        self.resource = resource
        self.url = url
        self.count = _number(resource, "Count", absence=1, most=None)
        self.seconds = _number(resource, "Timeout", absence=None, most=SECONDS_MAX)


def _received(wanted: _Wanted, context: Context, signals: WaitSignals) -> Sequence[Signal]:
    """The signals, once there are as many as are wanted; fewer where nobody would send them."""
    holders = signals.holders(wanted.url)
    if holders and all(holder.startswith(_RUN_NOWHERE) for holder in holders):
        note = f"not waited for: its handle's URL went to {', '.join(holders)} alone, which run nowhere here"
        context.note(wanted.resource.logical_id, note)
        return signals.signals(wanted.url)
    due = context.clock.now() + timedelta(seconds=wanted.seconds)
    last, seen = context.clock.monotonic(), 0
    told = False
    while True:
        got = signals.signals(wanted.url)
        failed = next((signal for signal in got if not signal.is_success), None)
        if failed is not None:
            raise ResourceRefused(
                f"WaitCondition received failed message: '{failed.reason}' for uniqueId: {failed.unique_id}"
            )
        if len(got) >= wanted.count:
            return got
        if len(got) > seen or holders or not context.custom_resources.quiet():
            last, seen = context.clock.monotonic(), len(got)
        nobody_comes = context.clock.monotonic() - last >= OUTSIDER_SECONDS
        if context.clock.now() >= due or signals.is_closed or nobody_comes:
            raise _timed_out(wanted, got, signals, nobody_comes=nobody_comes)
        if not told:
            told = True
            note = f"waits for {wanted.count} signals at {wanted.url} until {due:%Y-%m-%dT%H:%M:%SZ} of the clock"
            who = f", which {', '.join(holders)} were given" if holders else ", which no resource was given"
            context.note(wanted.resource.logical_id, note + who)
        signals.wait(wanted.url, _LOOK_SECONDS)


def _timed_out(wanted: _Wanted, got: Sequence[Signal], signals: WaitSignals, *, nobody_comes: bool) -> ResourceRefused:
    unreadable = signals.unreadable(wanted.url)
    hint = "PUT a JSON object with Status, UniqueId, Reason and Data to the handle's URL, without a Content-Type"
    if nobody_comes:
        hint = (
            "no resource was given the handle's URL, so that only somebody outside could signal, and nobody did for "
            f"{OUTSIDER_SECONDS:g} seconds of real time: give the URL to what shall send it, or {hint}"
        )
    return ResourceRefused(
        f"WaitCondition timed out. Received {len(got)} conditions when expecting {wanted.count}",
        hint=f"a message was no signal: {unreadable[-1]}" if unreadable else hint,
    )


def _number(resource: Resource, name: str, *, absence: int | None, most: int | None) -> int:
    value = resource.properties.get(name)
    if value is None and absence is not None:
        return absence
    text = str(value)
    if not text.isdigit() or (most is not None and int(text) > most):
        allowed = "a whole number" if most is None else f"a number of seconds up to {most}"
        problem = f"{name} is required" if value is None else f"{name} is {text}, and must be {allowed}"
        raise ResourceRefused(problem, property_pointer=name)
    return int(text)
