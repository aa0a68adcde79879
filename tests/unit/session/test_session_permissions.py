from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import HarnessError, SourceError
from lambdakit.session.harness import Harness
from lambdakit.session.permission_report import from_file, read_report, read_wire, to_file
from lambdakit.session.permissions import Permissions, merged
from tests.fakes.fake_assembly import fake_harness, write_assembly
from tests.fakes.permission_reports import LOG_STREAM, TABLE, denial, grant, role, use

USED = grant("dynamodb:PutItem", "dynamodb:GetItem", used=("dynamodb:PutItem",))
UNUSED = grant("sqs:SendMessage", resources=["arn:aws:sqs:us-east-1:123456789012:jobs"], statement=2, sid="Jobs")


def permissions(*roles: dict[str, Any]) -> Permissions:
    return read_wire({"roles": list(roles)}, ())


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with fake_harness() as started:
        yield started


def test_permissions_come_from_the_harness(harness: Harness, tmp_path: Path) -> None:
    told = role(
        "Role1",
        "shop-create-1",
        path="shop/orders/create_order/Role/Resource",
        grants=[USED, UNUSED],
        used=[use("dynamodb:PutItem")],
        denied=[denial("dynamodb:DeleteItem")],
    )
    functions = {"shop-create-1": "shop/orders/create_order/Resource"}
    deployment = harness.deploy(write_assembly(tmp_path, functions=functions, permissions={"roles": [told]}))

    found = deployment.permissions

    assert {str(grant) for grant in found.unused} == {
        "create_order: sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:jobs (statement 2 Jobs of orders)"
    }
    assert {str(action) for action in found.unused_actions} == {
        f"create_order: dynamodb:GetItem on {TABLE} (orders)",
        "create_order: sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:jobs (orders)",
    }
    assert {str(used) for used in found.used} == {f"create_order: dynamodb:PutItem on {TABLE}"}
    assert {str(refused) for refused in found.denied} == {
        f"create_order: dynamodb:DeleteItem on {TABLE} because no identity-based policy allows the dynamodb:DeleteItem "
        "action"
    }
    assert found.minimal_policy("create_order") == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": [TABLE]}],
    }


def test_a_failed_assertion_lists_what_is_unused() -> None:
    found = permissions(role("Role1", "create", grants=[UNUSED]))

    with pytest.raises(AssertionError) as failure:
        assert found.unused == set()

    assert "create: sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:jobs" in str(failure.value)


@pytest.mark.parametrize(
    "name",
    ["create", "createFunction1", "shop/create", "Role1", "shop/orders/Role", "arn:aws:iam::123456789012:role/Role1"],
)
def test_a_role_is_found_by_its_function_and_by_itself(name: str) -> None:
    found = permissions(
        role("Role1", "create", path="shop/orders/Role/Resource"), role("Role2", "read", path="shop/other/Resource")
    )

    assert found[name].name == "Role1"


def test_a_name_that_means_none_lists_the_nearest() -> None:
    with pytest.raises(HarnessError, match="there is no role 'craete'"):
        permissions(role("Role1", "create")).minimal_policy("craete")


def test_functions_that_share_a_role_are_both_its_holders() -> None:
    found = permissions(role("Role1", "create", "read", path="shop/Shared/Resource", grants=[UNUSED]))

    assert found["create"] is found["read"]
    assert found["create"].holder == "shop/Shared"


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        pytest.param(role("Role1", "create", grants=[UNUSED]), True, id="function"),
        pytest.param(role("Role1", "create", grants=[UNUSED], of_the_cdk=True), False, id="of the CDK"),
        pytest.param(role("Role1", grants=[UNUSED]), False, id="nothing acts as it"),
        pytest.param(role("Role1", grants=[UNUSED], used=[use("s3:GetObject")]), True, id="a service acted"),
        pytest.param(role("Role1", grants=[UNUSED], denied=[denial("s3:GetObject")]), True, id="a service was refused"),
    ],
)
def test_unused_speaks_of_roles_that_somebody_can_mend(told: dict[str, Any], counts: bool) -> None:
    found = permissions(told)

    assert bool(found.unused) is counts
    assert bool(found.unused_actions) is counts
    assert len(found["Role1"].unused) == 1


def test_what_a_resource_policy_allows_is_not_in_the_minimal_policy() -> None:
    found = permissions(
        role("Role1", "create", used=[use("dynamodb:PutItem"), use("s3:GetObject", by_resource_policy=True)])
    )

    assert [statement["Action"] for statement in found.minimal_policy("create")["Statement"]] == [["dynamodb:PutItem"]]


def test_what_several_runs_used_is_used() -> None:
    first = permissions(
        role("Role1", "create", grants=[USED, UNUSED], used=[use("dynamodb:PutItem")]), role("Role2", "read")
    )
    second = permissions(
        role(
            "Role1",
            "create",
            grants=[grant("dynamodb:PutItem", "dynamodb:GetItem", used=("dynamodb:GetItem",)), UNUSED],
            used=[use("dynamodb:GetItem")],
            denied=[denial("s3:GetObject")],
        )
    )

    both = merged([first, second])

    assert both["create"].grants[0].used_actions == ("dynamodb:GetItem", "dynamodb:PutItem")
    assert [grant.service for grant in both.unused] == ["sqs"]
    assert {action.action for action in both.unused_actions} == {"sqs:SendMessage"}
    assert (len(both.used), len(both.denied), len(both.roles)) == (2, 1, 2)


def test_a_grant_that_only_one_run_had_stays() -> None:
    both = merged(
        [permissions(role("Role1", "create", grants=[USED])), permissions(role("Role1", "create", grants=[UNUSED]))]
    )

    assert len(both["create"].grants) == 2


def test_a_file_holds_the_whole_report(tmp_path: Path) -> None:
    found = permissions(
        role(
            "Role1",
            "create",
            grants=[USED, UNUSED],
            used=[use("dynamodb:PutItem"), use("logs:PutLogEvents", LOG_STREAM, by_platform=True)],
            denied=[denial("s3:GetObject")],
        )
    )
    file = tmp_path / "permissions.json"
    file.write_text(json.dumps(to_file(found)))

    again = read_report(file)

    assert again.unused == found.unused
    assert again.unused_actions == found.unused_actions
    assert (again.used, again.denied) == (found.used, found.denied)
    assert again.minimal_policy("create") == found.minimal_policy("create")
    assert to_file(from_file(to_file(found))) == to_file(found)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"report": "reachability", "version": 1, "rows": []}',
        b'{"report": "permissions", "version": 2, "roles": []}',
        b'{"report": "permissions", "version": 1, "roles": [{}]}',
        b'{"report": "permissions", "version": 1, "roles": 7}',
        b'{"report": "permissions", "version": 1, "roles": ["x"]}',
    ],
)
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "permissions.json"
    file.write_bytes(content)

    with pytest.raises(SourceError, match="the file is no report of permissions") as refused:
        read_report(file)

    assert (refused.value.diagnostics[0].code, refused.value.diagnostics[0].path) == ("LK561", str(file))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the report cannot be read: No such file"):
        read_report(tmp_path / "none.json")
