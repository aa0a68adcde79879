"""Who a REST API lets in: authorizers, API keys with usage plans, limits, and requests that are not in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.guarded_rest_api import KEYS, Guarded, guarded_apis
from tests.fakes.plain_assembly import write_stack
from tests.fakes.signed_http import sign
from tests.fakes.wired_harness import WiredHarness

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.xdist_group("behaviour-rest-api-gates")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with WiredHarness(enforce_iam="on") as harness:
        outputs = Guarded.outputs_of()
        deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("a"), "gates", guarded_apis(), **outputs))
        world = Guarded(harness, deployment)
        with world.http:
            yield world


@pytest.fixture(scope="module")
def tokens(world: Guarded) -> Mapping[str, str]:
    pool, idp = world.outputs["Pool"], world.harness.aws("cognito-idp")
    idp.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Secret-1234!", Permanent=True)
    found: Mapping[str, str] = idp.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=world.outputs["Client"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Secret-1234!"},
    )["AuthenticationResult"]
    return found


def _told(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


UNAUTHORIZED = (401, {"message": "Unauthorized"})
NO = "User is not authorized to access this resource"


class TestFunctions:
    def test_what_the_function_says_is_told_as_texts(self, world: Guarded) -> None:
        told = world.guarded("/kept/1", "allow").json()["requestContext"]["authorizer"]

        arn = f"arn:aws:execute-api:us-east-1:123456789012:{world.outputs['Id']}/prod/GET/kept/1"
        assert (told["principalId"], told["kind"], told["arn"], told["yes"]) == ("me", "TOKEN", arn, "true")
        assert told["calls"].isdigit()
        assert isinstance(told["integrationLatency"], int)

    def test_a_kept_policy_is_asked_for_each_method(self, world: Guarded) -> None:
        calls = [world.guarded("/kept/2", "read", "GET").json()["requestContext"]["authorizer"]["calls"] for _ in "ab"]

        assert calls[0] == calls[1]
        assert _told(world.guarded("/kept/2", "read", "POST")) == (403, {"Message": NO})

    def test_it_is_kept_by_the_harness_s_clock(self, world: Guarded) -> None:
        def calls() -> int:
            return int(world.guarded("/kept/3", "timed").json()["requestContext"]["authorizer"]["calls"])

        first, again = calls(), calls()
        world.harness.call("POST", "clock", {"advance_seconds": 301})

        assert first == again
        assert calls() > first

    @pytest.mark.parametrize(
        ("token", "answer"),
        [
            ("deny", (403, {"Message": f"{NO} with an explicit deny in an identity-based policy"})),
            ("raise Unauthorized", UNAUTHORIZED),
            ("raise unauthorized", (500, {"message": None})),
            ('{"principalId": "me"}', (500, {"message": None})),
            ('{"isAuthorized": true}', (500, {"message": None})),
        ],
    )
    def test_what_does_not_let_in(self, world: Guarded, token: str, answer: tuple[int, Any]) -> None:
        assert _told(world.guarded("/kept/4", token)) == answer

    def test_what_it_tells_of_whom_it_refuses_is_told_on(self, world: Guarded) -> None:
        answer = world.guarded("/kept/4", "deny")

        assert answer.status_code == 403
        assert answer.headers["x-calls"].isdigit()

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/kept/5", {}),
            ("/fitting", {"X_Token": "UPPER"}),
            ("/request", {"X_Token": "allow"}),
            ("/request?q=", {"X_Token": "allow"}),
        ],
    )
    def test_without_its_identity_no_function_is_asked(
        self, world: Guarded, path: str, headers: dict[str, str]
    ) -> None:
        before = world.harness.position()

        assert _told(world.ask(path, **headers)) == UNAUTHORIZED

        assert world.harness.events("InvocationStarted", after=before) == []

    def test_a_request_authorizer_sees_the_request(self, world: Guarded) -> None:
        told = world.ask("/request?q=1", X_Token="allow").json()["requestContext"]["authorizer"]

        assert told["kind"] == "REQUEST"

    def test_it_needs_the_permission_to_call(self, world: Guarded) -> None:
        before = world.harness.position()

        assert _told(world.guarded("/unpermitted", "allow")) == (500, {"message": None})

        (answered,) = world.harness.events("RequestAnswered", after=before)
        assert "lambda:InvokeFunction" in answered["problem"]


class TestUserPools:
    def test_an_identity_token_s_claims_are_told(self, world: Guarded, tokens: Mapping[str, str]) -> None:
        claims = world.ask("/users", Authorization=tokens["IdToken"]).json()["requestContext"]["authorizer"]["claims"]

        assert (claims["cognito:username"], claims["aud"]) == ("ann", world.outputs["Client"])
        assert claims["exp"].split()[4] == "UTC"

    @pytest.mark.parametrize(
        ("path", "token", "status"),
        [
            ("/users", "IdToken", 200),
            ("/users", "AccessToken", 401),
            ("/scoped", "AccessToken", 200),
            ("/scoped", "IdToken", 401),
        ],
    )
    def test_scopes_say_which_token(
        self, world: Guarded, tokens: Mapping[str, str], path: str, token: str, status: int
    ) -> None:
        assert world.ask(path, Authorization=f"Bearer {tokens[token]}").status_code == status

    def test_a_changed_token_is_unauthorized(self, world: Guarded, tokens: Mapping[str, str]) -> None:
        header, _, rest = tokens["IdToken"].partition(".")

        assert _told(world.ask("/users", Authorization=f"{header}.x{rest}")) == UNAUTHORIZED
        assert _told(world.ask("/users")) == UNAUTHORIZED


class TestSignatures:
    def _key(self, world: Guarded, name: str, resource: str) -> dict[str, str]:
        arn = f"arn:aws:execute-api:us-east-1:123456789012:{world.outputs['Id']}/{resource}"
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn}
        iam = world.harness.aws("iam")
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key: dict[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
        return key

    def _send(self, world: Guarded, path: str, key: Mapping[str, str]) -> httpx.Response:
        return world.http.send(sign(world.http.build_request("GET", world.outputs["Shop"] + path), key))

    def test_who_may_is_let_in_and_told(self, world: Guarded) -> None:
        key = self._key(world, "may", "prod/GET/signed/*")

        identity = self._send(world, "/signed/1", key).json()["requestContext"]["identity"]

        assert identity["userArn"] == "arn:aws:iam::123456789012:user/may"
        assert identity["accessKey"] == key["AccessKeyId"]
        assert identity["caller"] == identity["user"] != ""

    def test_who_may_not_is_told_so_without_the_account(self, world: Guarded) -> None:
        key = self._key(world, "may-not", "prod/POST/signed/*")

        status, body = _told(self._send(world, "/signed/1", key))

        who = "User: arn:aws:iam::123456789012:user/may-not is not authorized to perform: execute-api:Invoke"
        place = f"arn:aws:execute-api:us-east-1:********9012:{world.outputs['Id']}/prod/GET/signed/1"
        assert status == 403
        assert body["Message"].startswith(f"{who} on resource: {place} ")

    def test_no_signature_is_a_missing_token(self, world: Guarded) -> None:
        assert _told(world.ask("/signed/1")) == (403, {"message": "Missing Authentication Token"})

    def test_a_wrong_signature_is_told(self, world: Guarded) -> None:
        key = self._key(world, "wrong", "*")

        status, body = _told(self._send(world, "/signed/1", {**key, "SecretAccessKey": "other"}))

        assert status == 403
        assert body["message"].startswith("The request signature we calculated does not match")


class TestKeys:
    FORBIDDEN = (403, {"message": "Forbidden"})

    def test_a_key_of_a_plan_is_let_in_and_told(self, world: Guarded) -> None:
        identity = world.ask("/keyed", x_api_key=KEYS["gold"]).json()["requestContext"]["identity"]

        assert identity["apiKey"] == KEYS["gold"]
        assert identity["apiKeyId"]

    @pytest.mark.parametrize(
        "headers", [{}, {"x_api_key": "nonsense"}, *({"x_api_key": KEYS[n]} for n in ("off", "lost", "named"))]
    )
    def test_every_other_is_forbidden(self, world: Guarded, headers: dict[str, str]) -> None:
        assert _told(world.ask("/keyed", **headers)) == self.FORBIDDEN

    def test_a_plan_s_rate(self, world: Guarded) -> None:
        assert [world.keyed("tiny") for _ in range(3)] == [200, 200, 429]
        assert world.ask("/keyed", x_api_key=KEYS["tiny"]).json() == {"message": "Too Many Requests"}
        world.harness.call("POST", "clock", {"advance_seconds": 3_600})
        assert world.keyed("tiny") == 200

    def test_a_method_s_own_rate(self, world: Guarded) -> None:
        assert [world.keyed("gold", path) for path in ("/keyed/slow", "/keyed/slow", "/keyed")] == [200, 429, 200]
        world.harness.call("POST", "clock", {"advance_seconds": 3_600})
        assert world.keyed("gold", "/keyed/slow") == 200

    def test_a_quota_begins_anew_the_next_day(self, world: Guarded) -> None:
        used = [world.keyed("quota") for _ in range(3)]
        told = world.ask("/keyed", x_api_key=KEYS["quota"]).json()
        world.harness.call("POST", "clock", {"advance_seconds": 86_400})

        assert used == [200, 200, 429]
        assert told == {"message": "Limit Exceeded"}
        assert world.keyed("quota") == 200

    def test_a_key_that_is_disabled_through_the_api_is_forbidden_at_once(self, world: Guarded) -> None:
        client = world.harness.aws("apigateway")
        key = next(key for key in client.get_api_keys(includeValues=True)["items"] if key["value"] == KEYS["gold"])

        def set_enabled(value: str) -> None:
            operation = {"op": "replace", "path": "/enabled", "value": value}
            client.update_api_key(apiKey=key["id"], patchOperations=[operation])

        set_enabled("false")
        disabled = world.keyed("gold")
        set_enabled("true")

        assert (disabled, world.keyed("gold")) == (403, 200)

    def test_an_authorizer_names_the_key(self, world: Guarded) -> None:
        named = world.ask("/", api="Named", X_Token=KEYS["named"], x_api_key="nonsense")

        assert named.json()["requestContext"]["identity"]["apiKey"] == KEYS["named"]
        assert _told(world.ask("/", api="Named", X_Token="nonsense")) == self.FORBIDDEN

    def test_a_stage_limits_a_method_whoever_asks(self, world: Guarded) -> None:
        assert [world.ask("/limited").status_code for _ in range(3)] == [200, 200, 429]
        world.harness.call("POST", "clock", {"advance_seconds": 3_600})
        assert world.ask("/limited").status_code == 200


class TestValidation:
    def _sent(
        self, world: Guarded, document: Any, query: str = "?q=1", kind: str = "application/json"
    ) -> httpx.Response:
        return world.ask(f"/pets{query}", "POST", body=json.dumps(document).encode(), Content_Type=kind)

    def test_what_is_in_order_reaches_the_function(self, world: Guarded) -> None:
        assert self._sent(world, {"name": "rex", "owner": {"id": 1}}).status_code == 200

    def test_a_body_that_is_not_is_told_why_where_the_api_says_so(self, world: Guarded) -> None:
        before = world.harness.position()

        answer = self._sent(world, {"name": "rex", "owner": {}})

        assert answer.status_code == 400
        assert answer.text == '{"why": "[object has missing required properties (["id"])]"}'
        assert world.harness.events("InvocationStarted", after=before) == []

    def test_a_required_parameter_that_is_not_there(self, world: Guarded) -> None:
        expected = (400, {"message": "Missing required request parameters: [q]"})

        assert _told(self._sent(world, {"name": "rex"}, "")) == expected
        assert _told(self._sent(world, {"name": "rex"}, "?q=")) == expected

    def test_another_content_type_is_not_looked_at(self, world: Guarded) -> None:
        assert self._sent(world, [], kind="text/plain").status_code == 200
