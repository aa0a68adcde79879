"""What a request to an AWS API needs to be allowed: actions, the ARNs they are about, and condition keys.

A request is read whatever its protocol (`api_call`), its API's table (`actions/`) or the generic rule
(`generic_needs`) says which actions it needs on what, and `request_context` adds the condition keys. Roles that a
request hands to a service need `iam:PassRole` besides.
Source: Service Authorization Reference; IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lambdakit.harness.iam.actions.registry import rules_of
from lambdakit.harness.iam.api_call import ApiCall, read_api_call
from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.generic_needs import generic_needs
from lambdakit.harness.iam.lazy_keys import LazyKeys
from lambdakit.harness.iam.lookups import ResourceLookups
from lambdakit.harness.iam.passed_roles import passed_roles
from lambdakit.harness.iam.request_context import Keys, keys_of_every_request, keys_of_members, keys_of_tags
from lambdakit.harness.iam.rules import Need, Rules
from lambdakit.harness.iam.service_authorization import Action, all_actions, all_prefixes, service_authorization
from lambdakit.harness.service_request import ServiceRequest
from lambdakit.harness.wire import Request

__all__ = ["ResourceLookups", "actions_of_call", "all_actions", "all_prefixes", "required_actions"]


def required_actions(
    request: Request, named: ServiceRequest, *, account_id: str, region: str, lookups: ResourceLookups
) -> tuple[Authorization, ...] | None:
    """Everything that has to be allowed for `request`, all of it.

    account_id, region: the caller's account, and the region that the request is signed for. Empty when it needs no
    permission, such as `sts:GetCallerIdentity`. None when it is not mapped: an unknown service or operation, or one
    that does not say what it is about.
    """
    call = read_api_call(request, named.service, account_id=account_id, region=region, lookups=lookups)
    return None if call is None else actions_of_call(call)


def actions_of_call(call: ApiCall) -> tuple[Authorization, ...] | None:
    """The same of a request that was read."""
    rules = rules_of(call.api.name)
    needs = _needs(call, rules)
    if needs is None or any(_action(need.action) is None for need in needs):
        return None
    return tuple(_authorizations(call, [*needs, *passed_roles(call, needs, rules)], rules))


def _needs(call: ApiCall, rules: Rules) -> Sequence[Need] | None:
    reader = rules.readers.get(call.operation, rules.every)
    if reader is not None:
        return reader(call)
    service = service_authorization(call.api.prefix)
    if service is None:
        return None
    names = rules.actions.get(call.operation)
    if names is None:
        names = (call.operation,)
    return generic_needs(call, names, service, rules)


def _authorizations(call: ApiCall, needs: Sequence[Need], rules: Rules) -> Iterator[Authorization]:
    keys = _Keys(call, rules)
    for need in needs:
        for arns in _alike(call, need):
            context = LazyKeys(functools.partial(keys.of, need, arns[0]))
            yield Authorization(action=need.action, resources=arns, one_of=need.one_of, context=context)


class _Keys:
    """The condition keys of a call, put together when a condition asks for one."""

    __slots__ = ("_call", "_every", "_more", "_rules")

    def __init__(self, call: ApiCall, rules: Rules) -> None:
        self._call = call
        self._rules = rules
        self._every: Keys | None = None
        self._more: Mapping[str, tuple[str, ...]] = {}

    def of(self, need: Need, arn: str) -> Keys:
        """The keys of one action on one resource, and on those that are alike."""
        if self._every is None:
            self._every = keys_of_every_request(self._call)
            self._more = {} if self._rules.more_keys is None else self._rules.more_keys(self._call)
        action = _mapped(need.action)
        more = {name: values for name, values in self._more.items() if name in action.keys}
        members = keys_of_members(self._call, action, self._rules.keys)
        return {**self._every, **members, **more, **need.keys, **_keys_of_resource(self._call, action, arn)}


def _alike(call: ApiCall, need: Need) -> Iterable[tuple[str, ...]]:
    """The resources of a need, those together that have the same tags and account."""
    if len(need.resources) == 1:
        return (need.resources,)
    action = _mapped(need.action)
    alike: list[tuple[Keys, list[str]]] = []
    for arn in need.resources:
        own = _keys_of_resource(call, action, arn)
        place = next((arns for keys, arns in alike if keys == own), None)
        if place is None:
            alike.append((own, [arn]))
        else:
            place.append(arn)
    return [tuple(arns) for _, arns in alike]


def _keys_of_resource(call: ApiCall, action: Action, arn: str) -> Keys:
    return keys_of_tags(call, action, arn) | _account_key(arn, call)


def _account_key(arn: str, call: ApiCall) -> Keys:
    """`aws:ResourceAccount`: the account in the ARN, else the caller's."""
    parts = arn.split(":", 5)
    return {"aws:resourceaccount": (parts[4] if len(parts) == 6 and parts[4].isdigit() else call.account_id,)}


def _action(name: str) -> Action | None:
    prefix, _, own = name.partition(":")
    service = service_authorization(prefix)
    return None if service is None else service.actions.get(own)


def _mapped(name: str) -> Action:
    action = _action(name)
    assert action is not None  # whoever makes needs was asked for actions of the reference
    return action
