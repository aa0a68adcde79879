"""Makes `lambdakit/assembly/provider_schemas.json` from the provider schemas that AWS publishes.

cfn-lint ships them (MIT-0), patched where the published ones are known to be wrong. It is not a dependency: install it
somewhere and run

    python -m tests.documentation.provider_schemas .../site-packages/cfnlint/data/schemas
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lambdakit.assembly.provider_schemas import DATA

_REGION = "us-east-1"
_NOT_THE_OWN = frozenset({"iam", "kms", "ec2", "s3", "logs", "sts", "secretsmanager", "cloudwatch", "organizations"})

Schema = Mapping[str, Any]


def compact(schema: Schema) -> dict[str, Any]:
    """What the harness needs of one schema; keys that would be empty are left out."""
    identifier = _paths(schema, "primaryIdentifier")
    replaces = [*_paths(schema, "createOnlyProperties"), *_paths(schema, "conditionalCreateOnlyProperties")]
    row: dict[str, Any] = {
        "service": _service(schema),
        "properties": sorted(schema["properties"]),
        "read_only": dict(sorted(_read_only(schema))),
        "create_only": sorted(set(replaces)),
        "identifier": identifier,
        "length_max": {
            name: length
            for name in identifier
            if (length := _resolved(schema, schema["properties"].get(name, {})).get("maxLength"))
        },
        **_tags(schema),
    }
    return {key: value for key, value in row.items() if value}


def _paths(schema: Schema, key: str) -> list[str]:
    return [pointer.removeprefix("/properties/").replace("/", ".") for pointer in schema.get(key, ())]


def _service(schema: Schema) -> str:
    """The prefix of the service's ARNs, from the permissions that creating the resource takes."""
    namespace = schema["typeName"].split("::")[1].lower()
    prefixes: Counter[str] = Counter(
        str(permission).partition(":")[0].lower()
        for permission in schema.get("handlers", {}).get("create", {}).get("permissions", ())
    )
    for prefix in prefixes:
        if prefix.replace("-", "") == namespace:
            return prefix
    own = [prefix for prefix, _ in prefixes.most_common() if prefix not in _NOT_THE_OWN]
    return own[0] if own else namespace


def _tags(schema: Schema) -> dict[str, Any]:
    """The property of the resource's tags, where they can be changed, and whether it is an object of them.

    Source: CloudFormation CLI User Guide, "Resource type definition schema", `tagging`: what is not said is so.
    """
    tagging = schema.get("tagging", {})
    name = (tagging.get("tagProperty") or "/properties/Tags").removeprefix("/properties/")
    if not (tagging.get("taggable", True) and tagging.get("tagUpdatable", True)) or name not in schema["properties"]:
        return {}
    value = _resolved(schema, schema["properties"][name])
    item = _resolved(schema, value.get("items", {}))
    if value.get("type") == "array" and {"Key", "Value"} <= set(item.get("properties", {})):
        return {"tags": name}
    return {"tags": name, "tag_map": True} if "object" in value.get("type", ()) else {}


def _read_only(schema: Schema) -> Iterator[tuple[str, str]]:
    for path in _paths(schema, "readOnlyProperties"):
        if "*" not in path:
            yield from _leaves(schema, path, _at(schema, path), depth=0)


def _leaves(schema: Schema, path: str, value: Schema, *, depth: int) -> Iterator[tuple[str, str]]:
    kind = value.get("type", "string")
    kind = kind if isinstance(kind, str) else next(iter(kind))
    if kind == "object" and value.get("properties") and depth < 2:
        for name, below in value["properties"].items():
            yield from _leaves(schema, f"{path}.{name}", _resolved(schema, below), depth=depth + 1)
    else:
        yield path, kind


def _at(schema: Schema, path: str) -> Schema:
    found: Schema = schema
    for name in path.split("."):
        found = _resolved(schema, found.get("properties", {}).get(name, {}))
    return found


def _resolved(schema: Schema, value: Schema) -> Schema:
    seen = 0
    while "$ref" in value and seen < 10:
        found: Any = schema
        for name in re.split("/", value["$ref"].removeprefix("#/")):
            found = found.get(name, {})
        value, seen = found, seen + 1
    return value


def main(directory: Path) -> None:
    """Writes the file: a line per type, so that a later version shows what changed."""
    index = json.loads((directory / "providers" / f"{_REGION}.json").read_text())
    rows = []
    for name, file in sorted(index.items()):
        if name.startswith("AWS::"):
            schema = json.loads((directory / "resources" / f"{file}.json").read_text())
            rows.append(f"{json.dumps(name)}:{json.dumps(compact(schema), separators=(',', ':'))}")
    DATA.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
