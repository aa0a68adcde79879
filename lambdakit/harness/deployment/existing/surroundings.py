"""What a template takes to be in the account already, made before the template's own resources where it is not."""

from __future__ import annotations

from collections.abc import Iterable

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.existing.apis import ExistingApis
from lambdakit.harness.deployment.existing.drawn import drawn_of
from lambdakit.harness.deployment.existing.mentions import mentions_of
from lambdakit.harness.deployment.existing.named_apis import Protocol, apis_of
from lambdakit.harness.deployment.existing.networks import ExistingNetworks
from lambdakit.harness.deployment.existing.resources import ExistingResources
from lambdakit.harness.deployment.stack_source import StackSource
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.trace import ExistingMade


def bring_surroundings(
    engine: Engine, source: StackSource, resolver: Resolver, logical_ids: Iterable[str], undo: UndoLog
) -> None:
    """Makes what the named resources of a stack mention by an id that AWS draws, and that is not in the account."""
    names = tuple(logical_ids)

    def tell(type_name: str, physical_id: str, assumed: bool, text: str) -> None:
        engine.trace.append(
            ExistingMade(stack=source.name, type=type_name, physical_id=physical_id, assumed=assumed, text=text)
        )

    mentions = mentions_of(resolver, names)
    drawn = drawn_of(resolver, names, account_id=source.account_id, region=source.region)
    apis = apis_of(resolver, names)
    if not mentions.ids and not drawn and not apis:
        return
    context = engine.context
    networks = ExistingNetworks(
        context.account, account_id=source.account_id, region=source.region, undo=undo, tell=tell
    )
    networks.make(mentions, source.look_ups)
    resources = ExistingResources(
        context.account,
        account_id=source.account_id,
        networks=networks,
        listen=(lambda arn: None) if context.load_balancers is None else context.load_balancers.listen,
        undo=undo,
        tell=tell,
    )
    resources.make(drawn, source.look_ups, mentions)

    def opened(protocol: Protocol, api_id: str) -> None:
        serves = {"REST": context.open_rest_api, "HTTP": context.open_http_api, "WEBSOCKET": context.open_websocket_api}
        serves[protocol](api_id, source.region, source.account_id)

    standing = ExistingApis(
        context.account,
        account_id=source.account_id,
        region=source.region,
        opened=opened,
        closed=context.doors.close_door,
        undo=undo,
        tell=tell,
    )
    standing.make(apis, source.look_ups)
