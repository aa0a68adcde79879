"""From a document to a cloud assembly: the compiler as its callers see it.

The CDK lives in a child process, kept warm, as it needs seconds to start and milliseconds to work. What was
synthesized once is not synthesized again: a cache on disk holds assemblies by a hash of all they were made from.

One thread of the compiler's own, `lambdakit-compiler`, owns the child: it starts it, asks it, and replaces it when it
dies. Callers of any thread hand it work and wait. `close` ends the child under it, if need be.
"""

from __future__ import annotations

import itertools
import logging
import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from lambdakit.compiler.assembly_cache import AssemblyCache, default_cache_directory
from lambdakit.compiler.check_packages import require_checks
from lambdakit.compiler.child_process import ChildDied, ChildProcess
from lambdakit.compiler.fingerprint import fingerprint
from lambdakit.compiler.output_directory import check_output_directory, place_assembly
from lambdakit.errors import Diagnostic, SynthesisError, error_from_wire
from lambdakit.spec.document import load

if TYPE_CHECKING:
    from lambdakit.spec.document import Document

logger = logging.getLogger(__name__)

# Far beyond what the largest application needs, on the slowest machine: past it, the child hangs.
_ANSWER_SECONDS: Final = 600.0


class Compiler:
    """Turns documents into cloud assemblies; a context manager that leaves no process and no file of its own behind."""

    def __init__(self, *, validation: bool = True, check: bool = False, cache_directory: Path | None = None) -> None:
        """A compiler whose child is not started yet. SynthesisError when the checks are not installed.

        validation: whether the CDK checks the templates against CloudFormation's schemas and rules.
        check: whether cdk-nag and cfn-lint look at every assembly as well; the cache is then not asked.
        cache_directory: absent, the user's cache directory.
        """
        if check:
            require_checks()
        self._validation = validation
        self._check = check
        self._cache = AssemblyCache(cache_directory or default_cache_directory())
        self._directory = tempfile.TemporaryDirectory(prefix="lambdakit-compiler-", ignore_cleanup_errors=True)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lambdakit-compiler")
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._child: ChildProcess | None = None
        self._closed = False

    def start(self) -> Future[None]:
        """Begins to warm the child and returns at once; the future is done when it is warm, and need not be awaited.

        For whoever has seconds to spare before the first document, which waits for it otherwise. A child that the
        first document starts does not warm up with anything else.
        """
        return self._executor.submit(self._start)

    def synthesize(
        self,
        document_path: Path | str,
        output_directory: Path | str | None = None,
        *,
        environment: str | None = None,
    ) -> Path:
        """The directory of the document's cloud assembly: its stacks, and those of each of its environments.

        output_directory: new, empty, or an earlier assembly, which is replaced; absent, a directory that lives
        until `close`.
        environment: whose stacks alone are made; absent, all.
        DocumentError when the document is wrong, SynthesisError when the CDK refuses it or its process fails;
        the output directory is then as it was.
        """
        output = None if output_directory is None else Path(output_directory)
        if output is not None:
            check_output_directory(output)
        document = load(Path(document_path), environment=environment)
        assembly = self._new_directory()
        key = self._key(document, environment)
        if key is None or not self._cache.restore(key, assembly):
            assembly = self._executor.submit(self._synthesize, document, environment).result()
            # Unchanged, or what was read in between is not what the key says.
            if key is not None and self._key(document, environment) == key:
                self._cache.store(key, assembly)
        if output is None:
            return assembly
        place_assembly(assembly, output)
        return output

    def eject(self, document_path: Path | str, directory: Path, *, environment: str | None = None) -> dict[str, str]:
        """The document's equivalent CDK application: each file's text by its name.

        directory: where the files are to lie, which the paths in them are relative to; nothing is written there.
        environment: whose stacks alone are written; absent, all.
        DocumentError when the document is wrong, SynthesisError when the CDK refuses it, or no code says the same.
        """
        document = load(Path(document_path), environment=environment)
        return self._executor.submit(self._eject, document, directory, environment).result()

    def close(self) -> None:
        """Ends the child, also in the middle of its work, and removes everything temporary."""
        with self._lock:
            self._closed = True
            child = self._child
        if child is not None:
            child.close()
        self._executor.shutdown(cancel_futures=True)
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _new_directory(self) -> Path:
        return Path(self._directory.name) / "assemblies" / str(next(self._numbers))

    def _key(self, document: Document, environment: str | None) -> str | None:
        if self._check:
            return None
        try:
            return fingerprint(document, validation=self._validation, environment=environment)
        except OSError as error:
            logger.warning("not cached, as a file it depends on cannot be read: %s", error)
            return None

    def _start(self) -> None:
        try:
            answer = self._running_child().ask({"warm_up": True}, timeout_seconds=_ANSWER_SECONDS)
        except ChildDied as death:
            self._drop_child()
            logger.info("the compiler's process ended as it warmed up: %s", death)
        else:
            if "error" in answer:
                logger.info("the compiler did not warm up: %s", answer)

    def _synthesize(self, document: Document, environment: str | None) -> Path:
        """The assembly's directory."""
        _, assembly = self._ask(document, {"check": self._check, "environment": environment})
        return assembly

    def _eject(self, document: Document, directory: Path, environment: str | None) -> dict[str, str]:
        settings = {"ejected_to": str(directory.absolute()), "environment": environment}
        answer, work = self._ask(document, settings)
        shutil.rmtree(work, ignore_errors=True)
        files = answer.get("files")
        return {str(name): str(text) for name, text in files.items()} if isinstance(files, dict) else {}

    def _ask(self, document: Document, settings: Mapping[str, object]) -> tuple[dict[str, object], Path]:
        """The answer, and what was written: a directory never used before, as the CDK remembers what it put where."""
        for attempt in ("first", "second"):
            assembly = self._new_directory()
            request = {
                "document": str(document.path.absolute()),
                "shown_as": str(document.path),
                "output": str(assembly),
                **settings,
            }
            try:
                answer = self._running_child().ask(request, timeout_seconds=_ANSWER_SECONDS)
            except ChildDied as death:
                self._drop_child()
                logger.warning("the compiler's process ended on the %s attempt: %s", attempt, death)
                last_words = str(death)
            else:
                _read(answer)
                return answer, assembly
        raise _died(last_words)

    def _running_child(self) -> ChildProcess:
        with self._lock:
            if self._closed:
                raise ChildDied("the compiler was closed")
            if self._child is not None:
                return self._child
        child = ChildProcess(directory=Path(self._directory.name), validation=self._validation)
        with self._lock:
            closed = self._closed
            self._child = child
        if closed:
            child.close(at_once=True)
        return child

    def _drop_child(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close(at_once=True)


def _read(answer: Mapping[str, object]) -> None:
    """Raises what the child raised, and logs what it warns of."""
    diagnostics = answer.get("diagnostics")
    found = [each for each in diagnostics if isinstance(each, dict)] if isinstance(diagnostics, list) else []
    if "error" in answer:
        raise error_from_wire(str(answer["error"]), found)
    for each in found:
        logger.warning("%s", Diagnostic.from_wire(each).render())


def _died(last_words: str) -> SynthesisError:
    last_line = last_words.splitlines()[-1].strip() if last_words else "it said nothing"
    logger.debug("the compiler's process wrote:\n%s", last_words)
    return SynthesisError(
        Diagnostic(
            problem=f"the process that runs the CDK died twice: {last_line}",
            code="LK430",
            hint="check that memory and disk space are free, then try again",
        )
    )
