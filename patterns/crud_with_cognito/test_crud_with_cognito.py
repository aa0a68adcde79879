"""The scenario: a user signs in and keeps notes, which nobody else sees."""

from __future__ import annotations

from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent / "lambdakit.yaml"
PASSWORD = "Correct-Horse-Battery-1"


@pytest.fixture
def deployment(deploy):
    return deploy(DOCUMENT)


@pytest.fixture
def token_of(harness, deployment):
    """`token_of(name)`: what the pool gives a new user who signs in."""
    outputs = deployment.outputs["notes"]
    pool, client = outputs["NotesUserPoolId"], outputs["NotesUserPoolClientId"]
    cognito = harness.client("cognito-idp")
    # Pages sign in by SRP, of which a test would only repeat the arithmetic.
    cognito.update_user_pool_client(
        UserPoolId=pool, ClientId=client, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )

    def token(name):
        user = f"{name}@example.com"
        cognito.admin_create_user(UserPoolId=pool, Username=user, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=user, Password=PASSWORD, Permanent=True)
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": PASSWORD},
        )
        return {"authorization": f"Bearer {answer['AuthenticationResult']['IdToken']}"}

    return token


def test_a_user_writes_reads_changes_and_deletes_a_note(deployment, token_of):
    ada = token_of("ada")

    with deployment.http() as http:
        created = http.post("/notes", json={"title": "tea"}, headers=ada)
        path = created.headers["location"]
        read = http.get(path, headers=ada)
        changed = http.put(path, json={"title": "coffee"}, headers={**ada, "if-match": read.headers["etag"]})
        late = http.put(path, json={"title": "cocoa"}, headers={**ada, "if-match": read.headers["etag"]})
        listed = http.get("/notes", headers=ada)
        deleted = http.delete(path, headers=ada)

    assert [answer.status_code for answer in (created, read, changed, late, deleted)] == [201, 200, 200, 412, 204]
    assert [note["title"] for note in listed.json()["notes"]] == ["coffee"]


def test_a_note_is_its_writers_alone(deployment, token_of):
    ada, bob = token_of("ada"), token_of("bob")

    with deployment.http() as http:
        path = http.post("/notes", json={"title": "diary"}, headers=ada).headers["location"]
        answers = [http.get(path, headers=bob).status_code, http.get(path).status_code]

    assert answers == [404, 401]
