"""JSON Web Tokens: each check by itself, with real keys."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.account import Account
from lambdakit.harness.routing.authorizers.json_web_token import (
    TokenRefused,
    claim_texts,
    scopes_of,
    verified_claims,
)
from lambdakit.harness.routing.authorizers.key_sets import KeySets, KeysNotFound
from tests.fakes.token_issuer import Issuer, served_issuer


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with served_issuer() as issuer:
        yield issuer


def _verify(token: str, issuer: Issuer, **more: Any) -> Any:
    wanted = {"issuer": issuer.url, "audience": ["shop"], "key_sets": KeySets(time.monotonic), "now": time.time, **more}
    return verified_claims(token, **wanted)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["other", "shop"]},
        {"aud": None, "client_id": "shop"},
        {"nbf": None, "iat": None},
        {"exp": timedelta(seconds=600.5)},
    ],
)
def test_a_token_that_is_in_order_gives_its_claims(issuer: Issuer, claims: dict[str, Any]) -> None:
    assert _verify(issuer.token(**claims), issuer)["sub"] == "somebody"


@pytest.mark.parametrize(
    ("claims", "header", "text"),
    [
        ({"exp": timedelta(seconds=-1)}, {}, "expired"),
        ({"exp": None}, {}, "expired"),
        ({"exp": "tomorrow"}, {}, "exp is not a number"),
        ({"exp": True}, {}, "exp is not a number"),
        ({"nbf": timedelta(minutes=10)}, {}, "not valid yet"),
        ({"iat": timedelta(minutes=10)}, {}, "before it was issued"),
        ({"iss": "https://other"}, {}, "invalid issuer"),
        ({"iss": None}, {}, "invalid issuer"),
        ({"aud": "other"}, {}, "valid audience"),
        ({"aud": "other", "client_id": "shop"}, {}, "valid audience"),
        ({"aud": None}, {}, "valid audience"),
        ({"aud": [1]}, {}, "valid audience"),
        ({}, {"kid": "two"}, "kid is invalid"),
        ({}, {"kid": None}, "kid is invalid"),
        ({}, {"alg": "none"}, "signing method none"),
        ({}, {"alg": "HS256"}, "signing method HS256"),
        ({}, {"alg": "RS512"}, "invalid signature"),
    ],
)
def test_a_token_that_is_not_is_refused(
    issuer: Issuer, claims: dict[str, Any], header: dict[str, Any], text: str
) -> None:
    with pytest.raises(TokenRefused) as refused:
        _verify(issuer.token(header, **claims), issuer)

    assert text in refused.value.description


def test_a_changed_token_is_refused(issuer: Issuer) -> None:
    header, _, signature = issuer.token().split(".")
    claims = {"iss": issuer.url, "aud": "shop", "exp": int(time.time()) + 600, "admin": True}
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")

    with pytest.raises(TokenRefused, match="invalid signature"):
        _verify(f"{header}.{forged}.{signature}", issuer)


@given(st.text() | st.builds(".".join, st.lists(st.text(alphabet="eyJ0-_=Aa.{}", max_size=40), min_size=3, max_size=3)))
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        _verify(text, Issuer.__new__(_Nobody))


class _Nobody(Issuer):
    """An issuer that has no key yet."""

    url = "https://issuer.example"


def test_keys_elsewhere_than_on_loopback_are_not_asked_for() -> None:
    with pytest.raises(KeysNotFound, match="loopback only"):
        KeySets(time.monotonic).key("https://example.com", "one")


def test_a_key_that_was_added_is_found(issuer: Issuer) -> None:
    sets = KeySets(time.monotonic)
    assert sets.key(issuer.url, "new") is None

    issuer.key_id = "new"
    found = sets.key(issuer.url, "new")
    issuer.key_id = "one"

    assert found is not None


@pytest.mark.xdist_group("moto")
def test_a_user_pool_s_tokens_are_good_by_moto_s_own_keys() -> None:
    account = Account(account_id="123456789012", region="eu-west-1")
    client = account.client("cognito-idp")
    pool = client.create_user_pool(PoolName="p")["UserPool"]["Id"]
    app = client.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]["ClientId"]
    client.admin_create_user(UserPoolId=pool, Username="ann", TemporaryPassword="Secret-1234!")
    client.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Secret-1234!", Permanent=True)
    tokens = client.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=app,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Secret-1234!"},
    )["AuthenticationResult"]
    issuer = f"https://cognito-idp.eu-west-1.amazonaws.com/{pool}"
    wanted: dict[str, Any] = {
        "issuer": issuer,
        "audience": [app],
        "key_sets": KeySets(time.monotonic),
        "now": time.time,
    }

    assert verified_claims(tokens["IdToken"], **wanted)["cognito:username"] == "ann"
    assert verified_claims(tokens["AccessToken"], **wanted)["client_id"] == app
    with pytest.raises(KeysNotFound, match="no user pool"):
        KeySets(time.monotonic).key("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_missing", "dummy")


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, []),
        ({"scope": "a b"}, ["a", "b"]),
        ({"scp": ["a", 1]}, ["a"]),
        ({"scp": "a"}, ["a"]),
        ({"scope": 1}, []),
        ({"scope": "", "scp": ["a"]}, []),
    ],
)
def test_scopes_stand_in_either_claim(claims: dict[str, Any], scopes: list[str]) -> None:
    assert scopes_of(claims) == scopes


def test_every_claim_is_told_as_text() -> None:
    claims = {"t": "a", "n": 1, "f": 1.5, "b": True, "l": ["a", 1], "d": {"b": 1, "a": "x"}}

    assert claim_texts(claims) == {"t": "a", "n": "1", "f": "1.5", "b": "true", "l": "[a 1]", "d": "map[a:x b:1]"}
