"""Packages with binaries for AWS's machines, made to run on this one.

A package or layer may hold binaries for another architecture or Python than the one that it runs on here. The same
name and version is then installed for this machine, and laid over a copy of the directory. What would not load on AWS
either is left as it is, and what loads here but would not on AWS is withheld: it fails as it will there.
Source: AWS Lambda Developer Guide, "Working with .zip file archives for Python Lambda functions" (native libraries).
"""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lambdakit.harness.runtime.binary_files import Binary, Target, binaries_below, this_machine
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.distributions import Distribution, distributions_in
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.interpreters import Interpreter
from lambdakit.harness.runtime.package_cache import PackagesUnavailable, built_in_either, install
from lambdakit.harness.runtime.package_files import lay_over
from lambdakit.harness.runtime.runtimes.family import Prepared
from lambdakit.records import dataclass

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_INSTALLED_AT_ONCE = 4


class ForeignBinaries:
    """Replaces binaries that this machine cannot load.

    cache: where wheels for this machine are kept. fallback: used when nothing can be written there.
    """

    def __init__(self, code: CodeStore, *, cache: Path, fallback: Path) -> None:
        self._code = code
        self._cache = cache
        self._fallback = fallback
        self._fitted: dict[tuple[Path, Target, Interpreter], tuple[Path, tuple[str, ...]]] = {}

    def replaced(
        self,
        configuration: FunctionConfiguration,
        interpreter: Interpreter,
        *,
        minor: int,
        layer_folders: Sequence[str],
    ) -> Prepared:
        """The function with directories whose binaries load where they would on AWS.

        minor: of the Python version that the function declares. layer_folders: those of a layer that are searched for
        modules, the first one first.
        """
        aws = Target(machine=_MACHINES.get(configuration.architecture, configuration.architecture), minor=minor)
        code, notes = self._fit(configuration.code, ("",), aws, interpreter)
        layers = [self._fit(layer, layer_folders, aws, interpreter) for layer in configuration.layers]
        directories = tuple(directory for directory, _ in layers)
        return Prepared(
            configuration=dataclasses.replace(configuration, code=code, layers=directories),
            notes=(*notes, *(note for _, told in layers for note in told)),
        )

    def _fit(
        self, directory: Path, folders: Sequence[str], aws: Target, interpreter: Interpreter
    ) -> tuple[Path, tuple[str, ...]]:
        key = (directory, aws, interpreter)
        if key not in self._fitted:  # what is in a directory of the store never changes
            self._fitted[key] = self._made_fit(directory, folders, aws, interpreter)
        return self._fitted[key]

    def _made_fit(
        self, directory: Path, folders: Sequence[str], aws: Target, interpreter: Interpreter
    ) -> tuple[Path, tuple[str, ...]]:
        found = _examine(directory, folders, aws, Target(machine=this_machine(), minor=interpreter.minor))
        wheels, notes = self._wheels(found, interpreter)
        notes += found.notes
        if not wheels and not found.withheld:
            return directory, tuple(notes)

        def build(target: Path) -> None:
            lay_over(directory, target)
            for path in found.withheld:
                (target / path).unlink()
            for distribution, wheel in wheels:
                root = target / distribution.root.relative_to(directory)
                _remove(distribution, root)
                lay_over(wheel, root)

        names = [str(directory), *found.withheld, *(str(wheel) for _, wheel in wheels)]
        return self._code.derived(hashlib.sha256("\0".join(names).encode()).hexdigest(), build), tuple(notes)

    def _wheels(self, found: _Examined, interpreter: Interpreter) -> tuple[list[tuple[Distribution, Path]], list[str]]:
        """What stands in for foreign distributions, and what there is to tell of it."""

        def wheel(distribution: Distribution) -> Path | PackagesUnavailable:
            try:
                return self._wheel(distribution, interpreter)
            except PackagesUnavailable as unavailable:
                return unavailable

        wheels, notes = [], []
        with ThreadPoolExecutor(_INSTALLED_AT_ONCE, thread_name_prefix="wheels") as pool:
            for (distribution, binary), installed in zip(
                found.foreign.items(), pool.map(wheel, found.foreign), strict=True
            ):
                built = f"{distribution} is built for {binary} ({binary.path})"
                if isinstance(installed, Path):
                    notes.append(f"{built}; its wheel for {found.here} stands in")
                    wheels.append((distribution, installed))
                else:
                    notes.append(f"{built}, and no wheel for {found.here} can stand in, so it fails here: {installed}")
        return wheels, notes

    def _wheel(self, distribution: Distribution, interpreter: Interpreter) -> Path:
        requirement = f"{distribution.name}=={distribution.version}"

        def build(building: Path) -> None:
            install([requirement], building, interpreter, dependencies=False)

        below = Path("wheels") / f"{interpreter.tag}" / requirement.lower()
        return built_in_either(self._cache, self._fallback, below, build)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examined:
    """What does not fit in a directory.

    foreign: loads on AWS and not here, each with a binary of it. withheld: files that load here and not on AWS.
    """

    here: Target
    foreign: Mapping[Distribution, Binary]
    withheld: Sequence[str]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Owned:
    """A binary and the distribution that it is of; None when nothing says."""

    binary: Binary
    owner: Distribution | None


