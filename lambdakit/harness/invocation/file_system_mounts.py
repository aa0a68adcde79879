"""Whether a function gets at its file system, asked before it has an environment: without it Lambda runs nothing.

Source: AWS Lambda Developer Guide, "Troubleshoot invocation issues in Lambda" (the errors' texts) and "Configuring
Amazon EFS file system access" (NFS, port 2049); botocore's model of Lambda (their status codes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lambdakit.harness.invocation.placement import placement_of
from lambdakit.harness.network.guard import NetworkGuard
from lambdakit.harness.network.verdict import Destination
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.trace import NetworkBlocked, TraceLog

_NFS_PORT: Final = 2049

FileSystemOf = Callable[[str], str]
"""The id of the file system that an access point, by its ARN, leads to; empty without such an access point."""


def no_file_system(access_point_arn: str) -> str:
    """What access points lead to where there are no file systems."""
    del access_point_arn
    return ""


class MountRefused(RuntimeUnavailable):
    """The function's file system cannot be reached."""

    code = "EFSMountConnectivityException"
    status = 408


def check_mounts(
    configuration: FunctionConfiguration, file_system_of: FileSystemOf, guard: NetworkGuard | None, trace: TraceLog
) -> None:
    """MountRefused for a file system of this account that the function's network does not reach."""
    for mount in configuration.file_systems:
        file_system_id = file_system_of(mount.arn)
        if guard is None or not file_system_id:
            continue
        host = f"{file_system_id}.efs.{configuration.region}.amazonaws.com"
        verdict = guard.judge(placement_of(configuration), Destination(host=host, port=_NFS_PORT))
        if not verdict.reachable:
            trace.append(
                NetworkBlocked(
                    function=configuration.name,
                    environment="",
                    destination=f"{host}:{_NFS_PORT}",
                    reason=verdict.reason,
                    fix=verdict.fix,
                )
            )
            raise MountRefused(
                "The function couldn't connect to the Amazon EFS file system with access point "
                f"{mount.arn}. Check your network configuration and try again.",
            )
