"""The condition keys that the way of a request gives.

Source: IAM User Guide, "AWS global condition context keys" (properties of the network).
"""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.network_path import EndpointPolicies, NetworkPath

SENT = Authorization(action="sqs:SendMessage", context={"aws:sourceip": ("127.0.0.1",), "aws:requestedregion": ("r",)})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (NetworkPath(), {"aws:sourceip": ("127.0.0.1",)}),
        (NetworkPath(vpc_id="vpc-1"), {"aws:sourceip": ("127.0.0.1",)}),
        (NetworkPath(vpc_id="vpc-1", source_ip="203.0.113.7"), {"aws:sourceip": ("203.0.113.7",)}),
        (
            NetworkPath(endpoint_id="vpce-1", vpc_id="vpc-1", source_ip="10.0.1.4"),
            {"aws:sourcevpce": ("vpce-1",), "aws:sourcevpc": ("vpc-1",), "aws:vpcsourceip": ("10.0.1.4",)},
        ),
        (NetworkPath(endpoint_id="vpce-1"), {"aws:sourcevpce": ("vpce-1",)}),
    ],
    ids=["nothing known", "no address known", "NAT gateway", "endpoint", "endpoint alone"],
)
def test_the_keys_of_a_way(path: NetworkPath, expected: dict[str, tuple[str, ...]]) -> None:
    seen = path.seen_by(SENT)

    assert seen.context == {"aws:requestedregion": ("r",), **expected}


@pytest.mark.parametrize("text", ["", "no policy", '{"Statement": 5}'])
def test_an_endpoint_without_a_policy_that_can_be_read_has_none(text: str) -> None:
    assert EndpointPolicies().of(NetworkPath(endpoint_id="vpce-1", endpoint_policy=text)) is None


def test_a_policy_is_compiled_anew_when_it_changes() -> None:
    policies = EndpointPolicies()
    one, other = (
        NetworkPath(
            endpoint_id="vpce-1",
            endpoint_policy=f'{{"Statement": {{"Effect": "{effect}", "Principal": "*",'
            ' "Action": "*", "Resource": "*"}}',
        )
        for effect in ("Allow", "Deny")
    )

    first, again, changed = (policies.of(path) for path in (one, one, other))

    assert first is again
    assert changed is not None
    assert changed is not first
