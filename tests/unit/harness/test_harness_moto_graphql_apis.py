"""moto's AppSync as the harness uses it: that an API is there under our id, and its tags."""

from __future__ import annotations

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.graphql_apis import (
    forget_api,
    has_event_api,
    keep_api,
    tag_resource,
    tags_of,
    untag_resource,
)

_ACCOUNT, _REGION = "111122223333", "eu-west-1"
_ARN = f"arn:aws:appsync:{_REGION}:{_ACCOUNT}:apis/abc"


def test_moto_knows_an_api_by_our_id_with_its_tags() -> None:
    account = Account(account_id=_ACCOUNT, region=_REGION)
    tagging = account.client("resourcegroupstaggingapi")

    keep_api(
        account_id=_ACCOUNT,
        region=_REGION,
        api_id="abc",
        arn=_ARN,
        name="shop",
        authentication_type="API_KEY",
        tags={"a": "1", "b": "2"},
    )
    tag_resource(_ACCOUNT, _REGION, _ARN, {"c": "3"})
    untag_resource(_ACCOUNT, _REGION, _ARN, ["a"])
    found = tagging.get_resources(ResourceTypeFilters=["appsync:apis"])["ResourceTagMappingList"]

    assert [(each["ResourceARN"], each["Tags"]) for each in found] == [
        (_ARN, [{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}])
    ]
    assert [each["apiId"] for each in account.client("appsync").list_graphql_apis()["graphqlApis"]] == ["abc"]
    assert tags_of(_ACCOUNT, _REGION, _ARN) == {"b": "2", "c": "3"}

    forget_api(_ACCOUNT, _REGION, "abc", _ARN)

    assert tagging.get_resources(ResourceTypeFilters=["appsync:apis"])["ResourceTagMappingList"] == []
    assert tags_of(_ACCOUNT, _REGION, _ARN) == {}


def test_an_event_api_of_moto_is_known_by_its_id() -> None:
    appsync = Account(account_id=_ACCOUNT, region=_REGION).client("appsync")
    keyed = [{"authType": "API_KEY"}]
    config = {
        "authProviders": keyed,
        "connectionAuthModes": keyed,
        "defaultPublishAuthModes": keyed,
        "defaultSubscribeAuthModes": keyed,
    }

    made = appsync.create_api(name="events", eventConfig=config)["api"]["apiId"]

    assert has_event_api(_ACCOUNT, _REGION, made)
    assert not has_event_api(_ACCOUNT, _REGION, "abc")
    assert not has_event_api(_ACCOUNT, "us-west-2", made)
