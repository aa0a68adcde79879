"""The CDK CLI through the bundled Node.js: installed once from npm into the user's cache, and run from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lambdakit.compiler.child_environment import bundled_node
from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.session.bundled_node import npm_script, write_commands
from lambdakit.session.child_environment import with_toolchain

# npm's tag `latest` is 3.0.0, which cannot read what today's aws-cdk-lib writes (assembly schema 43 against 55).
CDK_CLI_RANGE: Final = "^2.1147"

_ENTRY: Final = Path("node_modules/aws-cdk/bin/cdk")
_LAST_LINES: Final = 5


def run_cdk(arguments: Sequence[str]) -> int:
    """The exit code of `cdk ARGUMENTS…`, which reads, writes and is interrupted as if it were called itself.

    HarnessError when the CDK CLI is not in the cache and cannot be installed.
    """
    cache = _cache_directory()
    commands = write_commands(cache / "commands")
    variables = with_toolchain(os.environ, commands=commands, node=bundled_node())
    entry = _installed(cache / f"cdk-{CDK_CLI_RANGE.lstrip('^')}", variables)
    with subprocess.Popen([bundled_node(), entry, *arguments], env=variables) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal has interrupted the CDK CLI as well, which cleans up and ends by itself.
                continue
            except BaseException:
                process.terminate()
                raise


def _installed(directory: Path, variables: dict[str, str]) -> Path:
    """The CDK CLI's script in `directory`, which appears whole or not at all."""
    entry = directory / _ENTRY
    if entry.is_file():
        return entry
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _install(draft, variables)
        try:
            draft.rename(directory)
        except OSError:
            if not entry.is_file():
                raise  # not another process that was first
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return entry


def _install(directory: Path, variables: dict[str, str]) -> None:
    options = ["--prefix", str(directory), "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    # npm would otherwise try for more than a minute before it says that there is no network.
    options += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    done = subprocess.run(
        [bundled_node(), npm_script("npm-cli.js"), "install", *options, f"aws-cdk@{CDK_CLI_RANGE}"],
        env=variables,
        # Away from the user's project, whose package.json and .npmrc are not meant.
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode == 0 and (directory / _ENTRY).is_file():
        return
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    tail = "".join(f"\n    {line}" for line in lines[:_LAST_LINES])
    raise HarnessError(
        Diagnostic(
            problem=f"npm could not install aws-cdk@{CDK_CLI_RANGE} (exit status {done.returncode})",
            code="LK554",
            hint="connect to the npm registry, or name a mirror in npm_config_registry; once installed, the CDK CLI "
            f"is used from the cache{tail}",
        )
    )


def _cache_directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lambdakit"
