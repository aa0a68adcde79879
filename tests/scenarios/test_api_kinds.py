"""One document with an API of each type: deployed once, and called as its clients call it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from lambdakit import Harness
from tests.fakes.signed_http import sign

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """
application: kinds
# The callback address of a WebSocket API has no endpoint in a network: the NAT gateway is its functions' way there.
network: {vpc: {max_azs: 2, nat_gateways: 1, flow_log_retention: none}}
defaults: {memory_size: 256}
patterns:
  guarded:
    kind: api_backend
    api:
      cors: {allow_origins: ["https://example.com"]}
      authorizer: {kind: lambda, function: {code: functions, handler: app.is_allowed}, cache: 0s}
    routes:
      $default: {name: answer_all, code: functions, handler: app.answer}
      GET /open: {function: answer_all, authorizer: none}
  members:
    kind: api_backend
    api: {type: http, authorizer: {kind: cognito, user_pool: {mfa: "off", removal_policy: destroy}}}
    routes:
      GET /me: {name: read_me, code: functions, handler: app.answer}
  signed:
    kind: api_backend
    api: {authorizer: {kind: iam}}
    routes:
      GET /signed: {name: answer_signed, code: functions, handler: app.answer}
  store:
    kind: api_backend
    api:
      type: rest
      cors: {allow_origins: ["https://example.com"]}
      authorizer: {kind: lambda, function: {code: functions, handler: app.policy}, cache: 0s}
      binary_media_types: [application/octet-stream]
      request_validation: true
    table:
      partition_key: id
      removal_policy: destroy
      global_secondary_indexes: [{index_name: by_customer, partition_key: customer}]
    routes:
      "PUT /orders/{id}":
        name: put_order
        code: functions
        handler: app.put_order
        table_access: write
        request_schema: {type: object, required: [customer]}
      "GET /customers/{id}/orders": {name: list_orders, code: functions, handler: app.list_orders, table_access: read}
      GET /open: {name: answer_open, code: functions, handler: app.answer, authorizer: none}
  metered:
    kind: api_backend
    api:
      type: rest
      cloud_watch_role: false
      usage_plan: {quota: 2, quota_period: day}
      authorizer: {kind: cognito, user_pool: {mfa: "off", removal_policy: destroy}}
    routes:
      $default: {name: answer_metered, code: functions, handler: app.answer}
      GET /open: {function: answer_metered, authorizer: none}
  hook:
    kind: api_backend
    api: {type: function_url, auth_type: none}
    routes:
      $default: {name: answer_hook, code: functions, handler: app.answer}
  ledger:
    kind: api_backend
    api: {type: function_url}
    routes:
      "ANY /{proxy+}": {name: answer_ledger, code: functions, handler: app.answer}
  chat:
    kind: api_backend
    api:
      type: websocket
      cloud_watch_role: false
      authorizer:
        kind: lambda
        function: {name: may_join, code: functions, handler: app.policy_of_query}
        identity_sources: [querystring.token]
    table: {partition_key: connection, removal_policy: destroy}
    routes:
      $connect: {name: join, code: functions, handler: app.join, table_access: write}
      $disconnect: {name: leave, code: functions, handler: app.leave, table_access: write}
      say: {code: functions, handler: app.say, table_access: read}
      $default: {name: echo, code: functions, handler: app.echo}
  inner:
    kind: api_backend
    api: {type: load_balancer}
    routes:
      "GET /orders/{id}": {name: read_inner, code: functions, handler: app.answer}
      "GET /orders/{id}/lines": {name: read_lines, code: functions, handler: app.lines}
"""

HANDLERS = """
import json, os

def _boto3():
    import boto3
    return boto3

def _table():
    return _boto3().resource("dynamodb").Table(os.environ["TABLE_NAME"])

def answer(event, context):
    path = event.get("rawPath") or event["path"]
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"path": path})}

def lines(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "lines"}

def _token(event):
    return {name.lower(): value for name, value in event["headers"].items()}.get("authorization")

def is_allowed(event, context):
    return {"isAuthorized": _token(event) == "open sesame"}

def _policy(effect, resource):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "someone", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

def policy(event, context):
    return _policy("Allow" if _token(event) == "open sesame" else "Deny", event["methodArn"])

