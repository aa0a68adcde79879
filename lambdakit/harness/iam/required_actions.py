"""What a request to an AWS API needs to be allowed: actions, the ARNs they are about, and condition keys.

A request is read whatever its protocol (`api_call`), its API's table (`actions/`) or the generic rule
(`generic_needs`) says which actions it needs on what, and `request_context` adds the condition keys. Roles that a
request hands to a service need `iam:PassRole` besides.
Source: Service Authorization Reference; IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambdakit.harness.iam.actions.registry import rules_of
from lambdakit.harness.iam.api_call import ApiCall, read_api_call
from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.generic_needs import generic_needs
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
    every = keys_of_every_request(call) if needs else {}
    more = rules.more_keys(call) if needs and rules.more_keys is not None else {}
    for need in needs:
        action = _action(need.action)
        assert action is not None  # whoever makes needs was asked for actions of the reference
        own_keys = {name: values for name, values in more.items() if name in action.keys}
        keys: Keys = {**every, **keys_of_members(call, action, rules.keys), **own_keys, **need.keys}
        alike: list[tuple[Keys, list[str]]] = []
        for arn in need.resources:
            own = keys_of_tags(call, action, arn) | _account_key(arn, call)
            place = next((arns for tags, arns in alike if tags == own), None)
            if place is None:
                alike.append((own, [arn]))
            else:
                place.append(arn)
        for own, arns in alike:
            yield Authorization(action=need.action, resources=tuple(arns), one_of=need.one_of, context={**keys, **own})


def _account_key(arn: str, call: ApiCall) -> Keys:
    """`aws:ResourceAccount`: the account in the ARN, else the caller's."""
    parts = arn.split(":", 5)
    return {"aws:resourceaccount": (parts[4] if len(parts) == 6 and parts[4].isdigit() else call.account_id,)}


def _action(name: str) -> Action | None:
    prefix, _, own = name.partition(":")
    service = service_authorization(prefix)
    return None if service is None else service.actions.get(own)
