"""Which operation a path means."""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.rest_routes import find_route
from lambdakit.harness.wire import Headers


@pytest.mark.parametrize("topic", ["shop", "shop%2Forders", "shop/orders", "shop/orders/1"])
def test_a_topic_may_have_slashes_as_they_are(topic: str) -> None:
    found = find_route("iotdata", "POST", f"/topics/{topic}", {}, Headers(()))

    assert found is not None
    route, members = found
    assert (route.operation, members["topic"]) == ("Publish", topic.replace("%2F", "/"))


def test_a_thing_s_name_ends_at_a_slash() -> None:
    found = find_route("iotdata", "POST", "/things/lamp/shadow", {}, Headers(()))

    assert found is not None
    assert (found[0].operation, found[1]["thingName"]) == ("UpdateThingShadow", "lamp")
