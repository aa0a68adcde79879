"""What is decided about a request before anybody is asked who it is."""

from __future__ import annotations

import pytest

from lambdakit.harness.moto_state.rest_definition import Method
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.resource_policy import check_arn
from tests.fakes.rest_exchanges import rest_exchange

_BEGIN = "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/GET/"


@pytest.mark.parametrize(
    ("authorization", "policy", "length", "refused"),
    [
        ("CUSTOM", "", 1600, False),
        ("CUSTOM", "", 1601, True),
        ("AWS_IAM", "", 1601, True),
        ("COGNITO_USER_POOLS", "", 1601, True),
        ("NONE", "{}", 1601, True),
        ("NONE", "", 1601, False),
    ],
)
def test_a_method_s_arn_has_a_limit_where_it_is_decided_about(
    authorization: str, policy: str, length: int, refused: bool
) -> None:
    method = Method(http_method="GET", authorization=authorization)
    exchange = rest_exchange(method, target="/" + "a" * (length - len(_BEGIN)), api={"policy": policy})

    if refused:
        with pytest.raises(Refused) as problem:
            check_arn(exchange)
        assert problem.value.kind == "REQUEST_URI_TOO_LONG"
    else:
        check_arn(exchange)
