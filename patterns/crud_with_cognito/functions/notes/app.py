"""Notes: each user of a Cognito user pool writes, lists, reads, changes and deletes their own.

Events and answers are API Gateway's payload format 2.0, behind a JWT authorizer. Whose the notes are is what the token
says, never what the request says. The table's name comes in TABLE_NAME.
"""

import base64
import binascii
import json
import os
import secrets
import time
from datetime import UTC, datetime

import boto3
from boto3.dynamodb.conditions import Attr, Key

TABLE_NAME = os.environ["TABLE_NAME"]
TITLE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 10_000
PAGE_SIZE = 50

# Made once per execution environment, so that warm invocations reuse its connections.
notes = boto3.resource("dynamodb").Table(TABLE_NAME)
ConditionFailed = notes.meta.client.exceptions.ConditionalCheckFailedException


class BadRequest(Exception):
    """What the caller sent cannot be a note; the text says why."""


def create(event, context):
    try:
        title, text = _wanted(event)
    except BadRequest as refusal:
        return _answer(400, {"message": str(refusal)})
    now = _now()
    note = {
        "owner": _owner(event),
        # Begins with the time, so that notes are listed in the order in which they were written.
        "note_id": f"{time.time_ns() // 1_000_000:011x}{secrets.token_hex(8)}",
        "title": title,
        "text": text,
        "version": 1,
        "created_at": now,
        "changed_at": now,
    }
    notes.put_item(Item=note, ConditionExpression=Attr("note_id").not_exists())
    return _answer_note(201, note, {"location": f"/notes/{note['note_id']}"})


def list_all(event, context):
    """One page of notes; `next`, when there are more, goes into the query of the next request."""
    owner = _owner(event)
    page = {"KeyConditionExpression": Key("owner").eq(owner), "Limit": PAGE_SIZE}
    after = (event.get("queryStringParameters") or {}).get("next")
    if after:
        page["ExclusiveStartKey"] = {"owner": owner, "note_id": after}
    found = notes.query(**page)
    answer = {"notes": [_shown(note) for note in found["Items"]]}
    if "LastEvaluatedKey" in found:
        answer["next"] = found["LastEvaluatedKey"]["note_id"]
    return _answer(200, answer)


def read(event, context):
    note = notes.get_item(Key=_key(event), ConsistentRead=True).get("Item")
    return _not_found(event) if note is None else _answer_note(200, note)


def change(event, context):
    """Replaces title and text; `if-match`, when it is there, has to be the note's `etag`."""
    try:
        title, text = _wanted(event)
        version = _version(event)
    except BadRequest as refusal:
        return _answer(400, {"message": str(refusal)})
    condition = Attr("note_id").exists()
    try:
        changed = notes.update_item(
            Key=_key(event),
            UpdateExpression="SET title = :title, #text = :text, changed_at = :now ADD version :one",
            ConditionExpression=condition if version is None else condition & Attr("version").eq(version),
            ExpressionAttributeNames={"#text": "text"},
            ExpressionAttributeValues={":title": title, ":text": text, ":now": _now(), ":one": 1},
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ConditionFailed as error:
        if "Item" not in error.response:
            return _not_found(event)
        return _answer(412, {"message": "somebody changed the note in between"})
    return _answer_note(200, changed["Attributes"])


def delete(event, context):
    try:
        notes.delete_item(Key=_key(event), ConditionExpression=Attr("note_id").exists())
    except ConditionFailed:
        return _not_found(event)
    return {"statusCode": 204}


def _owner(event):
    """The user's id in the pool, which stays when name and address change."""
    return event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]


def _key(event):
    return {"owner": _owner(event), "note_id": event["pathParameters"]["note_id"]}


def _wanted(event):
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode()
        note = json.loads(body)
    except (binascii.Error, ValueError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(note, dict):
        raise BadRequest("the body is not a JSON object")
    title, text = note.get("title"), note.get("text", "")
    if not isinstance(title, str) or not 1 <= len(title) <= TITLE_LENGTH_MAX:
        raise BadRequest(f"title must be text of 1 to {TITLE_LENGTH_MAX} characters")
    if not isinstance(text, str) or len(text) > TEXT_LENGTH_MAX:
        raise BadRequest(f"text must be text of up to {TEXT_LENGTH_MAX} characters")
    return title, text


def _version(event):
    given = event["headers"].get("if-match")
    if given is None:
        return None
    number = given.strip('"')
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise BadRequest("if-match must be the note's etag")
    return int(number)


def _now():
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _shown(note):
    return {name: value for name, value in note.items() if name != "owner"}


def _not_found(event):
    # The same for a note that is somebody else's: that it exists is not to be learnt here.
    return _answer(404, {"message": f"you have no note {event['pathParameters']['note_id']}"})


def _answer_note(status, note, headers=None):
    return _answer(status, _shown(note), {"etag": f'"{note["version"]}"', **(headers or {})})


def _answer(status, body, headers=None):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(body, default=int),
    }
