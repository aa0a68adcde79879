"""From what a caller may deploy to a cloud assembly on disk.

In: a document's path, a cloud assembly directory, a CDK project directory, or an App, Stage or Stack object.
Out: the assembly's directory. Nothing here reads a template; aws_cdk is never imported, its objects are known by
their `synth()`.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lambdakit.assembly.layer_overrides import bring_overrides
from lambdakit.assembly.look_ups import bring_look_ups
from lambdakit.assembly.source_map import SOURCE_MAP
from lambdakit.errors import Diagnostic, LambdakitError, SourceError, SynthesisError
from lambdakit.records import dataclass
from lambdakit.session.cdk_project import CdkProject

if TYPE_CHECKING:
    from lambdakit.compiler.synthesize import Compiler

_ACCEPTED: Final = (
    "a document (.yaml), a cloud assembly directory (holds manifest.json), a CDK project directory (holds cdk.json), "
    "or an App, Stage or Stack of aws_cdk"
)
_DOCUMENT_SUFFIXES: Final = (".yaml", ".yml")
_DOCUMENT_NAME: Final = "lambdakit.yaml"
_SECTION: Final = re.compile(r"^([A-Za-z]+):", re.MULTILINE)
_READ_CHARACTERS: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A cloud assembly. stacks: the names that the source stands for, of a document its own; None for all."""

    directory: Path
    stacks: tuple[str, ...] | None = None


class AssemblySources:
    """Makes assemblies of sources, and keeps what is worth keeping between two of them: a warm compiler.

    account_id, region: what a CDK project is told to be deployed to.
    resources: where the temporary directory and the compiler are closed.
    """

    def __init__(self, *, account_id: str, region: str, resources: ExitStack) -> None:
        self._account_id = account_id
        self._region = region
        self._resources = resources
        self._directory: Path | None = None
        self._compiler: Compiler | None = None

    def assembly_of(self, source: object, *, environment: str | None = None) -> Assembly:
        """The source as an assembly.

        environment: the one of a document whose stacks alone are made; None for all there are.
        SourceError when it is none of what is accepted, DocumentError or SynthesisError when it cannot be compiled.
        """
        if isinstance(source, str | os.PathLike):
            path = Path(os.fspath(source))
            if environment is not None:
                require_document(path)
            return self._assembly_at(path, environment)
        synth = getattr(source, "synth", None)
        if callable(synth):
            return Assembly(directory=_synthesized(synth, source))
        root = getattr(getattr(source, "node", None), "root", None)
        synth_root = getattr(root, "synth", None)
        stack_name = getattr(source, "stack_name", None)
        if callable(synth_root) and isinstance(stack_name, str):
            return Assembly(directory=_synthesized(synth_root, root), stacks=(stack_name,))
        raise _refused("", f"cannot deploy {type(source).__name__} {_short(source)}: it is not {_ACCEPTED}")

    def _assembly_at(self, path: Path, environment: str | None) -> Assembly:
        if path.is_file():
            return self._compiled(path, environment)
        if not path.exists():
            raise _refused(str(path), f"there is no such file or directory; what can be deployed is {_ACCEPTED}")
        # Before the manifest: a project may have a manifest.json of its own, an assembly never holds a cdk.json.
        if (path / "cdk.json").is_file():
            project = CdkProject.read(path)
            if project.assembly is not None:
                return Assembly(directory=project.assembly)
            work = Path(tempfile.mkdtemp(prefix="project-", dir=self._temporary()))
            return Assembly(directory=project.synthesize(work, account_id=self._account_id, region=self._region))
        if (path / "manifest.json").is_file():
            return Assembly(directory=path.resolve())
        hint = ""
        if (path / _DOCUMENT_NAME).is_file():
            hint = f"pass {path / _DOCUMENT_NAME}"
        elif (path / "cdk.out" / "manifest.json").is_file():
            hint = f"pass {path / 'cdk.out'}"
        raise _refused(
            str(path), f"the directory holds neither cdk.json nor manifest.json; accepted is {_ACCEPTED}", hint
        )

    def _compiled(self, path: Path, environment: str | None) -> Assembly:
        if path.name == "manifest.json":
            raise _refused(str(path), "a cloud assembly is given as its directory", f"pass {path.parent}")
        if path.suffix not in _DOCUMENT_SUFFIXES:
            raise _refused(str(path), f"the file is no document; accepted is {_ACCEPTED}")
        if _is_template(path):
            hint = f"`lambdakit import {path}` begins a document with what a SAM template says"
            raise _refused(str(path), f"the file is a template of CloudFormation's; accepted is {_ACCEPTED}", hint)
        if self._compiler is None:
            from lambdakit.compiler.synthesize import Compiler

            self._compiler = self._resources.enter_context(Compiler(validation=False))
        assembly = self._compiler.synthesize(path, environment=environment)
        bring_overrides(path.parent, assembly)
        return Assembly(directory=assembly, stacks=_name_document(assembly, path))

    def _temporary(self) -> Path:
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="lambdakit-"))
            self._resources.callback(shutil.rmtree, self._directory, ignore_errors=True)
        return self._directory


def require_document(path: Path) -> None:
    """SourceError for anything but the path of a document, which alone has environments."""
    if not path.is_file() or path.suffix not in _DOCUMENT_SUFFIXES:
        hint = "leave --environment out, or name a document (.yaml)"
        raise _refused(str(path), "this is no document, and nothing else has environments", hint)


def _name_document(assembly: Path, document: Path) -> tuple[str, ...] | None:
    """Writes the document's path, as the user gave it, into the source map of an assembly that is ours alone.

    The compiler leaves it out: its assemblies are the same wherever the document lies.
    Returned are the document's own stacks where its environments have others; None where there is no other.
    """
    file = assembly / SOURCE_MAP
    if not file.is_file():
        return None
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "document": str(document)}), encoding="utf-8")
    return tuple(content["base"]) if "base" in content else None


def _synthesized(synth: Callable[..., object], scope: object) -> Path:
    """The directory that an App or Stage writes, written anew: its constructs may have changed since the last time.

    scope: what is synthesized; what its context tells of the account goes with the assembly.
    """
    options = {"force": True} if "force" in inspect.signature(synth).parameters else {}
    try:
        assembly = synth(**options)
    except LambdakitError:
        raise
    except Exception as error:  # the user's constructs and the CDK raise what they like
        problem = f"synth() raised {type(error).__name__}: {_first_line(error)}"
        raise SynthesisError(Diagnostic(problem=problem, code="LK451")) from error
    directory = getattr(assembly, "directory", None)
    if not isinstance(directory, str | os.PathLike):
        problem = f"synth() returned {type(assembly).__name__}, which has no directory"
        raise SynthesisError(Diagnostic(problem=problem, code="LK451", hint="pass an App, Stage or Stack of aws_cdk"))
    context = getattr(getattr(scope, "node", None), "get_all_context", None)
    if callable(context):
        bring_look_ups(context(), Path(directory))
    return Path(directory).resolve()


def _refused(path: str, problem: str, hint: str = "") -> SourceError:
    return SourceError(Diagnostic(path=path, problem=problem, code="LK201", hint=hint))


def _is_template(path: Path) -> bool:
    """Whether a file has a template's sections and none of a document's."""
    text = path.read_text(encoding="utf-8", errors="replace")[:_READ_CHARACTERS]
    sections = set(_SECTION.findall(text))
    return bool(sections & {"AWSTemplateFormatVersion", "Resources"}) and "application" not in sections


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else "without a message"
