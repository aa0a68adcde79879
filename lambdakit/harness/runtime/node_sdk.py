"""The AWS SDK for JavaScript as the Node.js runtimes carry it: installed once from npm, exactly as locked.

`node_sdk/package-lock.json` pins every package by version and hash; which registry they come from is the user's own
configuration. AWS's image carries every client, this one those that applications and the CDK's own functions use most.
The durable execution SDK is in there too, which the runtimes from Node.js 22 on carry, for testing and development.
The runtimes up to Node.js 16 carry version 2 of the SDK, one package; `node_sdk_v2` pins that one.
Source: AWS Lambda Developer Guide, "Building Lambda functions with Node.js", section "Runtime-included SDK versions";
"Supported runtimes for durable functions", section "Lambda managed runtimes" (Note).
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import threading
from pathlib import Path

from lambdakit.harness.runtime.bundled_node import BundledNode
from lambdakit.harness.runtime.package_cache import PackagesUnavailable, built_once, run_installer

_LOCK = Path(__file__).with_name("node_sdk")
LOCK_V2 = Path(__file__).with_name("node_sdk_v2")
_INSTALL_SECONDS = 300
_REASON_LENGTH = 300
# Neither `require` nor `import` reads these; they are nine tenths of what is downloaded.
_TYPES = (".d.ts", ".d.mts", ".d.cts", ".md", ".map", ".tsbuildinfo")
_UNUSED_FOLDERS = frozenset({"dist-types", "dist-es"})
_FOR_BROWSERS = ("aws-sdk/dist", "aws-sdk/dist-tools")
_OWN_SCOPES = frozenset({"@aws-sdk", "@smithy"})


class NodeSdk:
    """The SDK in a cache.

    cache: where it is kept for all harnesses; `fallback` is used when nothing can be written there.
    lock: the folder that says which packages; absence means those of the runtimes from Node.js 18.
    """

    def __init__(self, cache: Path, *, fallback: Path, lock: Path = _LOCK) -> None:
        self._lock_folder = lock
        self._places = tuple(root / "images" / f"nodejs-sdk-{_digest(lock)}" for root in (cache, fallback))
        self._failure: PackagesUnavailable | None = None
        self._lock = threading.Lock()

    @property
    def installed(self) -> Path | None:
        """The folder that holds `node_modules`; None while there is none."""
        return next((place for place in self._places if place.exists()), None)

    def install(self, node: BundledNode) -> Path:
        """The folder that holds `node_modules`, made when it is missing.

        PackagesUnavailable when that fails; it is then not tried again, as every start of a function would wait for it.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            try:
                return self._install(node)
            except PackagesUnavailable as failure:
                self._failure = failure
                raise

    def _install(self, node: BundledNode) -> Path:
        def build(building: Path) -> None:
            _run_npm(node, building, self._lock_folder)
            _prune(building / "node_modules")

        preferred, otherwise = self._places
        try:
            return built_once(preferred, build)
        except OSError:
            return built_once(otherwise, build)


@functools.cache
def sdk_packages() -> frozenset[str]:
    """The names of the packages that can be imported from it, such as `@aws-sdk/client-s3`."""
    lock = json.loads((_LOCK / "package-lock.json").read_text())
    return frozenset(
        path.removeprefix("node_modules/") for path in lock["packages"] if path.count("node_modules/") == 1
    )


def _digest(lock: Path) -> str:
    return hashlib.sha256((lock / "package-lock.json").read_bytes()).hexdigest()[:16]


def _run_npm(node: BundledNode, folder: Path, lock: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(lock / name, folder / name)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error"]
    options += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]  # without a network, functions wait for it
    variables = {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}
    variables["PATH"] = f"{node.executable.parent}:{variables.get('PATH', '')}"
    command = [str(node.executable), str(node.npm), "ci", *options]
    run_installer(command, variables, seconds=_INSTALL_SECONDS, reason=_reason, directory=folder)


def _reason(output: str) -> str:
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines() if line.startswith("npm error")]
    said = [line for line in lines if line and not line.startswith(("code ", "errno ", "syscall ", "A complete log"))]
    return (said or ["npm failed without a word"])[0][:_REASON_LENGTH]


def _prune(modules: Path) -> None:
    """Takes away what no function reads; a quarter of the size remains."""
    for scope in _OWN_SCOPES:
        for folder in [path for path in (modules / scope).rglob("*") if path.name in _UNUSED_FOLDERS]:
            shutil.rmtree(folder, ignore_errors=True)
    for name in _FOR_BROWSERS:
        shutil.rmtree(modules / name, ignore_errors=True)
    for path in modules.rglob("*"):
        if path.name.endswith(_TYPES) and path.is_file():
            path.unlink()
