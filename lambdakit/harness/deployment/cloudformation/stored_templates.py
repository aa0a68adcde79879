"""Templates and parts of templates that lie in the account's buckets.

Source: AWS CloudFormation API Reference, "CreateStack" (TemplateURL); CloudFormation Template Reference,
"AWS::Include transform".
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from lambdakit.assembly.place import Place
from lambdakit.assembly.template import Template
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.cloudformation.refusal import Refused
from lambdakit.harness.deployment.cloudformation.template_text import OBJECT_BYTES_MAX, read_snippet, read_template

_PATH_STYLE = re.compile(r"https?://(?:s3[.-][^/]*|127\.0\.0\.1(?::\d+)?|localhost(?::\d+)?)/([^/]+)/(.+)")
_VIRTUAL_HOST = re.compile(r"https?://([^/]+?)\.s3[.-][^/]*/(.+)")


class _NotThere(Exception):
    """S3 has no such object. The text is S3's."""


class StoredTemplates:
    """Reads what a stack refers to by the place in S3 where it lies."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def text(self, url: str, account_id: str, region: str) -> str:
        """The text at a URL. Refused with CloudFormation's ValidationError when there is none."""
        match = _PATH_STYLE.fullmatch(url) or _VIRTUAL_HOST.fullmatch(url)
        if match is None:
            raise Refused("ValidationError", "TemplateURL must be a supported URL.")
        try:
            content = self._object(match[1], unquote(match[2].partition("?")[0]), account_id, region)
            if len(content) > OBJECT_BYTES_MAX:
                text = f"Template may not exceed {OBJECT_BYTES_MAX} bytes in size."
                raise Refused("ValidationError", text)
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused("ValidationError", "Template format error: the template is not UTF-8") from None
        except _NotThere as error:
            raise Refused("ValidationError", f"S3 error: {error}") from None

    def template(self, url: str, place: Place, account_id: str, region: str) -> Template:
        """The template at a URL, for a nested stack. AssemblyError when there is none."""
        try:
            return read_template(self.text(url, account_id, region), name=url)
        except Refused as refused:
            raise place.error(refused.message) from None

    def snippet(self, location: str, account_id: str, region: str) -> object:
        """What is included from an `s3://` location. LookupError when there is none, ValueError for what is no part."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        if not location.startswith("s3://") or not bucket or not key:
            raise LookupError(location)
        try:
            content = self._object(bucket, key, account_id, region)
        except _NotThere:
            raise LookupError(location) from None
        return snippet_in(content)

    def _object(self, bucket: str, key: str, account_id: str, region: str) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError  # the harness answers before they are loaded

        try:
            content: bytes = (
                self._account.client("s3", region, account_id).get_object(Bucket=bucket, Key=key)["Body"].read()
            )
        except ClientError as error:
            raise _NotThere(error.response["Error"].get("Message", error)) from None
        except BotoCoreError as error:  # a bucket's name that is none
            raise _NotThere(error) from None
        return content


def snippet_in(content: bytes) -> object:
    """What a file for `AWS::Include` holds, of a template's size at most. ValueError for what is no part of one."""
    if len(content) > OBJECT_BYTES_MAX:
        raise ValueError(f"it exceeds {OBJECT_BYTES_MAX} bytes")
    try:
        return read_snippet(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except Refused as refused:
        raise ValueError(refused.message.removeprefix("Template format error: ")) from None
