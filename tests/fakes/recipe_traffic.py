"""The same as `pattern_traffic` for the recipes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from tests.fakes.pattern_traffic import messages

_PATTERNS: Final = Path(__file__).parents[2] / "patterns"
_PASSWORD: Final = "Correct-Horse-Battery-1"
_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def notes(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """Each route of `crud_with_cognito`, on a note of the user's that was there before."""
    outputs = deployment.outputs["notes"]
    token, owner = _signed_in(harness, outputs["NotesUserPoolId"], outputs["NotesUserPoolClientId"])
    stamp = {name: {"S": "2026-01-01T00:00:00.000+00:00"} for name in ("created_at", "changed_at")}
    for known in ("known", "other"):
        item = {"owner": {"S": owner}, "note_id": {"S": known}, "title": {"S": "tea"}, "text": {"S": ""}, **stamp}
        harness.client("dynamodb").put_item(TableName=outputs["NotesTableName"], Item={**item, "version": {"N": "1"}})
    with deployment.http() as http:
        http.headers["authorization"] = f"Bearer {token}"
        return {
            "create_note": http.post("/notes", json={"title": "tea"}).status_code == 201,
            "list_notes": http.get("/notes").status_code == 200,
            "read_note": http.get("/notes/known").status_code == 200,
            "change_note": http.put("/notes/known", json={"title": "tea"}).status_code == 200,
            "delete_note": http.delete("/notes/other").status_code == 204,
        }


