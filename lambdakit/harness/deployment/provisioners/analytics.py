"""`AWS::Glue` and `AWS::Athena`: the data catalogue and what works on it, as the account shows them.

Source: CloudFormation Template Reference, "AWS::Glue::Database", "AWS::Athena::WorkGroup" and the pages beside them.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

_DATABASE: Final = "p.DatabaseInput.Name || p.DatabaseName || logical_id"
_DATABASE_INPUT: Final = f"merge(p.DatabaseInput, {{Name: {_DATABASE}}})"
_TABLE: Final = "p.TableInput.Name || p.Name || logical_id"
_TABLE_INPUT: Final = f"merge(p.TableInput, {{Name: {_TABLE}}})"

GLUE_DATABASE: Final = MotoBacked(
    service="glue",
    properties=properties_of(read="CatalogId DatabaseInput DatabaseName"),
    made_by=Call(operation="create_database", arguments={"DatabaseInput": _DATABASE_INPUT}),
    reference=_DATABASE,
    changed_by=(call("update_database", CatalogId="p.CatalogId", Name=_DATABASE, DatabaseInput=_DATABASE_INPUT),),
    deleted_by=(call("delete_database", CatalogId="p.CatalogId", Name="ref"),),
)

GLUE_TABLE: Final = MotoBacked(
    service="glue",
    properties=properties_of(read="CatalogId DatabaseName Name TableInput", recorded="OpenTableFormatInput"),
    defaults={"TableInput": {}},
    made_by=Call(
        operation="create_table",
        arguments={"TableInput": _TABLE_INPUT},
        renamed={"OpenTableFormatInput": "", "Name": ""},
    ),
    reference=_TABLE,
    changed_by=(call("update_table", CatalogId="p.CatalogId", DatabaseName="p.DatabaseName", TableInput=_TABLE_INPUT),),
    deleted_by=(call("delete_table", CatalogId="p.CatalogId", DatabaseName="p.DatabaseName", Name="ref"),),
)

GLUE_CRAWLER: Final = MotoBacked(
    service="glue",
    properties=properties_of(
        read="Classifiers Configuration CrawlerSecurityConfiguration DatabaseName Description"
        " LakeFormationConfiguration Name RecrawlPolicy Role Schedule SchemaChangePolicy TablePrefix Tags Targets",
    ),
    named=("Name", 255),
    made_by=Call(operation="create_crawler", arguments={"Schedule": "p.Schedule.ScheduleExpression"}),
    reference="name",
    deleted_by=(call("delete_crawler", Name="name"),),
    remade=True,
)

GLUE_JOB: Final = MotoBacked(
    service="glue",
    properties=properties_of(
        read="AllocatedCapacity Command Connections DefaultArguments Description ExecutionClass ExecutionProperty"
        " GlueVersion LogUri MaxCapacity MaxRetries Name NonOverridableArguments NotificationProperty NumberOfWorkers"
        " Role SecurityConfiguration Tags Timeout WorkerType",
        recorded="JobMode JobRunQueuingEnabled MaintenanceWindow",
    ),
    named=("Name", 255),
    made_by=Call(operation="create_job", renamed={"JobMode": "", "JobRunQueuingEnabled": "", "MaintenanceWindow": ""}),
    reference="name",
    deleted_by=(call("delete_job", JobName="name"),),
    remade=True,
)

ATHENA_WORK_GROUP: Final = MotoBacked(
    service="athena",
    properties=properties_of(
        read="Description Name RecursiveDeleteOption Tags WorkGroupConfiguration",
        recorded="State WorkGroupConfigurationUpdates",
    ),
    defaults={"Description": "", "WorkGroupConfiguration": {}},
    made_by=Call(operation="create_work_group", renamed={"WorkGroupConfiguration": "Configuration"}),
    reference="p.Name",
    deleted_by=(call("delete_work_group", WorkGroup="ref", RecursiveDeleteOption="`true`"),),
    attributes={
        "CreationTime": "`0`",
        "WorkGroupConfiguration.EngineVersion.EffectiveEngineVersion": "'Athena engine version 3'",
    },
    remade=True,
)
