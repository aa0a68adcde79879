"""What stands behind a managed runtime on this machine: an interpreter, AWS's runtime client and the SDK.

A runtime image is a folder with exactly those packages, so that a function sees what it would see on AWS and nothing
else of the environment that lambdakit is installed in.
"""

from __future__ import annotations

import compileall
import hashlib
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable

# The client and the SDK, with what they import. Source: their own package metadata.
_PACKAGES = (
    "awslambdaric",
    "simplejson",
    "snapshot-restore-py",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "urllib3",
)


class RuntimeImage:
    """The packages of this interpreter that a Python function may import, copied once into a cache.

    cache: the folder for images; made when it is missing. fallback: used when nothing can be written there.
    """

    def __init__(self, cache: Path, *, fallback: Path) -> None:
        self._cache = cache
        self._fallback = fallback
        self._directory: Path | None = None
        self._lock = threading.Lock()

    @property
    def directory(self) -> Path:
        """Where the packages lie. RuntimeUnavailable when one is not installed."""
        with self._lock:
            if self._directory is None:
                try:
                    self._directory = _copied(self._cache)
                except OSError:
                    self._directory = _copied(self._fallback)
            return self._directory


def cache_directory() -> Path:
    """Where lambdakit keeps what it makes once: `LAMBDAKIT_CACHE`, or `lambdakit` in the user's cache folder.

    Source: XDG Base Directory Specification.
    """
    chosen = os.environ.get("LAMBDAKIT_CACHE")
    if chosen:
        return Path(chosen)
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "lambdakit"


def _copied(cache: Path) -> Path:
    sources, key = _sources()
    target = cache / "images" / key
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f"{key}-", dir=target.parent))
    try:
        for name, source in sources.items():
            if source.is_dir():
                shutil.copytree(source, building / name)
            else:
                shutil.copy2(source, building / name)
        compileall.compile_dir(building, quiet=2)  # functions cannot write there, and an import would take seconds
        building.chmod(0o755)
        building.rename(target)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        if not target.exists():  # else another harness was first
            raise
    return target


def _sources() -> tuple[Mapping[str, Path], str]:
    """Name in the image -> what is copied there, and a key that changes with any of it."""
    sources: dict[str, Path] = {}
    digest = hashlib.sha256(f"{sys.version}\0{sys.platform}\0{platform.machine()}".encode())
    for package in _PACKAGES:
        try:
            distribution = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            raise RuntimeUnavailable(
                f"the package {package} is missing: install lambdakit with its extra, lambdakit[harness]"
            ) from None
        digest.update(f"\0{package}={distribution.version}".encode())
        for file in distribution.files or []:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and top not in sources:
                sources[top] = Path(str(file.locate())).parents[len(file.parts) - 1] / top
    tag = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return sources, f"{tag}-{digest.hexdigest()[:16]}"
