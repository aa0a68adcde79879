"""Notes of the users of a pool, from the sign-in to the table: everybody's own, and nobody else's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from lambdakit import Harness
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

RECIPE = Path(__file__).parents[3] / "patterns" / "crud_with_cognito"
PASSWORD = "Correct-Horse-Battery-1"
ORIGIN = "https://notes.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """The stack, and users of its pool."""

    harness: Harness
    deployment: Deployment

    def output(self, name: str) -> str:
        return self.deployment.outputs["notes"][f"Notes{name}"]

    def token(self, user: str, *, kind: str = "IdToken") -> str:
        """What the pool gives a new user who signs in."""
        pool, client = self.output("UserPoolId"), self.output("UserPoolClientId")
        cognito = self.harness.client("cognito-idp")
        # Pages sign in by SRP, of which a test would only repeat the arithmetic.
        cognito.update_user_pool_client(
            UserPoolId=pool, ClientId=client, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )
        name = f"{user}-{uuid.uuid4()}@example.com"
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return str(answer["AuthenticationResult"][kind])

    def request(self, method: str, path: str, token: str | None, **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {}), **({} if token is None else {"authorization": f"Bearer {token}"})}
        with self.deployment.http() as http:
            return http.request(method, path, headers=headers, **more)

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.harness.client("dynamodb").scan(TableName=self.output("TableName"))["Items"]
        return items


@pytest.fixture
def notebook(harness: Harness, deploy_recipe: Callable[[str], Deployment]) -> Notebook:
    return Notebook(harness=harness, deployment=deploy_recipe("crud_with_cognito"))


def test_a_user_writes_lists_reads_changes_and_deletes_a_note(notebook: Notebook) -> None:
    ada = notebook.token("ada")

    created = notebook.request("POST", "/notes", ada, json={"title": "tea", "text": "buy some"})
    path = created.headers["location"]
    read = notebook.request("GET", path, ada)
    changed = notebook.request("PUT", path, ada, json={"title": "tea"}, headers={"if-match": created.headers["etag"]})
    listed = notebook.request("GET", "/notes", ada)
    deleted = notebook.request("DELETE", path, ada)
    gone = [notebook.request(method, path, ada, json={"title": "x"}).status_code for method in ("GET", "PUT", "DELETE")]

    assert [answer.status_code for answer in (created, read, changed, listed, deleted)] == [201, 200, 200, 200, 204]
    note = created.json()
    assert (note["title"], note["text"], note["version"], "owner" in note) == ("tea", "buy some", 1, False)
    assert read.json() == note
    assert changed.json() == {**note, "text": "", "version": 2, "changed_at": changed.json()["changed_at"]}
    assert changed.headers["etag"] == '"2"'
    assert listed.json() == {"notes": [changed.json()]}
    assert gone == [404, 404, 404]
    assert notebook.items() == []
    assert notebook.deployment.permissions.denied == set()
    assert notebook.deployment.permissions.unused == set()


def test_an_access_token_does_as_well_as_an_identity_token(notebook: Notebook) -> None:
    token = notebook.token("ada", kind="AccessToken")

    created = notebook.request("POST", "/notes", token, json={"title": "tea"})

    assert created.status_code == 201


def test_notes_are_their_writers_alone(notebook: Notebook) -> None:
    ada, bob = notebook.token("ada"), notebook.token("bob")
    path = notebook.request("POST", "/notes", ada, json={"title": "diary"}).headers["location"]

    answers = {
        method: notebook.request(method, path, bob, json={"title": "mine now"}) for method in ("GET", "PUT", "DELETE")
    }
    listed = notebook.request("GET", "/notes", bob, params={"next": path.rpartition("/")[2]})

    assert {answer.status_code for answer in answers.values()} == {404}
    assert listed.json() == {"notes": []}
    assert notebook.request("GET", path, ada).json()["title"] == "diary"


def test_whose_a_note_is_cannot_be_said_in_the_request(notebook: Notebook) -> None:
    ada = notebook.token("ada")

    notebook.request("POST", "/notes", ada, json={"title": "tea", "owner": "bob", "note_id": "1"})

    [item] = notebook.items()
    assert item["owner"]["S"] != "bob"
    assert item["note_id"]["S"] != "1"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("forgery", ["none", "no token", "changed", "unsigned"])
def test_a_request_without_a_token_of_the_pool_reaches_no_function(
    notebook: Notebook, method: str, forgery: str
) -> None:
    head, claims, signature = notebook.token("ada").split(".")
    other = "A" if signature[9] != "A" else "B"
    token = {
        "none": None,
        "no token": "ada",
        "changed": f"{head}.{claims}.{signature[:9]}{other}{signature[10:]}",
        "unsigned": f"eyJhbGciOiJub25lIn0.{claims}.",
    }[forgery]

    answer = notebook.request(method, "/notes/1", token, json={"title": "x"})

    assert answer.status_code == 401
    names = ("read_note", "change_note", "delete_note")
    assert [notebook.deployment.function(name).invocations for name in names] == [(), (), ()]


def test_a_change_that_was_overtaken_changes_nothing(notebook: Notebook) -> None:
    ada = notebook.token("ada")
    created = notebook.request("POST", "/notes", ada, json={"title": "one"})
    path, etag = created.headers["location"], created.headers["etag"]

    first = notebook.request("PUT", path, ada, json={"title": "two"}, headers={"if-match": etag})
    late = notebook.request("PUT", path, ada, json={"title": "three"}, headers={"if-match": etag})
    careless = notebook.request("PUT", path, ada, json={"title": "four"})

    assert [answer.status_code for answer in (first, late, careless)] == [200, 412, 200]
    assert late.json() == {"message": "somebody changed the note in between"}
    assert (careless.json()["title"], careless.json()["version"]) == ("four", 3)


def test_pages_of_notes_lead_from_one_to_the_next_in_order(notebook: Notebook) -> None:
    ada = notebook.token("ada")
    for number in range(51):
        notebook.request("POST", "/notes", ada, json={"title": str(number)})

    first = notebook.request("GET", "/notes", ada).json()
    second = notebook.request("GET", "/notes", ada, params={"next": first["next"]}).json()

    assert [int(note["title"]) for note in [*first["notes"], *second["notes"]]] == list(range(51))
    assert len(first["notes"]) == 50
    assert "next" not in second


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        pytest.param(b"{", {}, "the body is not JSON", id="no JSON"),
        pytest.param(b"[]", {}, "the body is not a JSON object", id="a list"),
        pytest.param(b"{}", {}, "title must be text of 1 to 200 characters", id="no title"),
        pytest.param(
            json.dumps({"title": "x" * 201}).encode(), {}, "title must be text of 1 to 200 characters", id="title"
        ),
        pytest.param(
            json.dumps({"title": "x", "text": "x" * 10_001}).encode(),
            {},
            "text must be text of up to 10000 characters",
            id="text",
        ),
        pytest.param(b'{"title": "x"}', {"if-match": "*"}, "if-match must be the note's etag", id="etag"),
    ],
)
def test_what_is_no_note_is_refused(notebook: Notebook, body: bytes, headers: Mapping[str, str], reason: str) -> None:
    ada = notebook.token("ada")

    answer = notebook.request(
        "PUT", "/notes/1", ada, content=body, headers={"content-type": "application/json", **headers}
    )

    assert (answer.status_code, answer.json()) == (400, {"message": reason})


def test_a_page_of_the_allowed_origin_may_ask_before_it_has_a_token(notebook: Notebook) -> None:
    asks = {"access-control-request-method": "PUT", "access-control-request-headers": "authorization,if-match"}

    preflight = notebook.request("OPTIONS", "/notes/1", None, headers={"origin": ORIGIN, **asks})
    elsewhere = notebook.request("OPTIONS", "/notes/1", None, headers={"origin": "https://evil.example", **asks})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in elsewhere.headers


@pytest.mark.parametrize(
    ("function", "status"),
    [("create_note", 201), ("list_notes", 200), ("read_note", 404), ("change_note", 404), ("delete_note", 404)],
)
def test_the_sample_events_are_answered(notebook: Notebook, function: str, status: int) -> None:
    event = json.loads((RECIPE / "events" / f"{function}.json").read_text())

    answer = notebook.deployment.function(function).invoke(event, qualifier="live").raise_for_error()

    assert answer.payload["statusCode"] == status
