"""`AWS::SecretsManager::Secret`, `SecretTargetAttachment`, `RotationSchedule` and `ResourcePolicy`.

Source: CloudFormation Template Reference, "AWS::SecretsManager::Secret" and the pages beside it.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
)
from lambdakit.harness.deployment.provisioners.serverless_application import is_of_application
from lambdakit.harness.deployment.service_call import as_flag, as_text, call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    given,
    pairs,
    tags_setting,
    unless_gone,
)

_GONE: Final = ("ResourceNotFoundException",)
_NOT_ROTATED: Final = (
    "the function that rotates the secret is one of an application of the Serverless Application Repository, "
    "which is not run here: the secret is not rotated"
)


class Secret:
    """A secret. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "Description KmsKeyId Name SecretString Tags",
            GenerateSecretString=reads(
                "ExcludeCharacters ExcludeLowercase ExcludeNumbers ExcludePunctuation ExcludeUppercase "
                "GenerateStringKey IncludeSpace PasswordLength RequireEachIncludedType SecretStringTemplate"
            ),
        ),
        **records("ReplicaRegions Type"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the secret with the given value, a generated one, or none."""
        properties = resource.properties
        secrets = context.client("secretsmanager", resource)
        arn = call(
            secrets,
            "create_secret",
            given(properties, "Description", "KmsKeyId", "Tags"),
            Name=properties.get("Name") or resource.generated_name(length_max=512),
            SecretString=_value(secrets, properties),
        )["ARN"]
        return Provisioned(physical_id=arn, attributes={"Id": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts a new version where value or generation differ; changes description, key and tags."""
        secrets = context.client("secretsmanager", resource)
        arn = created.provisioned.physical_id
        before = _current(secrets, arn)

        def value(old: Properties, new: Properties) -> None:
            # Taken back, the value is the one before, not another generated one.
            back = new is created.resource.properties and old is resource.properties
            wanted = before if back else _value(secrets, new)
            if wanted is not None and wanted != _current(secrets, arn):
                secrets.put_secret_value(SecretId=arn, SecretString=wanted)

        def fields(_: Properties, new: Properties) -> None:
            # Secrets Manager API Reference, "UpdateSecret": an empty key is the account's own, `aws/secretsmanager`.
            nothing = {"Description": "", "KmsKeyId": ""}
            call(secrets, "update_secret", {**nothing, **given(new, "Description", "KmsKeyId")}, SecretId=arn)

        settings = [
            Setting(("Description", "KmsKeyId"), fields),
            tags_setting(
                lambda tags: secrets.tag_resource(SecretId=arn, Tags=pairs(tags)),
                lambda keys: secrets.untag_resource(SecretId=arn, TagKeys=keys),
            ),
            Setting(("SecretString", "GenerateSecretString"), value),
        ]
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the secret at once, as CloudFormation does."""
        with unless_gone(*_GONE):
            context.client("secretsmanager", created.resource).delete_secret(
                SecretId=created.provisioned.physical_id, ForceDeleteWithoutRecovery=True
            )

    def capture(self, created: Created, context: Context) -> object:
        """The value; None when it has none."""
        return _current(context.client("secretsmanager", created.resource), created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Puts the captured value when another stands there."""
        secrets, arn = context.client("secretsmanager", created.resource), created.provisioned.physical_id
        if created.captured is not None and _current(secrets, arn) != created.captured:
            secrets.put_secret_value(SecretId=arn, SecretString=created.captured)


class SecretTargetAttachment(HoldsNothing):
    """A secret that is completed by where its database listens. `Ref` gives the secret's ARN.

    Here the secret gets the engine and the database's id; the address of a recorded database is not known to it.
    """

    properties: ClassVar[PropertyTree] = reads("SecretId TargetId TargetType")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Completes the secret."""
        properties = resource.properties
        secrets = context.client("secretsmanager", resource)
        arn = properties["SecretId"]
        _attach(secrets, arn, {}, properties)
        return Provisioned(physical_id=arn, attributes={"Id": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Completes the secret for another database."""
        secrets = context.client("secretsmanager", resource)
        _attach(secrets, created.provisioned.physical_id, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes away what the attachment put in."""
        with unless_gone(*_GONE):
            secrets = context.client("secretsmanager", created.resource)
            _attach(secrets, created.provisioned.physical_id, created.resource.properties, {})


class RotationSchedule(HoldsNothing):
    """A secret's rotation by a function; by one that Secrets Manager would host, or one of an application of the
    Serverless Application Repository, it is only kept: the CDK's rotations of databases are such.

    `Ref` gives the secret's ARN.
    """

    properties: ClassVar[PropertyTree] = {
        **reads(
            "RotateImmediatelyOnUpdate RotationLambdaARN SecretId",
            RotationRules={**reads("AutomaticallyAfterDays ScheduleExpression"), **records("Duration")},
        ),
        **records("ExternalSecretRotationMetadata ExternalSecretRotationRoleArn HostedRotationLambda"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Sets the rotation up and begins the first one."""
        arn = resource.properties["SecretId"]
        secrets = context.client("secretsmanager", resource)
        secrets.describe_secret(SecretId=arn)
        function = str(resource.properties.get("RotationLambdaARN", ""))
        if is_of_application(function):
            context.note(resource.logical_id, _NOT_ROTATED)
        elif function:
            _rotate(secrets, arn, resource.properties)
        return Provisioned(physical_id=arn, attributes={"Id": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets it up anew, which begins a rotation unless the template says otherwise."""
        self.create(resource, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Switches the rotation off."""
        function = str(created.resource.properties.get("RotationLambdaARN", ""))
        if not function or is_of_application(function):
            return
        with unless_gone(*_GONE, "InvalidRequestException"):
            context.client("secretsmanager", created.resource).cancel_rotate_secret(
                SecretId=created.provisioned.physical_id
            )


class ResourcePolicy(HoldsNothing):
    """A secret's policy. `Ref` gives the secret's ARN."""

    properties: ClassVar[PropertyTree] = {**reads("ResourcePolicy SecretId"), **records("BlockPublicPolicy")}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy."""
        arn = resource.properties["SecretId"]
        policy = as_text(resource.properties["ResourcePolicy"])
        context.client("secretsmanager", resource).put_resource_policy(SecretId=arn, ResourcePolicy=policy)
        return Provisioned(physical_id=arn, attributes={"Id": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off."""
        with unless_gone(*_GONE):
            context.client("secretsmanager", created.resource).delete_resource_policy(
                SecretId=created.provisioned.physical_id
            )


def _rotate(secrets: Any, arn: str, properties: Properties) -> None:
    call(
        secrets,
        "rotate_secret",
        given(properties, "RotationLambdaARN", "RotationRules"),
        SecretId=arn,
        RotateImmediately=as_flag(properties.get("RotateImmediatelyOnUpdate", True)),
    )


def _value(secrets: Any, properties: Properties) -> str | None:
    """The value that the properties ask for; None for an empty secret.

    Source: CloudFormation Template Reference, "AWS::SecretsManager::Secret GenerateSecretString": the password is
    the value, or joins the template's JSON object under its key; both or neither of template and key are given.
    """
    wanted = properties.get("GenerateSecretString")
    if wanted is None:
        text = properties.get("SecretString")
        return None if text is None else as_text(text)
    if "SecretString" in properties:
        raise ResourceRefused(
            "You can't specify both SecretString and GenerateSecretString.", property_pointer="SecretString"
        )
    template, key = wanted.get("SecretStringTemplate"), wanted.get("GenerateStringKey")
    if (template is None) != (key is None):
        raise ResourceRefused(
            "SecretStringTemplate and GenerateStringKey must be specified together.",
            property_pointer="GenerateSecretString",
        )
    password: str = call(secrets, "get_random_password", wanted)["RandomPassword"]
    if template is None:
        return password
    try:
        content = json.loads(as_text(template))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ResourceRefused(
            "SecretStringTemplate must be a JSON object.", property_pointer="GenerateSecretString.SecretStringTemplate"
        )
    return json.dumps({**content, key: password})


def _current(secrets: Any, arn: str) -> str | None:
    """The secret's value; None when it has none, or is binary."""
    try:
        value: str | None = secrets.get_secret_value(SecretId=arn).get("SecretString")
    except secrets.exceptions.ResourceNotFoundException:
        return None
    return value


def _attach(secrets: Any, arn: str, old: Properties, new: Properties) -> None:
    value = _current(secrets, arn)
    try:
        content = json.loads(value or "{}")
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ResourceRefused("The secret's value must be a JSON object to be attached.", property_pointer="SecretId")
    for name in _connection(old):
        content.pop(name, None)
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({**content, **_connection(new)}))


def _connection(properties: Properties) -> dict[str, str]:
    """What the attachment puts in: under the name that Secrets Manager's rotation templates read."""
    if not properties:
        return {}
    cluster = "Cluster" in str(properties.get("TargetType"))
    return {"dbClusterIdentifier" if cluster else "dbInstanceIdentifier": str(properties["TargetId"])}
