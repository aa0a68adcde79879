"""The environment variables of the processes that a session starts: nothing in them leads to a real AWS account."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_KEPT = frozenset(
    {
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
        "SYSTEMROOT",
        "XDG_CACHE_HOME",
        # Who certifies the registries that packages are installed from, where that is a proxy.
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
    }
)
_KEPT_PREFIXES = ("LC_", "LAMBDAKIT_")


def harness_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """What of `variables` the harness's process gets: paths, languages and certificates, and nothing of AWS."""
    return {name: value for name, value in variables.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}


def without_credentials(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` without any of AWS, and with its configuration files and metadata service switched off."""
    return {
        **{name: value for name, value in variables.items() if not name.startswith("AWS_")},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def with_toolchain(variables: Mapping[str, str], *, commands: Path, node: Path) -> dict[str, str]:
    """`variables` with this interpreter and the bundled Node first on PATH.

    commands: the directory that holds `node`, `npm` and `npx`.
    node: the binary itself, for jsii, which otherwise takes the first `node` it finds.
    """
    directories = [str(Path(sys.executable).parent), str(commands)]
    inherited = variables.get("PATH", "")
    return {
        **variables,
        "PATH": os.pathsep.join([*directories, inherited] if inherited else directories),
        "JSII_NODE": str(node),
    }
