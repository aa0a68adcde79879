"""The notes of `patterns/crud_with_cognito` as CDK code: the same template as the document's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Stack

from lambdakit import ApiBackend
from lambdakit.constructs.authorizers import CognitoAuthorizer
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import Cors
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableAccess, TableProperties

if TYPE_CHECKING:
    from constructs import Construct

NOTES = Path(__file__).parents[1] / "patterns" / "crud_with_cognito" / "functions" / "notes"


class CrudWithCognitoStack(Stack):
    """Cognito -> API Gateway -> Lambda -> DynamoDB."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.notes = ApiBackend(
            self,
            "notes",
            routes={
                "POST /notes": _route("create_note", "app.create", "write"),
                "GET /notes": _route("list_notes", "app.list_all", "read"),
                "GET /notes/{note_id}": _route("read_note", "app.read", "read"),
                "PUT /notes/{note_id}": _route("change_note", "app.change", "write"),
                "DELETE /notes/{note_id}": _route("delete_note", "app.delete", "write"),
            },
            # A user's notes lie together, and no request can name another user's.
            table=TableProperties(partition_key="owner", sort_key="note_id"),
            authorizer=CognitoAuthorizer(),
            cors=Cors(
                allow_origins=["https://notes.example.com"],
                allow_headers=["authorization", "content-type", "if-match"],
                expose_headers=["etag", "location"],
            ),
        )


def _route(name: str, handler: str, table_access: TableAccess) -> Route:
    return Route(name=name, function=FunctionProperties(code=NOTES, handler=handler), table_access=table_access)
