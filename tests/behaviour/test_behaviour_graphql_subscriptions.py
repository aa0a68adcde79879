"""Subscribers of a GraphQL API, with real clients: who connects, what they are told of, how it ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.fakes.graphql_apis import Served, graphql_api, resolver, source
from tests.fakes.plain_assembly import Resources
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-subscriptions")

SCHEMA: Final = """
type Query { nothing: String }
type Mutation {
  add(id: ID!, room: String, level: Int, text: String): Note
  drop(id: ID!): Note
  close(room: String!): Note
  addAll(ids: [ID]): [Note]
  name(name: String): String
}
type Subscription {
  changed(room: String): Note @aws_subscribe(mutations: ["add", "drop"])
  dropped: Note @aws_subscribe(mutations: ["drop"])
  important: Note @aws_subscribe(mutations: ["add"])
  closable(room: String): Note @aws_subscribe(mutations: ["add"])
  forbidden: Note @aws_subscribe(mutations: ["add"])
  signed: Note @aws_subscribe(mutations: ["add"]) @aws_iam
  badly: Note @aws_subscribe(mutations: ["add"])
  badlyEnded: Note @aws_subscribe(mutations: ["add"])
  all(id: ID): [Note] @aws_subscribe(mutations: ["addAll"])
  importantAll: [Note] @aws_subscribe(mutations: ["addAll"])
  named: String @aws_subscribe(mutations: ["name"])
  namedSo(name: String): String @aws_subscribe(mutations: ["name"])
}
type Note { id: ID! room: String level: Int text: String of: Note }
"""
ECHO: Final = {
    "RequestMappingTemplate": '{"version": "2018-05-29", "payload": $util.toJson($ctx.args)}',
    "ResponseMappingTemplate": "$util.toJson($ctx.result)",
}
_BAD: Final = "{ filterGroup: [{ filters: [{ fieldName: 'level', operator: 'between', value: [1] }] }] }"
_SECONDS: Final = 60


def _script(response: str) -> dict[str, Any]:
    code = f"""
