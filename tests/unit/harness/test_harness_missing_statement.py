from __future__ import annotations

import json

import pytest

from lambdakit.harness.iam.grants import resource_matches
from lambdakit.harness.iam.missing_statement import grant_method, missing_statement


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("dynamodb:GetItem", "table.grant_read_data(create_order)"),
        ("dynamodb:PutItem", "table.grant_write_data(create_order)"),
        ("sqs:SendMessage", "queue.grant_send_messages(create_order)"),
        ("S3:getobject", "bucket.grant_read(create_order)"),
    ],
)
def test_call_grants_the_action(action: str, call: str) -> None:
    method = grant_method(action)

    assert method is not None
    assert method.call("create_order") == call


def test_call_names_the_construct_where_it_is_known() -> None:
    method = grant_method("dynamodb:Query")

    assert method is not None
    assert method.call("list_orders", on="Table") == "Table.grant_read_data(list_orders)"


@pytest.mark.parametrize("action", ["dynamodb:DeleteTable", "iam:PassRole", "nonsense", ""])
def test_no_method_where_none_is_obvious(action: str) -> None:
    assert grant_method(action) is None


@pytest.mark.parametrize(
    ("resource", "written"),
    [
        pytest.param("*", "*", id="no resource"),
        pytest.param("arn:aws:s3:::shop/incoming/a.jpg", "arn:aws:s3:::shop/incoming/a.jpg", id="object"),
        pytest.param("arn:aws:s3:::shop/a*b", "arn:aws:s3:::shop/a${*}b", id="star in a key"),
        pytest.param("arn:aws:s3:::shop/what?", "arn:aws:s3:::shop/what${?}", id="question mark in a key"),
        pytest.param("arn:aws:s3:::shop/${a}", "arn:aws:s3:::shop/${$}{a}", id="dollar in a key"),
    ],
)
def test_statement_allows_exactly_what_was_refused(resource: str, written: str) -> None:
    statement = json.loads(missing_statement("s3:GetObject", resource))

    assert statement == {"Effect": "Allow", "Action": "s3:GetObject", "Resource": written}
    assert resource_matches(written, resource)
    assert resource == "*" or not resource_matches(written, resource.replace("a", "ab") + "x")
