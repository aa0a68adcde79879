"""The decision: does a function, from where it is placed, reach a service, something recorded, or a host?

A function runs in any of its subnets: what it does not reach from each of them it does not reach, and the reason names
the subnet. What is not known here (a subnet that was looked up, a transit gateway) counts as reachable, and the verdict
says so: a harness that blocked it would be wrong for most.
Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
"""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.harness.moto_state.network import network_of
from lambdakit.harness.moto_state.network_hosts import hosts_of
from lambdakit.harness.moto_state.network_objects import RecordedEndpoint
from lambdakit.harness.moto_state.writes import last_write, watch_writes
from lambdakit.harness.network.endpoints import Caller
from lambdakit.harness.network.from_outside import outside
from lambdakit.harness.network.from_subnet import from_subnet
from lambdakit.harness.network.topology import called
from lambdakit.harness.network.verdict import Destination, Placement, Verdict
from lambdakit.harness.network.world import Hosts, Networks, World

_VERDICTS_MAX = 10_000


class NetworkRules:
    """A `Judge` over the account's network as it is when it is asked.

    recorded: what stands in VPCs and is not moto's: caches, brokers, databases that are only recorded. It is asked each
    time: give the same tuple until it changes.
    networks, hosts, version: where networks, what stands in them, and a number that changes with them come from;
    absence: moto. Verdicts are kept until the version or what is recorded differs.
    """

    def __init__(
        self,
        recorded: Callable[[], tuple[RecordedEndpoint, ...]] = tuple,
        *,
        networks: Networks = network_of,
        hosts: Hosts = hosts_of,
        version: Callable[[], int] = last_write,
    ) -> None:
        watch_writes()
        self._recorded = recorded
        self._networks = networks
        self._hosts = hosts
        self._version = version
        self._now = _Moment(-1, (), World(networks, hosts, ()))

    def judge(self, placement: Placement, destination: Destination) -> Verdict:
        """Whether the function reaches the destination, which way, and else what is missing. Never raises."""
        moment = self._moment()
        key = (placement, destination)
        verdict = moment.verdicts.get(key)
        if verdict is None:
            if len(moment.verdicts) >= _VERDICTS_MAX:
                moment.verdicts.clear()
            verdict = moment.verdicts[key] = decide(moment.world, placement, destination)
        return verdict

    def _moment(self) -> _Moment:
        moment, version, recorded = self._now, self._version(), self._recorded()
        if moment.version != version or (moment.recorded is not recorded and moment.recorded != recorded):
            # The version is taken before the networks are read: what is written meanwhile makes another moment.
            moment = self._now = _Moment(version, recorded, World(self._networks, self._hosts, recorded))
        return moment


class _Moment:
    """What was read and decided while nothing changed."""

    def __init__(self, version: int, recorded: tuple[RecordedEndpoint, ...], world: World) -> None:
        self.version = version
        self.recorded = recorded
        self.world = world
        self.verdicts: dict[tuple[Placement, Destination], Verdict] = {}


def decide(world: World, placement: Placement, destination: Destination) -> Verdict:
    """The verdict for a function wherever it is placed."""
    topology = world.topology(placement.account_id, placement.region)
    if not placement.subnet_ids:
        return outside(world, topology, destination)
    unknown = [each for each in placement.subnet_ids if each not in topology.subnets]
    callers = []
    for subnet in (topology.subnets[each] for each in placement.subnet_ids if each in topology.subnets):
        vpc = topology.vpcs.get(subnet.vpc_id)
        if vpc is None:
            unknown.append(subnet.id)
            continue
        if not placement.security_group_ids:
            return Verdict(
                reachable=False,
                reason=f"the function is in {called(subnet, 'subnet')} without a security group",
                fix="name a security group in its VpcConfig",
            )
        callers.append(
            Caller(
                topology=topology,
                vpc=vpc,
                subnet=subnet,
                groups=topology.groups_of(placement.security_group_ids, vpc.id),
                group_ids=frozenset(placement.security_group_ids),
                ipv6=placement.ipv6,
            )
        )
    verdicts = [from_subnet(world, caller, destination) for caller in callers]
    verdict = _of_all(verdicts)
    if not unknown or not verdict.reachable:
        return verdict
    note = f"not judged: {', '.join(unknown)} is not a subnet of the emulated account"
    return Verdict(
        reachable=True,
        path="; ".join(each for each in (verdict.path, note) if each),
        endpoint_id=verdict.endpoint_id,
        endpoint_policy=verdict.endpoint_policy,
        vpc_id=verdict.vpc_id,
        source_ip=verdict.source_ip,
        judged=False,
    )


def _of_all(verdicts: list[Verdict]) -> Verdict:
    failed = [verdict for verdict in verdicts if not verdict.reachable]
    if failed and len(failed) < len(verdicts):
        first = failed[0]
        some = f"(from {len(verdicts) - len(failed)} of its {len(verdicts)} subnets the function reaches it)"
        return Verdict(reachable=False, reason=f"{first.reason} {some}", fix=first.fix)
    if failed:
        return failed[0]
    through = next((verdict for verdict in verdicts if verdict.endpoint_id), None)
    shown = next(iter(verdicts), None) if through is None else through
    return Verdict(
        reachable=True,
        path="; ".join(dict.fromkeys(verdict.path for verdict in verdicts)),
        endpoint_id="" if through is None else through.endpoint_id,
        endpoint_policy="" if through is None else through.endpoint_policy,
        vpc_id="" if shown is None else shown.vpc_id,
        source_ip="" if shown is None else shown.source_ip,
        judged=all(verdict.judged for verdict in verdicts),
    )
