"""What starts execution environments on this machine: in namespaces where there are any, else as plain processes."""

from __future__ import annotations

import contextlib
import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from lambdakit.harness.inner_listeners import InnerListeners
from lambdakit.harness.listener import RequestHandler
from lambdakit.harness.network.namespace_watch import NamespaceWatch
from lambdakit.harness.runtime.available_launcher import AvailableLauncher
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.file_systems import FileSystems
from lambdakit.harness.runtime.fork_launcher import ForkLauncher
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import SpawnLauncher
from lambdakit.harness.runtime.runtimes.registry import Runtimes


def codeless_function(runtime: str, directory: Path, *, account_id: str, region: str) -> FunctionConfiguration:
    """A function of a runtime, for what is prepared before there is any. directory: its code, an empty one."""
    directory.mkdir(exist_ok=True)
    return FunctionConfiguration(
        name="prepared",
        account_id=account_id,
        region=region,
        runtime=runtime,
        handler="",
        code=directory,
        role="",
        log_group="",
    )


def available_launcher(
    runtimes: Runtimes,
    code: CodeStore,
    *,
    sandbox: str,
    tls: Callable[[], ssl.SSLContext],
    watch: Callable[[], NamespaceWatch],
    reachable: Callable[[str], Mapping[int, RequestHandler]],
    authority: Callable[[], str],
    endpoint_port: Callable[[], int],
    files: FileSystems,
    ends: contextlib.ExitStack,
) -> AvailableLauncher:
    """The launcher, closed with what it needs when `ends` is.

    sandbox: `auto` or `off`. watch: makes what looks at the networks of environments. reachable: the handlers of what
    an environment reaches, by port. authority: the certificate that signs for the harness; empty for none. files: of
    file systems.
    """
    sandboxed = None
    reason = "runs without a sandbox, as asked for"
    if sandbox == "auto" and sys.platform == "linux":
        listeners = InnerListeners(tls)
        ends.callback(listeners.close)
        watching = watch()
        ends.callback(watching.close)
        sandboxed = ForkLauncher(
            runtimes,
            code=code,
            listeners=listeners,
            reachable=reachable,
            authority=authority,
            network=watching,
            endpoint_port=endpoint_port,
            files=files,
        )
    elif sandbox == "auto":
        reason = f"runs without a sandbox: {sys.platform} has no namespaces"
    launcher = AvailableLauncher(sandboxed, lambda note: SpawnLauncher(runtimes, note=note), reason=reason)
    ends.callback(launcher.close)
    return launcher