def telemetry(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """A reading, and what is none and has to end in the failure queue."""
    outputs = deployment.outputs["field"]
    for message in ({"temperature": 11.5}, {"temperature": "warm"}):
        harness.client("iot-data").publish(topic="devices/cellar/telemetry", qos=1, payload=json.dumps(message))
    _drain(harness)
    kept = harness.client("dynamodb").scan(TableName=outputs["TelemetryReadingsTableName"])["Count"]
    failures = messages(harness, outputs["TelemetryFailureQueueUrl"])
    told = [failure["requestPayload"]["temperature"] for failure in failures]
    return {"telemetry": kept == 1 and told == ["warm"]}


def backups(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """A night with an export and one without, and events that are none and have to end in the failure queue."""
    outputs, bucket = deployment.outputs["archive"], deployment.outputs["archive"]["BackupsBucketName"]
    tables = harness.client("dynamodb")
    arn = tables.describe_table(TableName=outputs["RecordsTableName"])["Table"]["TableArn"]
    export = tables.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="2026-01-01")
    note = json.dumps({"export": export["ExportDescription"]["ExportArn"]})
    harness.client("s3").put_object(Bucket=bucket, Key="2026-01-01/export.json", Body=note)
    started = _answers(deployment, "backup", {"scheduled_at": "2026-01-02T03:00:00Z"})
    found = _answers(deployment, "backup_check", {"scheduled_at": "2026-01-01T05:00:00Z"})
    missed = deployment.function("backup_check").invoke({"scheduled_at": "2026-01-03T05:00:00Z"}).payload
    told = _told(harness, deployment, ("backup", "backup_check"), outputs["FailedQueueUrl"])
    return {
        "backup": started and told("backup"),
        "backup_check": found and missed.get("errorType") == "BackupMissing" and told("backup_check"),
    }


def workflow(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """An order that is placed and one that is read, and each step of the workflow by itself."""
    outputs, tables = deployment.outputs["fulfilment"], harness.client("dynamodb")
    order = json.loads((_PATTERNS / "order_workflow" / "events" / "order.json").read_text())
    for sku in order["lines"]:
        numbers = {name: {"N": "100"} for name in ("price", "grams", "available")}
        tables.put_item(TableName=outputs["StockTableName"], Item={"sku": {"S": sku}, **numbers})
    account = {"customer_id": {"S": order["customer_id"]}, "credit": {"N": "1000000"}}
    tables.put_item(TableName=outputs["AccountsTableName"], Item=account)
    # Its payment was taken before, and its goods were set aside: the ways back have something to do.
    done = {step: {"BOOL": True} for step in ("reserved", "charged")}
    tables.put_item(TableName=outputs["OrdersTableName"], Item={"order_id": {"S": "known"}, **done})
    with deployment.http() as http:
        wanted = {name: order[name] for name in ("customer_id", "country", "lines")}
        api = {
            "place_order": http.post("/orders", json=wanted).status_code == 202,
            "read_order": http.get("/orders/known").status_code == 200,
        }
    steps = {name: _answers(deployment, name, order) for name in ("reserve", "charge", "choose_carrier")}
    back = {name: _answers(deployment, name, {**order, "order_id": "known"}) for name in ("refund", "release")}
    return {**api, **steps, **back}


def guardrails(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """An open bucket that is found and one that is closed, and events that are none and end in the failure queue."""
    outputs, s3 = deployment.outputs["guardrails"], harness.client("s3")
    event = json.loads((_PATTERNS / "security_automation" / "events" / "compliance_change.json").read_text())
    run = uuid.uuid4().hex
    for name in (f"found-{run}", f"closed-{run}"):
        s3.create_bucket(Bucket=name)
    event["detail"]["resourceId"] = f"closed-{run}"
    deployment.function("close_buckets").invoke(event)
    harness.drain()
    # The rule's own finding may have come before: whoever comes second finds a bucket that is closed already.
    closers = [each for each in deployment.function("close_buckets").invocations if "detail" in each.event]
    closed = all(each.status == "success" for each in closers)
    config = harness.client("config")
    [rule] = config.describe_config_rules()["ConfigRules"]
    results = config.get_compliance_details_by_config_rule(ConfigRuleName=rule["ConfigRuleName"])["EvaluationResults"]
    judged = {each["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"] for each in results}
    told = _told(harness, deployment, ("open_buckets", "close_buckets"), outputs["FailedQueueUrl"])
    for name in (f"found-{run}", f"closed-{run}"):
        s3.delete_bucket(Bucket=name)
    harness.drain()
    return {
        "open_buckets": f"found-{run}" in judged and told("open_buckets"),
        "close_buckets": closed and told("close_buckets"),
    }


def webhooks(harness: Harness, deployment: Deployment) -> Mapping[str, bool]:
    """A webhook that is signed, and a message of the queue's."""
    outputs, sqs = deployment.outputs["webhooks"], harness.client("sqs")
    harness.client("secretsmanager").put_secret_value(SecretId=outputs["SigningSecretArn"], SecretString=_SECRET)
    body, stamp = b'{"type": "invoice.paid"}', str(int(time.time()))
    key = base64.b64decode(_SECRET.removeprefix("whsec_"))
    made = base64.b64encode(hmac.new(key, f"sent.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "sent", "webhook-timestamp": stamp, "webhook-signature": f"v1,{made}"}
    with deployment.http() as http:
        answer = http.post("/webhooks", content=body, headers={**headers, "content-type": "application/json"})
    message = json.dumps({"webhook_id": "queued", "payload": {"type": "invoice.paid"}})
    sqs.send_message(QueueUrl=outputs["AcceptedQueueUrl"], MessageBody=message)
    harness.drain()
    items = harness.client("dynamodb").scan(TableName=outputs["DeliveriesRecordedTableName"])["Items"]
    recorded = {item["webhook_id"]["S"] for item in items}
    return {"receive": answer.status_code == 202, "deliveries": "queued" in recorded}


def _answers(deployment: Deployment, function: str, event: object) -> bool:
    """Whether a function answers without an error."""
    return deployment.function(function).invoke(event).function_error is None


def _told(harness: Harness, deployment: Deployment, functions: tuple[str, ...], queue: str) -> Callable[[str], bool]:
    """Whether a function's failure came to the queue; each is given an event that is none."""
    for name in functions:
        deployment.function(name).invoke({"none": name}, qualifier="live", invocation_type="Event")
    _drain(harness)
    failed = [failure["requestPayload"].get("none") for failure in messages(harness, queue)]
    return lambda name: name in failed


def _drain(harness: Harness) -> None:
    """Waits for what was begun, and for what Lambda tries again after one minute and after two."""
    harness.drain()
    for _ in range(2):
        harness.clock.advance(minutes=3)
        harness.drain()


def _signed_in(harness: Harness, pool: str, client: str) -> tuple[str, str]:
    """The token of a new user of a pool, and the user's id."""
    cognito, name = harness.client("cognito-idp"), f"{uuid.uuid4()}@example.com"
    cognito.update_user_pool_client(
        UserPoolId=pool, ClientId=client, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )
    cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=_PASSWORD, Permanent=True)
    answer: dict[str, Any] = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": _PASSWORD},
    )["AuthenticationResult"]
    claims = answer["IdToken"].split(".")[1]
    owner = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    return str(answer["IdToken"]), str(owner)
