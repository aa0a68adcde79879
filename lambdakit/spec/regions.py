"""The regions of AWS: how their codes read, and what people call them.

Sources: AWS Account Management Reference Guide, "Enable or disable AWS Regions in your account", the table of codes and
names; botocore/data/partitions.json, `regionRegex`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.nearest import nearest

# A region that AWS opens next has a code of this form, too.
REGION_PATTERN: Final = (
    "^(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov|us-iso[bf]?|eu-isoe|eusc-de)"
    "-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$"
)
_NAMES: Final[Mapping[str, str]] = {
    "us-east-1": "Virginia",
    "us-east-2": "Ohio",
    "us-west-1": "California",
    "us-west-2": "Oregon",
    "af-south-1": "Cape Town",
    "ap-east-1": "Hong Kong",
    "ap-east-2": "Taipei",
    "ap-northeast-1": "Tokyo",
    "ap-northeast-2": "Seoul",
    "ap-northeast-3": "Osaka",
    "ap-south-1": "Mumbai",
    "ap-south-2": "Hyderabad",
    "ap-southeast-1": "Singapore",
    "ap-southeast-2": "Sydney",
    "ap-southeast-3": "Jakarta",
    "ap-southeast-4": "Melbourne",
    "ap-southeast-5": "Malaysia",
    "ap-southeast-6": "New Zealand",
    "ap-southeast-7": "Thailand",
    "ca-central-1": "Montreal",
    "ca-west-1": "Calgary",
    "eu-central-1": "Frankfurt",
    "eu-central-2": "Zurich",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-south-2": "Spain",
    "eu-west-1": "Ireland",
    "eu-west-2": "London",
    "eu-west-3": "Paris",
    "il-central-1": "Tel Aviv",
    "me-central-1": "Emirates",
    "me-south-1": "Bahrain",
    "mx-central-1": "Mexico",
    "sa-east-1": "Sao Paulo",
    "cn-north-1": "Beijing",
    "cn-northwest-1": "Ningxia",
    "us-gov-east-1": "GovCloud East",
    "us-gov-west-1": "GovCloud West",
}


def meant_region(text: str) -> str:
    """The code that a wrong one, or a region's name, most likely stands for; empty when none is close."""
    by_name = {name: code for code, name in _NAMES.items()}
    if (code := nearest(text, _NAMES)) is not None:
        return code
    name = nearest(text, by_name)
    return by_name[name] if name is not None else ""