import {{ util, extensions }} from '@aws-appsync/utils';
export function request(ctx) {{ return {{ payload: null }}; }}
export function response(ctx) {{ {response} }}
"""
    return {"Code": code, "Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}}


def _resources() -> Resources:
    important = """
    extensions.setSubscriptionFilter({
      filterGroup: [{ filters: [{ fieldName: 'level', operator: 'ge', value: 5 }] }]
    });
    return null;
    """
    closable = """
    extensions.setSubscriptionInvalidationFilter({
      filterGroup: [{ filters: [{ fieldName: 'room', operator: 'eq', value: ctx.args.room }] }]
    });
    return null;
    """
    close = """
    extensions.invalidateSubscriptions({ subscriptionField: 'closable', payload: { room: ctx.args.room } });
    return { id: 'closed' };
    """
    return {
        **graphql_api("Api", SCHEMA, AdditionalAuthenticationProviders=[{"AuthenticationType": "AWS_IAM"}]),
        **source("Api", "none", "NONE"),
        **resolver("Api", "Mutation.add", "none", **ECHO),
        **resolver("Api", "Mutation.drop", "none", **ECHO),
        **resolver("Api", "Subscription.important", "none", **_script(important)),
        **resolver("Api", "Subscription.closable", "none", **_script(closable)),
        **resolver("Api", "Mutation.close", "none", **_script(close)),
        **resolver("Api", "Mutation.addAll", "none", **_script("return ctx.args.ids.map((id) => ({ id, level: 9 }));")),
        **resolver("Api", "Mutation.name", "none", **_script("return ctx.args.name;")),
        **resolver("Api", "Note.of", "none", **_script("return { id: 'other', text: 'its text', level: 1 };")),
        **resolver("Api", "Subscription.importantAll", "none", **_script(important)),
        **resolver("Api", "Subscription.badly", "none", **_script(f"extensions.setSubscriptionFilter({_BAD});")),
        **resolver(
            "Api",
            "Subscription.badlyEnded",
            "none",
            **_script(f"extensions.setSubscriptionInvalidationFilter({_BAD});"),
        ),
        **resolver("Api", "Subscription.forbidden", "none", **_script("util.error('not you', 'Forbidden');")),
    }


class Room:
    """The API, as its subscribers see it."""

    def __init__(self, api: Served) -> None:
        self.api = api
        self.harness = api.harness
        self.header = {"x-api-key": api.key, "host": api.attributes["GraphQLDns"]}

    @contextmanager
    def connection(self, header: Mapping[str, str] | None = None, path: str = "/graphql") -> Iterator[ClientConnection]:
        """A connection that nothing was said on."""
        shown = base64.b64encode(json.dumps(self.header if header is None else header).encode()).decode()
        url = f"ws{self.api.url.removeprefix('http')}{path}?header={shown}&payload=e30="
        with connect(url, subprotocols=[Subprotocol("graphql-ws")], proxy=None) as socket:
            yield socket

    @contextmanager
    def client(self, *queries: str, **more: Any) -> Iterator[ClientConnection]:
        """A connection with subscriptions, `1`, `2` and so on."""
        with self.connection(**more) as socket:
            say(socket, type="connection_init")
            assert hear(socket)["type"] == "connection_ack"
            assert hear(socket) == {"type": "ka"}
            for number, query in enumerate(queries, 1):
                self.start(socket, str(number), query)
                assert hear(socket) == {"id": str(number), "type": "start_ack"}
            yield socket

    def start(
        self,
        socket: ClientConnection,
        identity: str,
        query: str,
        variables: Mapping[str, Any] | None = None,
        header: Mapping[str, str] | None = None,
    ) -> None:
        """Asks for a subscription."""
        payload = {
            "data": json.dumps({"query": query, "variables": variables or {}}),
            "extensions": {"authorization": self.header if header is None else header},
        }
        say(socket, id=identity, type="start", payload=payload)

    def add(self, identity: str, **fields: Any) -> None:
        """Adds a note."""
        given = "(id: $id, room: $room, level: $level)"
        query = f"mutation ($id: ID!, $room: String, $level: Int) {{ made: add{given} {{ id room level }} }}"
        self.api.data(query, {"id": identity, **fields})


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=_SECONDS))


@pytest.fixture(scope="module")
def room(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    stacks = Stacks(harness, tmp_path_factory.mktemp("graphql"), "graphql-subscriptions")
    yield Room(Served(harness, stacks.deploy(_resources()), "Api"))
    stacks.destroy()


class TestConnecting:
    def test_the_connection_is_acknowledged(self, room: Room) -> None:
        with room.connection() as socket:
            assert socket.subprotocol == "graphql-ws"
            say(socket, type="connection_init")

            assert hear(socket) == {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}
            assert hear(socket) == {"type": "ka"}
            room.harness.call("POST", "clock", {"advance_seconds": 61})
            assert hear(socket) == {"type": "ka"}

    def test_the_path_of_custom_domains_leads_there_as_well(self, room: Room) -> None:
        with room.client(path="/graphql/realtime"):
            pass

    @pytest.mark.parametrize("header", [{}, {"x-api-key": "da2-nothing"}])
    def test_who_is_not_let_in_is_told_so(self, room: Room, header: Mapping[str, str]) -> None:
        with room.connection(header) as socket:
            said = hear(socket)

        assert said["type"] == "connection_error"
        assert said["payload"]["errors"][0]["errorType"] == "UnauthorizedException"
        assert said["payload"]["errors"][0]["errorCode"] == 401

    def test_what_nobody_understands_is_refused(self, room: Room) -> None:
        with room.client() as socket:
            say(socket, type="nonsense", id="1")
            said = hear(socket)
            socket.send("no json")
            other = hear(socket)

        assert (said["type"], said["id"]) == ("error", "1")
        assert said["payload"]["errors"][0]["errorType"] == other["payload"]["errors"][0]["errorType"]


class TestSubscribing:
    def test_a_mutation_is_told_of(self, room: Room) -> None:
        with room.client("subscription { told: changed { id room text } }") as socket:
            room.add("1", room="a", level=1)

            assert hear(socket) == {
                "id": "1",
                "type": "data",
                "payload": {"data": {"told": {"id": "1", "room": "a", "text": None}}},
            }

    def test_other_mutations_are_not_told_of(self, room: Room) -> None:
        with room.client("subscription { dropped { id } }") as socket:
            room.add("2")
            room.api.data("mutation { drop(id: 3) { id } }")

            assert hear(socket)["payload"] == {"data": {"dropped": {"id": "3"}}}

    def test_an_argument_chooses(self, room: Room) -> None:
        with room.client(
            'subscription { changed(room: "a") { id } }', "subscription { changed(room: null) { id } }"
        ) as socket:
            room.add("4", room="b")
            room.add("5")
            room.add("6", room="a")

            assert [
                (said["id"], said["payload"]["data"]["changed"]["id"]) for said in (hear(socket), hear(socket))
            ] == [
                ("2", "5"),
                ("1", "6"),
            ]

    def test_code_sets_a_filter(self, room: Room) -> None:
        with room.client("subscription { important { id level } }") as socket:
            room.add("7", level=4)
            room.add("8")
            room.add("9", level=5)

            assert hear(socket)["payload"] == {"data": {"important": {"id": "9", "level": 5}}}

    @pytest.mark.parametrize("field", ["badly", "badlyEnded"])
    def test_a_filter_of_the_wrong_form_is_refused(self, room: Room, field: str) -> None:
        with room.client("subscription { changed { id } }") as socket:
            room.start(socket, "2", f"subscription {{ {field} {{ id }} }}")
            said = hear(socket)
            room.add("16", level=5)

            assert (said["type"], said["id"]) == ("error", "2")
            assert "level: the value of between is" in said["payload"]["errors"][0]["message"]
            assert hear(socket)["id"] == "1"

    def test_messages_are_handled_in_order(self, room: Room) -> None:
        with room.client("subscription { dropped { id } }") as socket:
            for _ in range(10):
                room.start(socket, "L", "subscription { important { id } }")
                say(socket, type="stop", id="L")

            heard = [hear(socket)["type"] for _ in range(20)]
            room.add("17", level=5)
            room.api.data("mutation { drop(id: 18) { id } }")

            assert heard == ["start_ack", "complete"] * 10
            assert hear(socket)["id"] == "1"

    def test_a_subscription_is_stopped(self, room: Room) -> None:
        with room.client("subscription { changed { id } }", "subscription { dropped { id } }") as socket:
            say(socket, type="stop", id="1")
            complete = hear(socket)
            room.add("10")
            room.api.data("mutation { drop(id: 11) { id } }")

            assert complete == {"id": "1", "type": "complete"}
            assert hear(socket)["id"] == "2"

    @pytest.mark.parametrize(
        ("query", "kind"),
        [
            ("subscription { forbidden { id } }", "Forbidden"),
            ("subscription { signed { id } }", "Unauthorized"),
            ("query { nothing }", "UnsupportedOperation"),
            ("subscription { nothing }", None),
            ("subscription {", None),
        ],
    )
    def test_what_is_not_to_be_had_is_refused(self, room: Room, query: str, kind: str | None) -> None:
        with room.client() as socket:
            room.start(socket, "1", query)
            said = hear(socket)

        assert (said["type"], said["id"]) == ("error", "1")
        assert said["payload"]["errors"][0].get("errorType") == kind

    def test_every_subscription_shows_who_asks(self, room: Room) -> None:
        with room.client() as socket:
            room.start(socket, "1", "subscription { changed { id } }", header={"x-api-key": "da2-other"})

            assert hear(socket)["payload"]["errors"][0]["errorType"] == "UnauthorizedException"

    def test_an_id_is_taken_once(self, room: Room) -> None:
        with room.client("subscription { changed { id } }") as socket:
            room.start(socket, "1", "subscription { dropped { id } }")

            assert hear(socket)["type"] == "error"

    def test_a_connection_is_begun_first(self, room: Room) -> None:
        with room.connection() as socket:
            room.start(socket, "1", "subscription { changed { id } }")

            assert hear(socket)["type"] == "error"

    def test_a_mutation_that_fails_tells_nobody(self, room: Room) -> None:
        with room.client("subscription { changed { id } }") as socket:
            assert "errors" in room.api.ask("mutation { add(id: 12, level: 1.5) { id } }")
            room.add("13")

            assert hear(socket)["payload"]["data"]["changed"]["id"] == "13"

    def test_code_ends_subscriptions(self, room: Room) -> None:
        queries = [f'subscription {{ closable(room: "{name}") {{ id }} }}' for name in ("a", "b")]
        with room.client(*queries) as socket:
            room.api.data('mutation { close(room: "b") { id } }')
            ended = hear(socket)
            room.add("14", room="b")
            room.add("15", room="a")

            assert ended == {"id": "2", "type": "complete"}
            assert hear(socket) == {"id": "1", "type": "data", "payload": {"data": {"closable": {"id": "15"}}}}

    def test_what_is_asked_for_in_parts_is_told_of_once(self, room: Room) -> None:
        with room.client("subscription { changed { id text of { id text } } }") as socket:
            room.api.data(
                'mutation { add(id: 19, text: "t") { id of { id } ...Rest } add(id: 19, text: "t") { text } } '
                "fragment Rest on Note { of { text } }"
            )
            room.add("20")

            told = [hear(socket)["payload"]["data"]["changed"] for _ in range(2)]
            assert told[0] == {"id": "19", "text": "t", "of": {"id": "other", "text": "its text"}}
            assert told[1]["id"] == "20"

    def test_lists_and_single_values_are_told_of_where_nothing_chooses(self, room: Room) -> None:
        queries = [
            "subscription { all { id level } }",
            'subscription { all(id: "1") { id } }',
            "subscription { importantAll { id } }",
            "subscription { named }",
            'subscription { namedSo(name: "n") }',
        ]
        with room.client(*queries) as socket:
            room.api.data("mutation { addAll(ids: [1, 2]) { id } }")
            room.api.data('mutation { name(name: "n") }')

            assert [(said["id"], said["payload"]["data"]) for said in (hear(socket), hear(socket))] == [
                ("1", {"all": [{"id": "1", "level": None}, {"id": "2", "level": None}]}),
                ("4", {"named": "n"}),
            ]
            say(socket, type="stop", id="4")
            assert hear(socket) == {"id": "4", "type": "complete"}

    def test_messages_are_as_large_as_they_may_be(self, room: Room) -> None:
        with room.client(f"subscription {{ changed {{ id text }} }} #{'x' * 200_000}") as socket:
            before = room.harness.position()
            for identity, length in (("21", 230_000), ("22", 250_000), ("23", 0)):
                query = "mutation ($id: ID!, $text: String) { add(id: $id, text: $text) { id text } }"
                room.api.data(query, {"id": identity, "text": "y" * length})

            told = [hear(socket)["payload"]["data"]["changed"] for _ in range(2)]
            assert [(note["id"], len(note["text"])) for note in told] == [("21", 230_000), ("23", 0)]
            (lost,) = [
                each for each in room.harness.events("RequestAnswered", after=before) if each["method"] == "DATA"
            ]
            assert (lost["path"], lost["status"]) == ("changed", 400)
            assert "245,760 are allowed" in lost["problem"]

    def test_the_trace_tells_who_connects_and_subscribes(self, room: Room) -> None:
        before = room.harness.position()
        with room.client("subscription { changed { id } }") as socket:
            room.start(socket, "2", "subscription { forbidden { id } }")
            hear(socket)

        answered = room.harness.events("RequestAnswered", after=before)
        assert [(each["method"], each["path"], each["status"], each["problem"]) for each in answered] == [
            ("CONNECT", "/graphql/connect", 101, ""),
            ("SUBSCRIBE", "changed", 101, ""),
            ("SUBSCRIBE", "", 400, "not you"),
        ]

    def test_a_reset_ends_connections(self, room: Room) -> None:
        with room.client("subscription { changed { id } }") as socket:
            room.harness.reset(room.api.deployment)

            with pytest.raises(ConnectionClosed):
                hear(socket)
