"""Values that a template takes from the account: parameters of the parameter store, secrets, zones."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdakit.arn import partition_of
from lambdakit.assembly.dynamic_references import DynamicReference
from lambdakit.assembly.scalars import as_text
from lambdakit.harness.account import Account

# AWS CDK Developer Guide, "AWS CDK bootstrapping": the version parameter that every template of the CDK's asks for.
_BOOTSTRAP_PREFIX = "/cdk-bootstrap/"
_BOOTSTRAP_VERSION = "30"
# Systems Manager User Guide, "Discovering public parameters": AWS's own, which are in every account.
_PUBLIC_PREFIX = "/aws/service/"
_RECOMMENDED = "/recommended"
# The layers of Powertools. Source: Powertools for AWS Lambda (Python), "Installation", "Using SSM Parameter Store";
# (TypeScript), "Lambda layers", for both accounts and names.
_POWERTOOLS: Final = (
    (
        re.compile(
            r"/aws/service/powertools/python/(?P<architecture>x86_64|arm64)/python(?P<version>3\.[0-9]{1,2})/[^/]+"
        ),
        "017000801446:layer:AWSLambdaPowertoolsPythonV3-python{version}-{architecture}",
    ),
    (
        re.compile(r"/aws/service/powertools/typescript/generic/all/[^/]+"),
        "094274105915:layer:AWSLambdaPowertoolsTypeScriptV2",
    ),
)
# AWS Regions and Availability Zones, "Available AWS Regions": those with more than three zones, by their letters.
_ZONES: Final = {"us-east-1": "abcdef", "us-west-2": "abcd", "ap-northeast-2": "abcd"}


class AccountValues:
    """What is looked up in one account and region."""

    def __init__(self, account: Account, *, account_id: str, region: str) -> None:
        self._account = account
        self._account_id = account_id
        self._region = region

    def parameter(self, name: str) -> str:
        """The parameter store's text. LookupError when there is none.

        A bootstrapped environment's version and AWS's public parameters are always there: images of machines and
        versions of layers, of which nothing here depends on which one it is.
        """
        if name.startswith(_PUBLIC_PREFIX) and name.endswith(_RECOMMENDED):
            return _public(name, self._region)  # moto's is no JSON
        if name.startswith(_BOOTSTRAP_PREFIX) and not self._account.holds_anything_of("ssm"):
            return _BOOTSTRAP_VERSION  # every template of the CDK's asks, and loading moto's takes 1.5 s
        try:
            found = self._account.client("ssm", self._region, self._account_id).get_parameter(
                Name=name, WithDecryption=True
            )
            return str(found["Parameter"]["Value"])
        except ClientError as error:
            if name.startswith(_BOOTSTRAP_PREFIX):
                return _BOOTSTRAP_VERSION
            if name.startswith(_PUBLIC_PREFIX):
                return _public(name, self._region)
            raise LookupError(error.response["Error"].get("Message", str(error))) from None
        except BotoCoreError as error:  # a name that is none
            raise LookupError(str(error)) from None

    def dynamic(self, reference: DynamicReference) -> str:
        """The value behind `{{resolve:…}}`. LookupError when there is none."""
        if reference.service == "secretsmanager":
            return self._secret(reference)
        return self.parameter(reference.name if reference.version is None else f"{reference.name}:{reference.version}")

    def _secret(self, reference: DynamicReference) -> str:
        arguments = {"VersionStage": reference.version_stage, "VersionId": reference.version_id}
        try:
            secret = self._account.client("secretsmanager", self._region, self._account_id).get_secret_value(
                SecretId=reference.name, **{key: value for key, value in arguments.items() if value}
            )
        except ClientError as error:
            raise LookupError(error.response["Error"].get("Message", str(error))) from None
        except BotoCoreError as error:
            raise LookupError(str(error)) from None
        text = str(secret["SecretString"])
        if not reference.json_key:
            return text
        try:
            value = json.loads(text)[reference.json_key]
        except (ValueError, TypeError):
            raise LookupError(f"the secret {reference.name} is no JSON object") from None
        scalar = as_text(value)
        return json.dumps(value) if scalar is None else scalar


def availability_zones(region: str) -> Sequence[str]:
    """The zones of a region that has more than three, of any other the first three; but for a few, each has as many."""
    return [f"{region}{letter}" for letter in _ZONES.get(region, "abc")]


def _public(name: str, region: str) -> str:
    for pattern, layer in _POWERTOOLS:
        if (match := pattern.fullmatch(name)) is not None:
            parts = {key: text.replace(".", "") for key, text in match.groupdict().items()}
            return f"arn:{partition_of(region)}:lambda:{region}:{layer.format(**parts)}:1"
    identity = hashlib.sha256(name.encode()).hexdigest()[:17]
    if name.endswith(_RECOMMENDED):
        return json.dumps({"image_id": f"ami-{identity}", "image_name": name.rpartition("/")[2]})
    return f"ami-{identity}" if "ami" in name or "image" in name else identity
