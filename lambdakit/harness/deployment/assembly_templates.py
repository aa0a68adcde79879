"""What a stack of an assembly refers to: its asset, else what the account's buckets have there.

On AWS the assets lie in a bucket as well; what another tool put into one (`sam package`, an
upload before the deployment) is none of the assembly's.
"""

from __future__ import annotations

from lambdakit.assembly.cloud_assembly import CloudAssembly, StackArtifact
from lambdakit.assembly.place import Place
from lambdakit.assembly.template import Template
from lambdakit.errors import AssemblyError
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.cloudformation.stored_templates import StoredTemplates, snippet_in


class AssemblyTemplates:
    """Templates, and parts of them, for one stack of an assembly. account_id, region: the stack's."""

    def __init__(
        self, assembly: CloudAssembly, artifact: StackArtifact, account: Account, *, account_id: str, region: str
    ) -> None:
        self._assembly = assembly
        self._artifact = artifact
        self._stored = StoredTemplates(account)
        self._place = (account_id, region)

    def snippet(self, location: str) -> object:
        """As `StackSource.include` wants it."""
        path = self._assembly.included(location)
        if path is None:
            return self._stored.snippet(location, *self._place)
        try:
            return snippet_in(path.read_bytes())
        except OSError as error:
            raise ValueError(str(error)) from None

    def nested(self, url: str, place: Place) -> Template:
        """As `StackSource.nested_template` wants it."""
        try:
            return self._assembly.nested_template(self._artifact, url, place)
        except AssemblyError:
            if self._assembly.included(url) is not None:
                raise
            try:
                return self._stored.template(url, place, *self._place)
            except AssemblyError:
                pass
            raise
