"""What a policy sees of the way that a request took: the VPC endpoint, the VPC, the address it comes from.

Source: IAM User Guide, "AWS global condition context keys" (`aws:SourceVpc`, `aws:SourceVpce`, `aws:VpcSourceIp` are
there only for requests through a VPC endpoint, `aws:SourceIp` only for others); AWS PrivateLink Guide, "Control access
to VPC endpoints using endpoint policies".
"""

from __future__ import annotations

from lambdakit.harness.iam.authorization import Authorization, Context
from lambdakit.harness.iam.lazy_keys import LazyKeys
from lambdakit.harness.iam.policy_document import NamedPolicy, parse_policy
from lambdakit.harness.iam.policy_json import MalformedPolicy
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPath:
    """The way of a request from a function in a VPC.

    endpoint_id: of the VPC endpoint that it goes through; empty without one. endpoint_policy: its policy, as JSON;
    empty for one that has none, which allows everything. vpc_id: the function's.
    source_ip: of the function's interface for a request through an endpoint, else the public one of its NAT gateway;
    empty where nobody knows it.
    """

    endpoint_id: str = ""
    endpoint_policy: str = ""
    vpc_id: str = ""
    source_ip: str = ""

    def seen_by(self, wanted: Authorization) -> Authorization:
        """The authorization with the condition keys of the way."""
        return Authorization(
            action=wanted.action,
            resources=wanted.resources,
            one_of=wanted.one_of,
            context=LazyKeys(lambda: self._keys(wanted.context)),
        )

    def _keys(self, context: Context) -> Context:
        keys = dict(context)
        if self.endpoint_id:
            keys.pop("aws:sourceip", None)
            keys["aws:sourcevpce"] = (self.endpoint_id,)
            if self.vpc_id:
                keys["aws:sourcevpc"] = (self.vpc_id,)
            if self.source_ip:
                keys["aws:vpcsourceip"] = (self.source_ip,)
        elif self.source_ip:
            keys["aws:sourceip"] = (self.source_ip,)
        return keys


class EndpointPolicies:
    """The policies of VPC endpoints, each compiled once."""

    def __init__(self) -> None:
        self._compiled: dict[str, tuple[str, NamedPolicy | None]] = {}

    def of(self, path: NetworkPath) -> NamedPolicy | None:
        """The policy of the way's endpoint; None without one, and for what is no policy."""
        if not path.endpoint_policy:
            return None
        known = self._compiled.get(path.endpoint_id)
        if known is None or known[0] != path.endpoint_policy:
            known = self._compiled[path.endpoint_id] = (path.endpoint_policy, _compile(path))
        return known[1]


def _compile(path: NetworkPath) -> NamedPolicy | None:
    try:
        document = parse_policy(path.endpoint_policy, name=path.endpoint_id)
    except MalformedPolicy:
        return None
    return NamedPolicy(name=path.endpoint_id, document=document)