def policy_of_query(event, context):
    allowed = event["queryStringParameters"]["token"] == "sesame"
    return _policy("Allow" if allowed else "Deny", event["methodArn"])

def put_order(event, context):
    _table().put_item(Item={"id": event["pathParameters"]["id"], **json.loads(event["body"])})
    return {"statusCode": 204}

def list_orders(event, context):
    from boto3.dynamodb.conditions import Key
    found = _table().query(
        IndexName="by_customer", KeyConditionExpression=Key("customer").eq(event["pathParameters"]["id"])
    )
    return {"statusCode": 200, "body": json.dumps([item["id"] for item in found["Items"]])}

def join(event, context):
    _table().put_item(Item={"connection": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}

def leave(event, context):
    _table().delete_item(Key={"connection": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}

def say(event, context):
    clients = _boto3().client("apigatewaymanagementapi", endpoint_url=os.environ["CONNECTIONS_URL"])
    for member in _table().scan()["Items"]:
        if member["connection"] != event["requestContext"]["connectionId"]:
            clients.post_to_connection(ConnectionId=member["connection"], Data=event["body"].encode())
    return {"statusCode": 200, "body": "said"}

def echo(event, context):
    return {"statusCode": 200, "body": event["body"]}
"""

ALLOWED: Mapping[str, str] = {"authorization": "open sesame"}


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture(scope="module")
def kinds(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    project: Path = tmp_path_factory.mktemp("kinds")
    (project / "functions").mkdir()
    (project / "functions" / "app.py").write_text(HANDLERS)
    (project / "lambdakit.yaml").write_text(DOCUMENT)
    deployment = harness.deploy(project / "lambdakit.yaml")
    yield deployment
    deployment.destroy()


def status(kinds: Deployment, api: str, path: str, headers: Mapping[str, str] | None = None) -> int:
    with kinds.http(api) as client:
        return client.get(path, headers=headers).status_code


def id_token(harness: Harness, kinds: Deployment, pattern: str) -> str:
    """The identity token of a user who signs in to the pattern's user pool."""
    outputs = kinds.outputs["kinds"]
    pool, client_id = outputs[f"{pattern}UserPoolId"], outputs[f"{pattern}UserPoolClientId"]
    cognito = harness.client("cognito-idp")
    cognito.admin_create_user(UserPoolId=pool, Username="ada@example.com")
    password = "correct horse Battery 9!"
    cognito.admin_set_user_password(UserPoolId=pool, Username="ada@example.com", Password=password, Permanent=True)
    asked = cognito.initiate_auth(
        ClientId=client_id, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "ada@example.com", "SRP_A": "a" * 64}
    )
    answered = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="PASSWORD_VERIFIER",
        Session=asked.get("Session", "session"),
        ChallengeResponses={
            "USERNAME": asked["ChallengeParameters"]["USERNAME"],
            "PASSWORD_CLAIM_SIGNATURE": "signature",
            "PASSWORD_CLAIM_SECRET_BLOCK": asked["ChallengeParameters"]["SECRET_BLOCK"],
            "TIMESTAMP": "Thu Jan 1 00:00:00 UTC 2026",
        },
    )
    return str(answered["AuthenticationResult"]["IdToken"])


def test_a_function_decides_who_calls_an_http_api(kinds: Deployment) -> None:
    assert status(kinds, "guarded", "/orders") == 401
    assert status(kinds, "guarded", "/orders", {"authorization": "guess"}) == 403
    assert status(kinds, "guarded", "/orders", ALLOWED) == 200
    assert status(kinds, "guarded", "/open") == 200


def test_a_preflight_request_of_a_guarded_default_route_needs_no_token(kinds: Deployment) -> None:
    with kinds.http("guarded") as client:
        answer = client.options(
            "/orders", headers={"origin": "https://example.com", "access-control-request-method": "GET"}
        )

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://example.com"


def test_users_of_the_pool_call_the_http_api(harness: Harness, kinds: Deployment) -> None:
    token = id_token(harness, kinds, "Members")

    assert status(kinds, "members", "/me") == 401
    assert status(kinds, "members", "/me", {"authorization": f"Bearer {token}"}) == 200


