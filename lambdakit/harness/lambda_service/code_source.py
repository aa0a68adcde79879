"""The code that a request brings: a zip file in it, an object in the account's S3, or the name of a container image.

Source: AWS Lambda API Reference, "CreateFunction" and "PublishLayerVersion"; AWS Lambda Developer Guide,
"Lambda quotas".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.runtime.code_package import CodePackage, CodeStore
from lambdakit.harness.runtime.package_files import InvalidPackage
from lambdakit.limits import PACKAGE_UPLOADED_BYTES_MAX


def read_code(given: Mapping[str, Any], *, client: Callable[[str], Any], code: CodeStore) -> CodePackage | None:
    """The unpacked package; None for a container image.

    client: makes a boto3 client of the caller's, for a service.
    given: members such as `ZipFile`, `S3Bucket`, `S3Key`, `S3ObjectVersion` and `ImageUri`.
    InvalidParameterValueException when there is none, when it cannot be read, or when it is no zip file.
    """
    if given.get("ImageUri"):
        if "ZipFile" in given or "S3Bucket" in given:
            raise _invalid("Please do not provide other FunctionCode parameters when providing an ImageUri.")
        return None
    if "ZipFile" in given and "S3Bucket" in given:
        raise _invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
    if "ZipFile" in given:
        content = bytes(given["ZipFile"])
        if not content:
            raise _invalid("Uploaded file must be a non-empty zip")
        if len(content) > PACKAGE_UPLOADED_BYTES_MAX:
            raise ServiceFault(
                "RequestEntityTooLargeException",
                f"Request must be smaller than {PACKAGE_UPLOADED_BYTES_MAX * 4 // 3} bytes for this operation",
            )
    elif "S3Bucket" in given and "S3Key" in given:
        content = _object(given, client)
    else:
        raise _invalid("Please provide a source for function code.")
    try:
        package = code.from_zip(content)
    except InvalidPackage as refused:
        raise _invalid(str(refused)) from None
    if not any(package.directory.iterdir()):
        raise _invalid("Uploaded file must be a non-empty zip")
    return package


def _object(given: Mapping[str, Any], client: Callable[[str], Any]) -> bytes:
    from botocore.exceptions import ClientError

    version = {"VersionId": given["S3ObjectVersion"]} if given.get("S3ObjectVersion") else {}
    try:
        found = client("s3").get_object(Bucket=given["S3Bucket"], Key=given["S3Key"], **version)
    except ClientError as error:
        told = error.response["Error"]
        raise _invalid(
            f"Error occurred while GetObject. S3 Error Code: {told['Code']}. "
            f"S3 Error Message: {told.get('Message', '')}"
        ) from None
    return bytes(found["Body"].read())


def _invalid(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
