"""What stands in a harness's account."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit.errors import LambdakitError
from tests.fakes.plain_assembly import Resources, write_stack
from tests.fakes.wired_harness import WiredHarness


def account_contents(harness: WiredHarness) -> dict[str, list[str]]:
    """Everything that a deployment may leave behind."""
    iam = harness.aws("iam")
    roles = iam.list_roles()["Roles"]
    return {
        "roles": [role["RoleName"] for role in roles],
        "inline": [name for role in roles for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]],
        "policies": [policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]],
        "tables": harness.aws("dynamodb").list_tables()["TableNames"],
        "groups": [group["logGroupName"] for group in harness.aws("logs").describe_log_groups()["logGroups"]],
        "apis": [api["ApiId"] for api in harness.aws("apigatewayv2").get_apis()["Items"]],
        "rules": [rule["Name"] for rule in harness.aws("events").list_rules()["Rules"]],
    }


def refusal_of(harness: WiredHarness, directory: Path, resources: Resources) -> LambdakitError:
    """What deploying `resources` is refused with. Nothing of it stays."""
    before = account_contents(harness)
    with pytest.raises(LambdakitError) as refused:
        harness.deploy(write_stack(directory / "refused", f"refused-{directory.name}", resources))
    harness.drain()
    assert account_contents(harness) == before
    return refused.value
