"""What every change of a stack works with."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import field

from lambdakit.harness.deployment.deployed import Stacks
from lambdakit.harness.deployment.known_types import ProvisionerOf
from lambdakit.harness.deployment.provisioner import Context, Resource
from lambdakit.records import dataclass
from lambdakit.trace import ResourceChanged, TraceLog

# The trace's word -> CloudFormation's.
_STATUSES: Mapping[str, str] = {
    "CREATED": "CREATE_COMPLETE",
    "REPLACED": "UPDATE_COMPLETE",
    "UPDATED": "UPDATE_COMPLETE",
    "DELETED": "DELETE_COMPLETE",
    "RETAINED": "DELETE_SKIPPED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The account, the types that can be made in it, and the stacks that are there.

    lenient: what is not supported is left out rather than refused.
    lock: held by whoever changes stacks.
    """

    context: Context
    provisioner_of: ProvisionerOf
    stacks: Stacks
    trace: TraceLog
    lenient: bool
    lock: threading.RLock = field(default_factory=threading.RLock)

    def tell(
        self,
        resource: Resource,
        physical_id: str,
        status: str,
        started: float,
        *,
        attempt: str = "CREATE",
        reason: str = "",
    ) -> None:
        """Writes what became of a resource into the trace and among its stack's events.

        started: by `time.perf_counter`. attempt: what failed, if it did: CREATE, UPDATE or DELETE. reason: why.
        """
        self.happened(resource, physical_id, _STATUSES.get(status, f"{attempt}_FAILED"), reason)
        self.trace.append(
            ResourceChanged(
                stack=resource.stack,
                logical_id=resource.logical_id,
                type=resource.type,
                physical_id=physical_id,
                status=status,
                duration_ms=(time.perf_counter() - started) * 1000,
                reason=reason,
            )
        )

    def happened(self, resource: Resource, physical_id: str, status: str, reason: str = "") -> None:
        """Adds an event of a resource to its stack's. status: as CloudFormation calls it."""
        stack = self.stacks.find(resource.account_id, resource.region, resource.stack_id)
        if stack is not None:
            stack.happened(
                self.context.clock.now(),
                status,
                logical_id=resource.logical_id,
                type_name=resource.type,
                physical_id=physical_id,
                reason=reason,
            )
