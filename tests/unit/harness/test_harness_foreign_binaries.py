"""Packages whose binaries are not for the machine and Python that they run on here."""

from __future__ import annotations

import hashlib
import platform
import sys
from pathlib import Path

import pytest

from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.foreign_binaries import ForeignBinaries
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.interpreters import own_interpreter
from lambdakit.harness.runtime.runtimes.family import Prepared
from tests.fakes.fake_wheels import shared_library, use_only, write_installed, write_wheel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the host's binaries are ELF files in these tests")

OWN = sys.version_info.minor
NEXT = OWN + 1
HERE = platform.machine()
AWAY = "aarch64" if HERE == "x86_64" else "x86_64"
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


def module(minor: int, machine: str) -> str:
    return f"_core.cpython-3{minor}-{machine}-linux-gnu.so"


class Workshop:
    """A package directory, the wheels that pip knows, and what fits the one to this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = root / "package"
        self.package.mkdir()
        (self.package / "app.py").write_text("# the function's own\n")
        self.wheels = root / "wheels"

    def put(
        self,
        files: dict[str, bytes],
        *,
        into: str = "package",
        name: str = "native",
        tag: str = f"cp3{OWN}-cp3{OWN}-manylinux2014_{AWAY}",
    ) -> None:
        write_installed(self.root / into, name, "1.0", tag, {f"{name}/__init__.py": b"# theirs\n", **files})

    def offer_wheel(self, name: str = "native") -> None:
        """A wheel for this interpreter and machine."""
        tag = f"cp3{OWN}-cp3{OWN}-linux_{HERE}"
        files = {f"{name}/__init__.py": "# ours\n", f"{name}/_core.py": "VALUE = 'ours'\n"}
        write_wheel(self.wheels, name, "1.0", tag, files)

    def fit(self, *, machine: str = HERE, minor: int = OWN, layers: tuple[Path, ...] = ()) -> Prepared:
        """The function that declares `machine` and Python 3.`minor`, fitted to what runs the test."""
        configuration = FunctionConfiguration(
            name="fn",
            account_id="123456789012",
            region="us-east-1",
            runtime=f"python3.{minor}",
            handler="app.handler",
            code=self.package,
            role="arn:aws:iam::123456789012:role/fn",
            log_group="/aws/lambda/fn",
            architecture=ARCHITECTURES[machine],
            layers=layers,
        )
        foreign = ForeignBinaries(CodeStore(self.root / "code"), cache=self.root / "cache", fallback=self.root / "back")
        folders = (f"python/lib/python3.{minor}/site-packages", "python")
        return foreign.replaced(configuration, own_interpreter(), minor=minor, layer_folders=folders)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    shop = Workshop(tmp_path)
    use_only(shop.wheels, monkeypatch)
    return shop


def digest(directory: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        content.update(str(path.relative_to(directory)).encode())
        content.update(path.read_bytes() if path.is_file() else b"")
    return content.hexdigest()


class TestWhatFits:
    def test_package_without_binaries_is_used_as_it_is(self, shop: Workshop) -> None:
        shop.put({}, tag="py3-none-any")

        fitted = shop.fit(machine=AWAY, minor=NEXT)

        assert (fitted.configuration.code, fitted.notes) == (shop.package, ())

    @pytest.mark.parametrize(
        "names",
        [
            [module(OWN, HERE)],
            ["_core.abi3.so"],
            ["_core.so"],
            [module(OWN, HERE), module(NEXT, HERE)],
            ["libcore.so.1.2.3"],
        ],
        ids=["tagged", "stable ABI", "without a tag", "for several versions", "library"],
    )
    def test_binaries_for_aws_that_load_here_are_used_as_they_are(self, shop: Workshop, names: list[str]) -> None:
        tag = f"cp3{OWN}-cp3{OWN}-manylinux2014_{HERE}"
        shop.put({f"native/{name}": shared_library(HERE) for name in names}, tag=tag)

        fitted = shop.fit()

        assert (fitted.configuration.code, fitted.notes) == (shop.package, ())

    def test_stable_abi_serves_every_version(self, shop: Workshop) -> None:
        shop.put({"native/_core.abi3.so": shared_library(HERE)}, tag=f"cp38-abi3-manylinux2014_{HERE}")

        fitted = shop.fit(minor=NEXT)

        assert (fitted.configuration.code, fitted.notes) == (shop.package, ())

    @pytest.mark.parametrize("content", [b"", b"INPUT(libfoo.so.1)", b"\x7fELF", b"\x7fEL"])
    def test_what_only_looks_like_a_library_is_not_judged(self, shop: Workshop, content: bytes) -> None:
        shop.put({"native/libcore.so": content})

        fitted = shop.fit(machine=AWAY)

        assert (fitted.configuration.code, fitted.notes) == (shop.package, ())


class TestReplacement:
    @pytest.mark.parametrize(
        ("machine", "minor", "name"),
        [
            (AWAY, OWN, module(OWN, AWAY)),
            (HERE, NEXT, module(NEXT, HERE)),
            (AWAY, NEXT, module(NEXT, AWAY)),
            (AWAY, NEXT, "_core.abi3.so"),
            (AWAY, OWN, "_core.so"),
        ],
        ids=["architecture", "Python", "both", "stable ABI", "without a tag"],
    )
    def test_wheel_for_this_machine_stands_in(self, shop: Workshop, machine: str, minor: int, name: str) -> None:
        shop.put({f"native/{name}": shared_library(machine)}, tag=f"cp3{minor}-cp3{minor}-manylinux2014_{machine}")
        shop.offer_wheel()
        before = digest(shop.package)

        fitted = shop.fit(machine=machine, minor=minor)

        code = fitted.configuration.code
        assert (code / "native/_core.py").read_text() == "VALUE = 'ours'\n"
        assert (code / "native/__init__.py").read_text() == "# ours\n"
        assert (code / "app.py").read_text() == "# the function's own\n"
        assert not (code / "native" / name).exists()
        assert digest(shop.package) == before

    def test_note_says_what_was_replaced_and_by_what(self, shop: Workshop) -> None:
        shop.put({f"native/{module(NEXT, AWAY)}": shared_library(AWAY)})
        shop.offer_wheel()

        (note,) = shop.fit(machine=AWAY, minor=NEXT).notes

        assert note == (
            f"native 1.0 is built for Python 3.{NEXT} on {AWAY} (native/{module(NEXT, AWAY)}); "
            f"its wheel for Python 3.{OWN} on {HERE} stands in"
        )

    def test_module_without_a_tag_is_for_the_python_that_its_wheel_was_for(self, shop: Workshop) -> None:
        shop.put({"native/_core.so": shared_library(HERE)}, tag=f"cp3{NEXT}-cp3{NEXT}-manylinux2014_{HERE}")
        shop.offer_wheel()

        fitted = shop.fit(minor=NEXT)

        assert (fitted.configuration.code / "native/_core.py").exists()

    def test_bundled_libraries_go_with_their_distribution(self, shop: Workshop) -> None:
        binary = shared_library(AWAY)
        shop.put({f"native/{module(OWN, AWAY)}": binary, "native.libs/libblas-12ab.so.0": binary})
        shop.offer_wheel()

        fitted = shop.fit(machine=AWAY)

        assert len(fitted.notes) == 1
        assert not (fitted.configuration.code / "native.libs/libblas-12ab.so.0").exists()

    def test_only_what_is_foreign_is_replaced(self, shop: Workshop) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})
        shop.put({}, name="pure", tag="py3-none-any")
        shop.offer_wheel()

        fitted = shop.fit(machine=AWAY)

        assert (fitted.configuration.code / "pure/__init__.py").read_text() == "# theirs\n"

    def test_distribution_without_a_record_is_replaced_as_well(self, shop: Workshop) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})
        (shop.package / "native-1.0.dist-info/RECORD").unlink()
        shop.offer_wheel()

        fitted = shop.fit(machine=AWAY)

        assert (fitted.configuration.code / "native/_core.py").exists()

    def test_wheel_once_installed_needs_no_index(self, shop: Workshop) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})
        shop.offer_wheel()
        first = shop.fit(machine=AWAY).configuration.code
        for wheel in shop.wheels.iterdir():
            wheel.unlink()

        again = shop.fit(machine=AWAY)

        assert again.configuration.code == first
        assert "stands in" in again.notes[0]

    def test_cache_that_cannot_be_written_is_done_without(self, shop: Workshop) -> None:
        (shop.root / "cache").write_text("a file")
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})
        shop.offer_wheel()

        assert (shop.fit(machine=AWAY).configuration.code / "native/_core.py").exists()


class TestLayers:
    @pytest.mark.parametrize("folder", ["python", f"python/lib/python3.{OWN}/site-packages"])
    def test_layer_is_fitted_where_modules_are_searched(self, shop: Workshop, folder: str) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)}, into=f"layer/{folder}")
        shop.offer_wheel()

        fitted = shop.fit(machine=AWAY, layers=(shop.root / "layer",))

        (layer,) = fitted.configuration.layers
        assert fitted.configuration.code == shop.package
        assert (layer / folder / "native/_core.py").exists()
        assert "stands in" in fitted.notes[0]

    def test_what_a_layer_has_for_another_python_is_not_judged(self, shop: Workshop) -> None:
        into = f"layer/python/lib/python3.{NEXT}/site-packages"
        shop.put({f"native/{module(NEXT, AWAY)}": shared_library(AWAY)}, into=into)

        fitted = shop.fit(machine=AWAY, layers=(shop.root / "layer",))

        assert (fitted.configuration.layers, fitted.notes) == ((shop.root / "layer",), ())


class TestNothingStandsIn:
    def test_without_a_wheel_the_note_names_package_and_tags(self, shop: Workshop) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})

        fitted = shop.fit(machine=AWAY)

        assert fitted.configuration.code == shop.package
        (note,) = fitted.notes
        assert note.startswith(
            f"native 1.0 is built for Python 3.{OWN} on {AWAY} (native/{module(OWN, AWAY)}), and no wheel for "
            f"Python 3.{OWN} on {HERE} can stand in, so it fails here: "
        )
        assert "native==1.0" in note

    def test_what_has_a_wheel_is_replaced_though_another_has_none(self, shop: Workshop) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})
        shop.put({f"lonely/{module(OWN, AWAY)}": shared_library(AWAY)}, name="lonely")
        shop.offer_wheel()

        fitted = shop.fit(machine=AWAY)

        assert (fitted.configuration.code / "native/_core.py").exists()
        assert (fitted.configuration.code / "lonely" / module(OWN, AWAY)).exists()
        assert ["stands in" in note for note in fitted.notes] == [False, True]

    def test_binary_that_no_distribution_owns_is_named(self, shop: Workshop) -> None:
        (shop.package / module(OWN, AWAY)).write_bytes(shared_library(AWAY))

        fitted = shop.fit(machine=AWAY)

        assert fitted.configuration.code == shop.package
        assert module(OWN, AWAY) in fitted.notes[0]
        assert "nothing can stand in" in fitted.notes[0]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("Name", "--index-url=http://evil.example"),
            ("Name", "native @ http://evil.example/x.whl"),
            ("Name", ""),
            ("Version", "1.0 --pre"),
            ("Version", "*"),
        ],
    )
    def test_metadata_that_is_no_name_or_version_reaches_no_installer(
        self, shop: Workshop, field: str, value: str
    ) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})
        shop.offer_wheel()
        metadata = shop.package / "native-1.0.dist-info/METADATA"
        headers = {"Name": "native", "Version": "1.0", field: value}
        metadata.write_text("".join(f"{name}: {text}\n" for name, text in headers.items()))

        fitted = shop.fit(machine=AWAY)

        assert fitted.configuration.code == shop.package
        assert "no distribution" in fitted.notes[0]

    def test_record_that_names_files_elsewhere_removes_nothing_there(self, shop: Workshop) -> None:
        shop.put({f"native/{module(OWN, AWAY)}": shared_library(AWAY)})
        shop.offer_wheel()
        outside = shop.root / "outside"
        outside.write_text("")
        record = shop.package / "native-1.0.dist-info/RECORD"
        record.write_text(record.read_text() + f"../../outside,,\n{outside},,\n../outside,,\n.,,\n")

        fitted = shop.fit(machine=AWAY)

        assert outside.exists()
        assert (fitted.configuration.code / "app.py").exists()


class TestWhatFailsOnAws:
    @pytest.mark.parametrize(
        ("machine", "minor", "name"),
        [(AWAY, OWN, module(OWN, HERE)), (HERE, NEXT, module(OWN, HERE)), (AWAY, OWN, "_core.abi3.so")],
        ids=["architecture", "Python", "stable ABI"],
    )
    def test_what_loads_here_and_not_there_is_withheld(
        self, shop: Workshop, machine: str, minor: int, name: str
    ) -> None:
        shop.put({f"native/{name}": shared_library(HERE)}, tag=f"cp3{OWN}-cp3{OWN}-manylinux2014_{HERE}")

        fitted = shop.fit(machine=machine, minor=minor)

        assert not (fitted.configuration.code / "native" / name).exists()
        assert (fitted.configuration.code / "native/__init__.py").exists()
        (note,) = fitted.notes
        assert note.startswith(f"native 1.0 (native/{name}) is built for ")
        assert note.endswith(
            f"the function declares Python 3.{minor} on {machine}: it fails on AWS, and so it does here"
        )

    @pytest.mark.parametrize(
        ("name", "content", "built_for"),
        [
            (module(OWN, AWAY), shared_library(AWAY), f"Python 3.{OWN} on {AWAY}"),
            (module(NEXT, HERE), shared_library(HERE), f"Python 3.{NEXT} on {HERE}"),
            (f"_core.cpython-3{OWN}-darwin.so", b"\xcf\xfa\xed\xfe" + bytes(60), f"Python 3.{OWN} on macOS"),
            (f"_core.cp3{OWN}-win_amd64.pyd", b"MZ" + bytes(60), f"Python 3.{OWN} on Windows"),
        ],
        ids=["architecture", "Python", "macOS", "Windows"],
    )
    def test_what_loads_nowhere_is_left_alone_and_told(
        self, shop: Workshop, name: str, content: bytes, built_for: str
    ) -> None:
        shop.put({f"native/{name}": content})
        shop.offer_wheel()

        fitted = shop.fit()

        assert fitted.configuration.code == shop.package
        (note,) = fitted.notes
        assert f"is built for {built_for} and the function declares Python 3.{OWN} on {HERE}" in note
