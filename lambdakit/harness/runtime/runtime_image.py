"""What stands behind a managed Python runtime on this machine: AWS's runtime client and the SDK, for one interpreter.

A runtime image is a folder with exactly those packages, so that a function sees what it would see on AWS and nothing
else of the environment that lambdakit is installed in. That of the harness's own interpreter is copied from where they
are installed; that of another one comes from the package index, with the newest versions that support it.
"""

from __future__ import annotations

import compileall
import hashlib
import importlib.metadata
import os
import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from lambdakit.harness.runtime.interpreters import Interpreter
from lambdakit.harness.runtime.package_cache import PackagesUnavailable, built_in_either, built_once, install

# The client and the SDK, and with what they import. Source: their own package metadata.
_REQUIREMENTS = ("awslambdaric", "boto3")
_PACKAGES = (
    *_REQUIREMENTS,
    "simplejson",
    "snapshot-restore-py",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "urllib3",
)

# What the runtimes from Python 3.13 on carry as well.
_DURABLE_SDK = "aws-durable-execution-sdk-python"
_START_SCRIPT = Path(__file__).with_name("python_bootstrap.py")
_API_HOSTS = Path(__file__).with_name("inside") / "api_hosts.py"  # which the script loads
IMAGE_FOLDER = "site"


class RuntimeImages:
    """The runtime images in a cache.

    cache: the folder for images; made when it is missing. fallback: used when nothing can be written there.
    """

    def __init__(self, cache: Path, *, fallback: Path) -> None:
        self._cache = cache
        self._fallback = fallback
        self._built: dict[Interpreter, Path] = {}  # threads may find the same one twice, which is no harm

    def of(self, interpreter: Interpreter) -> Path:
        """The image of an interpreter, built when it is missing. PackagesUnavailable when that fails."""
        if interpreter not in self._built:
            try:
                self._built[interpreter] = _built(self._cache, interpreter)
            except OSError:
                self._built[interpreter] = _built(self._fallback, interpreter)
        return self._built[interpreter]

    def with_durable_sdk(self, image: Path, interpreter: Interpreter) -> Path:
        """An image, and AWS's durable execution SDK in it. PackagesUnavailable when that cannot be installed."""

        def build(building: Path) -> None:
            install((_DURABLE_SDK,), building, interpreter, dependencies=False)  # it needs boto3 alone
            shutil.copytree(image, building, dirs_exist_ok=True)

        return built_in_either(self._cache, self._fallback, Path("images", f"{image.name}-durable"), build)

    def with_start_script(self, image: Path) -> Path:
        """A folder that stands in for an image where a wrapper script starts the runtime: `bootstrap.py` and links.

        The links lead into its empty folder `site`, over which the image is to be shown. On AWS the script lies beside
        the packages; the images here are older than it.
        """
        digest = hashlib.sha256(_START_SCRIPT.read_bytes() + _API_HOSTS.read_bytes()).hexdigest()[:16]

        def build(building: Path) -> None:
            shutil.copyfile(_START_SCRIPT, building / "bootstrap.py")
            shutil.copyfile(_API_HOSTS, building / _API_HOSTS.name)
            (building / IMAGE_FOLDER).mkdir()
            for entry in image.iterdir():
                (building / entry.name).symlink_to(Path(IMAGE_FOLDER, entry.name))

        return built_in_either(self._cache, self._fallback, Path("images", f"{image.name}-started-{digest}"), build)

    def existing(self, interpreter: Interpreter) -> Path | None:
        """The image of an interpreter, if it has been built. PackagesUnavailable as in `of`."""
        target = _target(self._cache, interpreter)
        return target if target.exists() else None


def cache_directory() -> Path:
    """Where lambdakit keeps what it makes once: `LAMBDAKIT_CACHE`, or `lambdakit` in the user's cache folder.

    Source: XDG Base Directory Specification.
    """
    chosen = os.environ.get("LAMBDAKIT_CACHE")
    if chosen:
        return Path(chosen)
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "lambdakit"


def _built(cache: Path, interpreter: Interpreter) -> Path:
    def build(building: Path) -> None:
        if interpreter.is_own:
            _copy(building)
        else:
            install(_REQUIREMENTS, building, interpreter, dependencies=True)

    return built_once(_target(cache, interpreter), build)


def _target(cache: Path, interpreter: Interpreter) -> Path:
    """Its name changes with what it is copied from; what came from the index stays until it is removed."""
    digest = hashlib.sha256(f"{interpreter.tag}\0{sysconfig.get_platform()}".encode())
    if interpreter.is_own:
        digest.update("\0".join(f"{package}={_own(package).version}" for package in _PACKAGES).encode())
    else:
        digest.update("\0".join(_REQUIREMENTS).encode())
    return cache / "images" / f"python3.{interpreter.minor}-{digest.hexdigest()[:16]}"


def _copy(building: Path) -> None:
    for name, source in _sources().items():
        if source.is_dir():
            shutil.copytree(source, building / name)
        else:
            shutil.copy2(source, building / name)
    compileall.compile_dir(building, quiet=2)  # functions cannot write there, and an import would take seconds


def _sources() -> Mapping[str, Path]:
    """Name in the image -> what is copied there."""
    sources: dict[str, Path] = {}
    for package in _PACKAGES:
        for file in _own(package).files or []:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and top not in sources:
                sources[top] = Path(str(file.locate())).parents[len(file.parts) - 1] / top
    return sources


def _own(package: str) -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        raise PackagesUnavailable(
            f"the package {package} is missing: install lambdakit with its extra, lambdakit[harness]"
        ) from None
