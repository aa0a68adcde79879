"""References to the parameter store and to secrets."""

from __future__ import annotations

import pytest

from lambdakit.assembly.dynamic_references import find_dynamic_references, replace_dynamic_references
from lambdakit.assembly.place import Place
from lambdakit.errors import AssemblyError

PLACE = Place(path="t.json", pointer="P")
SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:MySecret-asd123"
PARAMETER = "arn:aws:ssm:us-east-2:123456789012:parameter/shared"


@pytest.mark.parametrize(
    "text, service, name, version, json_key, stage, identifier",
    [
        ("{{resolve:ssm:/a/b.c_d-e}}", "ssm", "/a/b.c_d-e", None, "", "", ""),
        ("{{resolve:ssm:S3AccessControl:2}}", "ssm", "S3AccessControl", 2, "", "", ""),
        (f"{{{{resolve:ssm:{PARAMETER}}}}}", "ssm", PARAMETER, None, "", "", ""),
        (f"{{{{resolve:ssm:{PARAMETER}:7}}}}", "ssm", PARAMETER, 7, "", "", ""),
        ("{{resolve:ssm-secure:IAMUserPassword:10}}", "ssm-secure", "IAMUserPassword", 10, "", "", ""),
        ("{{resolve:secretsmanager:MySecret}}", "secretsmanager", "MySecret", None, "", "", ""),
        (
            "{{resolve:secretsmanager:MySecret:SecretString:password}}",
            "secretsmanager",
            "MySecret",
            None,
            "password",
            "",
            "",
        ),
        (
            "{{resolve:secretsmanager:MySecret:SecretString:password::}}",
            "secretsmanager",
            "MySecret",
            None,
            "password",
            "",
            "",
        ),
        ("{{resolve:secretsmanager:MySecret::::}}", "secretsmanager", "MySecret", None, "", "", ""),
        (
            "{{resolve:secretsmanager:MySecret:SecretString:k:AWSPREVIOUS}}",
            "secretsmanager",
            "MySecret",
            None,
            "k",
            "AWSPREVIOUS",
            "",
        ),
        (f"{{{{resolve:secretsmanager:{SECRET}:SecretString:k::v1}}}}", "secretsmanager", SECRET, None, "k", "", "v1"),
        (f"{{{{resolve:secretsmanager:{SECRET}}}}}", "secretsmanager", SECRET, None, "", "", ""),
    ],
)
def test_reference_is_taken_apart(
    text: str, service: str, name: str, version: int | None, json_key: str, stage: str, identifier: str
) -> None:
    (reference,) = find_dynamic_references(f"before {text} after", PLACE)

    assert reference.text == text
    assert (reference.service, reference.name, reference.version) == (service, name, version)
    assert (reference.json_key, reference.version_stage, reference.version_id) == (json_key, stage, identifier)


@pytest.mark.parametrize(
    "text",
    [
        "{{resolve:ssm:}}",
        "{{resolve:ssm}}",
        "{{resolve::x}}",
        "{{resolve:s3:x}}",
        "{{resolve:ssm:a:b}}",
        "{{resolve:ssm:a:1:2}}",
        "{{resolve:secretsmanager:}}",
        "{{resolve:secretsmanager:a:SecretBinary:k}}",
        "{{resolve:secretsmanager:a:SecretString:k:stage:id}}",
        "{{resolve:secretsmanager:a:SecretString:k:::x}}",
    ],
)
def test_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(AssemblyError, match=r"t\.json: P: .*\[LK232\]"):
        find_dynamic_references(text, PLACE)


@pytest.mark.parametrize(
    "text", ["", "plain", "{{resolve:ssm:a", "{{ resolve:ssm:a }}", "{resolve:ssm:a}", "{{other}}"]
)
def test_other_text_is_left_alone(text: str) -> None:
    assert find_dynamic_references(text, PLACE) == ()
    assert replace_dynamic_references(text, lambda reference: "x", PLACE) == text


def test_every_reference_is_replaced_once() -> None:
    text = "{{resolve:ssm:a}}-{{resolve:ssm:b}}"

    assert replace_dynamic_references(text, lambda item: f"{{{{resolve:ssm:{item.name}x}}}}", PLACE) == (
        "{{resolve:ssm:ax}}-{{resolve:ssm:bx}}"
    )


def test_unclosed_references_cost_no_time() -> None:
    text = "{{resolve:ssm:" * 200_000 + "a:" * 200_000

    assert find_dynamic_references(text, PLACE) == ()