def _examine(directory: Path, folders: Sequence[str], aws: Target, here: Target) -> _Examined:
    foreign: dict[Distribution, Binary] = {}
    withheld: list[str] = []
    told: dict[str, str] = {}
    for files in _modules(_owned(directory, folders, binaries_below(directory))):
        on_aws = [file for file in files if file.binary.fits(aws)]
        on_this = [file for file in files if file.binary.fits(here)]
        if on_aws and not on_this:
            _add_foreign(on_aws[0], here, foreign, told)
        elif on_this and not on_aws:
            withheld += [file.binary.path for file in on_this]
            told.setdefault(_subject(on_this[0]), _unfit_note(on_this[0], aws))
        elif not on_aws and files[0].binary.is_tagged:
            told.setdefault(_subject(files[0]), _unfit_note(files[0], aws))
    return _Examined(here=here, foreign=foreign, withheld=withheld, notes=list(told.values()))


def _add_foreign(file: _Owned, here: Target, foreign: dict[Distribution, Binary], told: dict[str, str]) -> None:
    binary, owner = file.binary, file.owner
    if owner is None:
        note = f"{binary.path} is built for {binary}, not for {here}, and no distribution beside it says what it is"
        told.setdefault(_subject(file), f"{note} of: nothing can stand in, so it fails here")
    elif owner not in foreign or (binary.is_tagged and not foreign[owner].is_tagged):
        foreign[owner] = binary


def _unfit_note(file: _Owned, aws: Target) -> str:
    name = file.binary.path if file.owner is None else f"{file.owner} ({file.binary.path})"
    return f"{name} is built for {file.binary} and the function declares {aws}: it fails on AWS, and so it does here"


def _subject(file: _Owned) -> str:
    return file.binary.path if file.owner is None else str(file.owner)


def _owned(directory: Path, folders: Sequence[str], binaries: Iterable[Binary]) -> Iterator[_Owned]:
    """Binaries with their owners; those of a layer for another version of Python, which is not searched, left out."""
    known = {folder: distributions_in(directory / folder) for folder in folders} if binaries else {}
    for binary in binaries:
        folder = next((folder for folder in folders if not folder or binary.path.startswith(f"{folder}/")), None)
        if folder is None:
            yield _Owned(binary, None)
            continue
        path = binary.path[len(folder) + 1 :] if folder else binary.path
        if folder == "python" and path.startswith("lib/python3."):
            continue
        owner = next((distribution for distribution in known[folder] if distribution.owns(path)), None)
        if owner is not None and binary.minor is None and not binary.is_tagged:
            binary = dataclasses.replace(binary, minor=owner.minor)
        yield _Owned(binary, owner)


def _modules(files: Iterable[_Owned]) -> Iterable[list[_Owned]]:
    """Files that are one module for several targets, together."""
    modules: defaultdict[str, list[_Owned]] = defaultdict(list)
    for file in files:
        modules[file.binary.module].append(file)
    return modules.values()


def _remove(distribution: Distribution, root: Path) -> None:
    shutil.rmtree(root / distribution.folder, ignore_errors=True)
    for name in distribution.files:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
