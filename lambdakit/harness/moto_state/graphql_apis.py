"""moto's AppSync, as far as it knows GraphQL APIs here: that an API is there, and its tags.

All else is ours: moto has no data sources, resolvers and functions, draws keys of another form and cannot take away
what an update leaves out. The Resource Groups Tagging API, which is moto's, finds APIs and their tags here.

Private surface used: `moto.appsync.models.appsync_backends[account][region]` with `graphql_apis`, `events_apis`,
`create_graphql_api` and `tagger`. Canary: tests/unit/harness/test_harness_moto_graphql_apis.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def keep_api(
    *, account_id: str, region: str, api_id: str, arn: str, name: str, authentication_type: str, tags: Mapping[str, str]
) -> None:
    """Has moto know of an API, under the id that it was given here."""
    backend = _backend(account_id, region)
    api = backend.create_graphql_api(
        name=name,
        log_config=None,
        authentication_type=authentication_type,
        user_pool_config=None,
        open_id_connect_config=None,
        additional_authentication_providers=None,
        xray_enabled=False,
        lambda_authorizer_config=None,
        tags={},
        visibility="GLOBAL",
    )
    del backend.graphql_apis[api.api_id]
    api.api_id, api.arn = api_id, arn
    backend.graphql_apis[api_id] = api
    tag_resource(account_id, region, arn, tags)


def forget_api(account_id: str, region: str, api_id: str, arn: str) -> None:
    """The API is gone, and its tags with it."""
    backend = _backend(account_id, region)
    backend.graphql_apis.pop(api_id, None)
    backend.tagger.delete_all_tags_for_resource(arn)


def tags_of(account_id: str, region: str, arn: str) -> dict[str, str]:
    """The tags of an API or a domain."""
    return dict(_backend(account_id, region).tagger.get_tag_dict_for_resource(arn))


def tag_resource(account_id: str, region: str, arn: str, tags: Mapping[str, str]) -> None:
    """Adds tags, or changes them."""
    backend = _backend(account_id, region)
    backend.tagger.tag_resource(arn, [{"Key": key, "Value": value} for key, value in tags.items()])


def untag_resource(account_id: str, region: str, arn: str, keys: list[str]) -> None:
    """Takes tags away."""
    _backend(account_id, region).tagger.untag_resource_using_names(arn, keys)


def has_event_api(account_id: str, region: str, api_id: str) -> bool:
    """Whether moto has an Event API with an id: keys of those are asked for at the same paths."""
    return api_id in _backend(account_id, region).events_apis


def _backend(account_id: str, region: str) -> Any:
    from moto.appsync.models import appsync_backends

    return appsync_backends[account_id][region]
