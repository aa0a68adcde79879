"""Which packages of the AWS SDK a Node.js function imports and does not bring: those are the runtime's to provide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lambdakit.records import dataclass

_SCOPES = ("@aws-sdk", "@smithy", "@aws-crypto")
SDK_V2 = "aws-sdk"
DURABLE_SDK = "@aws/durable-execution-sdk-js"
_SUFFIXES = (".js", ".mjs", ".cjs")
_IMPORT = re.compile(
    rb"""(?:require(?:\.resolve)?\s*\(|\bfrom|\bimport\s*\(?)\s*["'`]"""
    rb"""((?:@aws-sdk|@smithy|@aws-crypto)/[a-z0-9-]+|(?:aws-sdk|@aws/durable-execution-sdk-js)(?=["'`/]))"""
)
# A name that is put together when the function runs, as in the CDK's own custom resources.
_COMPUTED = re.compile(rb"""["'`]@aws-sdk/(?:client-)?(?:["'`]|\$\{)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkImports:
    """names: packages that are imported and that neither package nor layers hold. computed: others may be, too.

    A computed name stands among `names` with the part of it that is known.
    """

    names: frozenset[str]
    computed: bool


def sdk_imports(roots: Iterable[Path]) -> SdkImports:
    """What the files below `roots`, a package and its layers, take from the runtime's SDK."""
    wanted: set[str] = set()
    brought: set[str] = set()
    computed = False
    for root in roots:
        for path in _files(root):
            brought |= _package_of(path)
            content = path.read_bytes()
            if b"aws-sdk" in content or b"@smithy/" in content or DURABLE_SDK.encode() in content:
                wanted |= {name.decode() for name in _IMPORT.findall(content)}
                computed = computed or _COMPUTED.search(content) is not None
    return SdkImports(names=frozenset(wanted - brought), computed=computed and not brought)


def _files(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.suffix in _SUFFIXES and path.is_file():
            yield path


def _package_of(path: Path) -> set[str]:
    """The package of the SDK that a file below `node_modules` belongs to; empty when there is none."""
    parts = path.parts
    return {
        scope if scope == SDK_V2 else f"{scope}/{name}"
        for modules, scope, name in zip(parts, parts[1:], parts[2:], strict=False)
        if modules == "node_modules" and (scope in (SDK_V2, *_SCOPES) or f"{scope}/{name}" == DURABLE_SDK)
    }
