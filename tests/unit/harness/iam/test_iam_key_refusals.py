from __future__ import annotations

import uuid

import pytest
from botocore.session import Session

from lambdakit.harness.account import Account
from lambdakit.harness.iam.authorization import Authorization, Decision, Reason
from lambdakit.harness.iam.key_refusals import KeyRefusal, key_denied, kms_sentence, unusable_key
from lambdakit.harness.iam.principal import Principal
from tests.fakes.policies import ACCOUNT_ID, REGION, arn

pytestmark = pytest.mark.xdist_group("moto")

DENIAL = "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: kms:Decrypt on resource: k"


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT_ID, region=REGION)


def test_kms_writes_its_actions_and_keys_as_policies_do() -> None:
    role = Principal(kind="role", arn="arn:aws:iam::1:role/r", caller_arn="arn:aws:sts::1:assumed-role/r/f")
    denied = Decision(allowed=False, reason=Reason.NO_IDENTITY_POLICY, action="kms:GenerateDataKey", resource="key")

    assert kms_sentence(role, denied) == (
        "User: arn:aws:sts::1:assumed-role/r/f is not authorized to perform: kms:GenerateDataKey on resource: key "
        "because no identity-based policy allows the kms:GenerateDataKey action"
    )


# Source: Amazon SQS Developer Guide, "Troubleshoot an access denied error in Amazon SQS"; SNS API Reference, "Publish";
# Kinesis API Reference, "PutRecord"; Amazon S3 API Reference, "Error responses".
@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("sqs", "KMS.AccessDeniedException", 400),
        ("sns", "KMSAccessDenied", 400),
        ("kinesis", "KMSAccessDeniedException", 400),
        ("s3", "AccessDenied", 403),
        ("dynamodb", "AccessDeniedException", 400),
        ("something", "AccessDeniedException", 400),
    ],
)
def test_a_denial_of_the_key_has_the_services_code_and_names_the_action(service: str, code: str, status: int) -> None:
    refusal = key_denied(service, "kms:Decrypt", DENIAL)

    assert (refusal.code, refusal.status) == (code, status)
    assert DENIAL in refusal.message


def test_secrets_manager_and_parameter_store_do_not_name_the_action() -> None:
    assert key_denied("secretsmanager", "kms:Decrypt", DENIAL) == KeyRefusal(
        code="AccessDeniedException", message="Access to KMS is not allowed"
    )
    assert key_denied("ssm", "kms:Decrypt", DENIAL).message.startswith("The ciphertext refers to")
    assert key_denied("ssm", "kms:Encrypt", DENIAL).message == DENIAL


STATES = {
    "sqs": ("KMS.DisabledException", "KMS.InvalidStateException", "KMS.NotFoundException"),
    "sns": ("KMSDisabled", "KMSInvalidState", "KMSNotFound"),
    "kinesis": ("KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException"),
    "s3": ("KMS.DisabledException", "KMS.KMSInvalidStateException", "KMS.NotFoundException"),
    "ssm": ("InvalidKeyId", "InvalidKeyId", "InvalidKeyId"),
    "secretsmanager": ("DecryptionFailure", "DecryptionFailure", "DecryptionFailure"),
}


@pytest.mark.parametrize(("service", "codes"), STATES.items())
def test_a_key_that_nobody_can_use_is_told_by_its_state(
    account: Account, service: str, codes: tuple[str, str, str]
) -> None:
    kms = account.client("kms")
    keys = [kms.create_key()["KeyMetadata"] for _ in range(3)]
    uses = [[Authorization(action="kms:Decrypt", resources=(key["Arn"],))] for key in keys]
    gone = [Authorization(action="kms:Decrypt", resources=(arn("kms", f"key/{uuid.uuid4()}"),))]
    assert unusable_key(service, uses[2]) is None

    kms.disable_key(KeyId=keys[0]["KeyId"])
    kms.schedule_key_deletion(KeyId=keys[1]["KeyId"])

    refusals = [unusable_key(service, use) for use in (uses[0], uses[1], gone)]
    assert [refusal and refusal.code for refusal in refusals] == list(codes)
    if service not in ("secretsmanager",):
        assert [refusal and refusal.message for refusal in refusals] == [
            f"{keys[0]['Arn']} is disabled.",
            f"{keys[1]['Arn']} is pending deletion.",
            f"Key '{gone[0].resources[0]}' does not exist",
        ]


def test_an_alias_that_leads_nowhere_is_told_as_such() -> None:
    alias = arn("kms", "alias/gone")

    refusal = unusable_key("sqs", [Authorization(action="kms:Decrypt", resources=(alias,))])

    assert refusal == KeyRefusal(code="KMS.NotFoundException", message=f"Alias {alias} is not found.")


def test_secrets_manager_says_what_it_could_not_do(account: Account) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.disable_key(KeyId=key["KeyId"])

    refusal = unusable_key("secretsmanager", [Authorization(action="kms:GenerateDataKey", resources=(key["Arn"],))])

    assert refusal is not None
    assert refusal.code == "EncryptionFailure"


def test_where_it_is_not_certain_nothing_is_told(account: Account) -> None:
    gone = [Authorization(action="kms:Decrypt", resources=(arn("kms", "key/gone"),))]

    assert unusable_key("dynamodb", gone) is None
    assert unusable_key("sqs", []) is None


@pytest.mark.parametrize(
    ("service", "operation"), [("sns", "Publish"), ("kinesis", "PutRecord"), ("kinesis", "GetRecords")]
)
def test_the_codes_are_errors_that_the_operation_has(service: str, operation: str) -> None:
    shapes = Session().get_service_model(service).operation_model(operation).error_shapes

    known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}

    assert {*STATES[service], key_denied(service, "kms:Decrypt", DENIAL).code} <= known