def test_signed_requests_of_those_who_may_are_answered(harness: Harness, kinds: Deployment) -> None:
    iam = harness.client("iam")
    iam.create_user(UserName="ada")
    allowed = {"Effect": "Allow", "Action": ["execute-api:Invoke", "lambda:InvokeFunction*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="ada", PolicyName="calls", PolicyDocument=document)
    key = iam.create_access_key(UserName="ada")["AccessKey"]

    with kinds.http("signed") as api, kinds.http("ledger") as address:
        signed = api.send(sign(api.build_request("GET", "/signed"), key))
        of_address = address.send(sign(address.build_request("GET", "/entries"), key, service="lambda"))
        refused = [api.get("/signed").status_code, address.get("/entries").status_code]

    assert (signed.json(), of_address.json()) == ({"path": "/signed"}, {"path": "/entries"})
    assert refused == [403, 403]


def test_a_rest_api_writes_and_reads_by_an_index(kinds: Deployment) -> None:
    with kinds.http("store") as client:
        refused = client.put("orders/1", json={"customer": "ada"})
        written = client.put("orders/1", json={"customer": "ada"}, headers=ALLOWED)
        unfit = client.put("orders/2", json={"total": 1}, headers=ALLOWED)
        found = client.get("customers/ada/orders", headers=ALLOWED)
        open_to_all = client.get("open")

    assert (refused.status_code, written.status_code) == (401, 204)
    assert unfit.status_code == 400
    assert found.json() == ["1"]
    assert open_to_all.json() == {"path": "/open"}
    # The page that asked may read why.
    assert refused.headers["access-control-allow-origin"] == "https://example.com"


def test_a_metered_rest_api_asks_for_a_key_and_counts(harness: Harness, kinds: Deployment) -> None:
    key_id = kinds.outputs["kinds"]["MeteredApiKeyId"]
    key = harness.client("apigateway").get_api_key(apiKey=key_id, includeValue=True)["value"]
    token = id_token(harness, kinds, "Metered")

    assert status(kinds, "metered", "open") == 403
    assert status(kinds, "metered", "anything", {"x-api-key": key}) == 401
    assert status(kinds, "metered", "anything", {"x-api-key": key, "authorization": token}) == 200
    assert status(kinds, "metered", "open", {"x-api-key": key}) in (200, 429)
    assert status(kinds, "metered", "open", {"x-api-key": key}) == 429


def test_a_functions_own_address_answers(kinds: Deployment) -> None:
    with kinds.http("hook") as client:
        answer = client.post("/any/path")

    assert answer.json() == {"path": "/any/path"}
    assert kinds.outputs["kinds"]["HookUrl"] == str(client.base_url).rstrip("/")


def test_a_load_balancer_tells_longer_paths_from_shorter_ones(kinds: Deployment) -> None:
    with kinds.http("inner") as client:
        order, lines, none, unknown = (
            client.get("/orders/1"),
            client.get("/orders/1/lines"),
            client.post("/orders/1"),
            client.get("/customers"),
        )

    assert order.json() == {"path": "/orders/1"}
    assert lines.text == "lines"
    assert (none.status_code, unknown.status_code) == (404, 404)
    assert unknown.json() == {"message": "Not Found"}


def test_what_one_says_the_others_hear(kinds: Deployment) -> None:
    url = f"{kinds.outputs['kinds']['ChatUrl']}?token=sesame"
    message = json.dumps({"action": "say", "text": "hello"})

    with connect(url, proxy=None, open_timeout=30) as ada, connect(url, proxy=None, open_timeout=30) as eve:
        ada.send(message)
        heard = [ada.recv(30), eve.recv(30)]
        ada.send("plain text")
        echoed = ada.recv(30)

    assert heard == ["said", message]
    assert echoed == "plain text"


@pytest.mark.parametrize("query", ["?token=guess", ""])
def test_nobody_joins_without_the_token(kinds: Deployment, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{kinds.outputs['kinds']['ChatUrl']}{query}", proxy=None, open_timeout=30)

    assert refused.value.response.status_code in (401, 403)


def test_no_function_was_refused_anything(harness: Harness, kinds: Deployment) -> None:
    harness.drain()

    assert list(kinds.permissions.denied) == []
