"""Databases and what their services check of them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.moto_state.maintenance_windows import mend_windows
from tests.fakes.provisioning import Provisioning

pytestmark = pytest.mark.xdist_group("moto")

_INSTANCE = {
    "DBInstanceIdentifier": "windows",
    "Engine": "postgres",
    "DBInstanceClass": "db.t3.micro",
    "MasterUsername": "u",
    "MasterUserPassword": "password1",
    "AllocatedStorage": "20",
}


@pytest.mark.parametrize(
    ("backup", "maintenance"),
    [
        ("00:15-01:15", "Sun:23:45-Mon:00:15"),
        ("23:15-23:45", "Sun:23:45-Mon:00:15"),
        ("04:00-05:00", "Tue:05:00-Tue:05:30"),
        ("04:00-05:00", "Tue:03:30-Tue:04:00"),
    ],
)
def test_windows_may_follow_one_another(provisioning: Provisioning, backup: str, maintenance: str) -> None:
    mend_windows()

    provisioning.create(
        "AWS::RDS::DBInstance",
        {**_INSTANCE, "PreferredBackupWindow": backup, "PreferredMaintenanceWindow": maintenance},
    )

    (told,) = provisioning.client("rds").describe_db_instances(DBInstanceIdentifier="windows")["DBInstances"]
    assert told["PreferredBackupWindow"] == backup
    assert told["PreferredMaintenanceWindow"] == maintenance.lower()


@pytest.mark.parametrize(
    ("backup", "maintenance"), [("00:14-01:15", "Sun:23:45-Mon:00:15"), ("04:00-05:01", "Tue:05:00-Tue:05:30")]
)
def test_windows_that_share_a_minute_are_refused(provisioning: Provisioning, backup: str, maintenance: str) -> None:
    mend_windows()

    with pytest.raises(ClientError, match="must not overlap"):
        provisioning.create(
            "AWS::RDS::DBInstance",
            {**_INSTANCE, "PreferredBackupWindow": backup, "PreferredMaintenanceWindow": maintenance},
        )


def test_an_engine_may_be_written_in_any_case(provisioning: Provisioning) -> None:
    """As the Template Reference writes it, "Condition functions"."""
    provisioning.create("AWS::RDS::DBInstance", {**_INSTANCE, "DBInstanceIdentifier": "any-case", "Engine": "MySQL"})

    (told,) = provisioning.client("rds").describe_db_instances(DBInstanceIdentifier="any-case")["DBInstances"]
    assert (told["Engine"], told["Endpoint"]["Port"]) == ("mysql", 3306)


def test_an_instance_may_name_an_option_group_of_its_stack(provisioning: Provisioning) -> None:
    properties = {"DBInstanceIdentifier": "with-options", "OptionGroupName": "stack-group-1a2b3c"}

    created = provisioning.create("AWS::RDS::DBInstance", {**_INSTANCE, **properties})

    assert created.provisioned.physical_id == "with-options"
