"""`AWS::Backup`: vaults and plans, as the account shows them. Nothing is backed up.

Source: CloudFormation Template Reference, "AWS::Backup::BackupPlan" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

BACKUP_VAULT: Final = MotoBacked(
    service="backup",
    properties=properties_of(
        read="BackupVaultName BackupVaultTags EncryptionKeyArn", recorded="AccessPolicy LockConfiguration Notifications"
    ),
    made_by=Call(operation="create_backup_vault"),
    reference="p.BackupVaultName",
    tags="BackupVaultTags",
    tagged_by=Tagging(tag="tag_resource", untag="untag_resource", target="ResourceArn", of="att.BackupVaultArn"),
    deleted_by=(call("delete_backup_vault", BackupVaultName="ref"),),
    attributes={"BackupVaultArn": "made.BackupVaultArn", "BackupVaultName": "p.BackupVaultName"},
)

BACKUP_PLAN: Final = MotoBacked(
    service="backup",
    properties=properties_of(read="BackupPlan BackupPlanTags"),
    made_by=call(
        "create_backup_plan",
        BackupPlan="{BackupPlanName: p.BackupPlan.BackupPlanName, Rules:"
        " p.BackupPlan.BackupPlanRule[].merge(@, {TargetBackupVaultName: TargetBackupVault}),"
        " AdvancedBackupSettings: p.BackupPlan.AdvancedBackupSettings}",
        BackupPlanTags="p.BackupPlanTags",
    ),
    reference="made.BackupPlanId",
    tags="BackupPlanTags",
    tagged_by=Tagging(tag="tag_resource", untag="untag_resource", target="ResourceArn", of="att.BackupPlanArn"),
    deleted_by=(call("delete_backup_plan", BackupPlanId="ref"),),
    attributes={
        "BackupPlanId": "made.BackupPlanId",
        "BackupPlanArn": "made.BackupPlanArn",
        "VersionId": "made.VersionId",
    },
)
