"""What a user is told when a resource is refused, and how a step is tried whose failure must not end the others."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from lambdakit.errors import DeploymentError, Diagnostic, LambdakitError, UnsupportedError
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.provisioner import Created, Resource, ResourceRefused
from lambdakit.harness.deployment.scope import UnknownValue
from lambdakit.harness.deployment.stack_source import StackSource
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.runtime.package_files import InvalidPackage

logger = logging.getLogger(__name__)

REFUSALS = (ResourceRefused, ClientError, BotoCoreError, ServiceFault, InvalidPackage)
"""What a provisioner raises when a service would not do what is asked."""

# What a provisioner runs into that reads a property of a form it does not have in the reference.
_SHAPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)

# What services call a name that is taken, in their models in botocore.
_TAKEN = re.compile(r"already exists?\b|AlreadyExists|AlreadyOwnedByYou|ResourceExists|\(ResourceInUseException\)")
_RENAME = (
    "something in this harness has that name: leave the name out of the template, so that every deployment gets one of "
    "its own, or destroy what has it first"
)
# Of botocore, and about the client that asked for this resource, which asks once.
_RETRIES = re.compile(r" \(reached max retries: \d+\)")


class Refusals:
    """The diagnostics of one stack's change. hint: for a refused resource, what else would help; empty for nothing."""

    def __init__(
        self, source: StackSource, stack: DeployedStack, hint: Callable[[Resource], str] = lambda resource: ""
    ) -> None:
        self._path = source.template.path
        self._source_map = source.source_map
        self._stack = stack
        self._hint = hint

    @contextlib.contextmanager
    def told(self, resource: Resource, what: str, *, failed: Callable[[str], None]) -> Iterator[None]:
        """Turns what a provisioner raises into a DeploymentError. what: `created`, `updated`. failed: told why."""
        try:
            yield
        except REFUSALS as refusal:
            failed(str(refusal))
            raise DeploymentError(self.refused(resource, what, refusal)) from refusal
        except LambdakitError as error:  # of a nested stack, whose own resource is told
            failed("; ".join(diagnostic.problem for diagnostic in error.diagnostics))
            raise
        except _SHAPE_ERRORS as error:
            logger.debug("%s", resource.type, exc_info=True)
            misfit = ResourceRefused(
                f"a property is missing or has another form than this type's ({type(error).__name__}: {error})",
                hint="compare it with the type's page in the CloudFormation Template Reference",
            )
            failed(str(misfit))
            raise DeploymentError(self.refused(resource, what, misfit)) from error

    def refused(self, resource: Resource, what: str, refusal: Exception) -> Diagnostic:
        """A resource that a service would not create or update, at the document's line where there is one."""
        pointer = f"Resources.{resource.logical_id}"
        below = refusal.property_pointer if isinstance(refusal, ResourceRefused) else ""
        if below:
            pointer += f".Properties.{below}"
        place = self._source_map.place(self._stack.name, resource.logical_id)
        reason = _RETRIES.sub("", str(refusal))
        taken = _RENAME if what == "created" and _TAKEN.search(reason) else ""
        return Diagnostic(
            problem=f"{resource.type} could not be {what}: {reason}",
            code="LK320",
            path=self._path if place is None else place.document,
            line=None if place is None else place.line,
            column=None if place is None else place.column,
            pointer=pointer if place is None else f"{place.pointer}: {pointer}",
            hint=(refusal.hint if isinstance(refusal, ResourceRefused) else "") or taken or self._hint(resource),
        )

    def custom_name(self, resource: Resource, name: str) -> Diagnostic:
        """A resource with a fixed name that would have to be replaced."""
        refusal = ResourceRefused(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {name} and update the stack again.",
            hint="leave the name out of the template, and every replacement gets one of its own",
        )
        return self.refused(resource, "replaced", refusal)

    def unread(self, logical_id: str, type_name: str, pointer: str) -> Diagnostic:
        """A property that the harness does not know."""
        return Diagnostic(
            problem=f"this property of {type_name} ({logical_id}) is not read by the harness",
            code="LK311",
            path=self._path,
            pointer=pointer,
            hint='remove it, or deploy with unsupported="warn" to leave it out',
        )

    def needs(self, unknown: UnknownValue, pointer: str) -> UnsupportedError:
        """A reference to something that was left out or that the harness does not know."""
        return UnsupportedError(
            Diagnostic(
                problem=f"it needs what is not there: {unknown}",
                code="LK312",
                path=self._path,
                pointer=pointer,
                hint="leave out what needs it too, or deploy to AWS",
            )
        )

    def of_template(self, problem: str, pointer: str) -> Diagnostic:
        """Something that is wrong with the template as a whole."""
        return Diagnostic(problem=problem, code="LK320", path=self._path, pointer=f"{self._stack.name}: {pointer}")


def tried(
    stack: DeployedStack, created: Created, what: str, change: Callable[[], object], *, code: str = "LK321"
) -> Diagnostic | None:
    """Does it, and returns what refused to; None when it went well."""
    try:
        change()
    except (*REFUSALS, *_SHAPE_ERRORS) as refusal:
        logger.debug("%s", created.resource.type, exc_info=True)
        return Diagnostic(
            problem=f"{created.resource.type} could not be {what}: {refusal}",
            code=code,
            pointer=f"{stack.name}: Resources.{created.resource.logical_id}",
        )
    return None
