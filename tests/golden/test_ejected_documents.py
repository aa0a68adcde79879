"""Every pattern, and documents that say everything, ejected: the same templates, from code that reads well."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lambdakit.compiler.ejected_files import write_files
from lambdakit.compiler.synthesize import Compiler
from tests.fakes.documents_to_eject import DOCUMENTS, write_project
from tests.fakes.ejected import synthesized, templates

pytestmark = pytest.mark.xdist_group("cdk")

ROOT = Path(__file__).parents[2]
PATTERNS = sorted(path.parent.name for path in (ROOT / "patterns").glob("*/lambdakit.yaml"))
CASES = [*(f"patterns/{name}" for name in PATTERNS), *DOCUMENTS]
# Ejecting compares the templates itself; a process of its own says the same once more.
_ALWAYS = ("patterns/api_backend", "existing", "several")
REPEATED = [case if case in _ALWAYS else pytest.param(case, marks=pytest.mark.exhaustive, id=case) for case in CASES]
# As strict as this repository is; only that nobody has to document a constructor.
RULES = ("--select", "E,F,I,B,UP,PTH,RUF,TC,ERA,C90,D1", "--ignore", "D107,RUF001,RUF002,RUF003")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ejected:
    """A project with a document and its ejected files beside it."""

    directory: Path
    files: Mapping[str, str]
    assembly: Path


@pytest.fixture(scope="module")
def ejected(tmp_path_factory: pytest.TempPathFactory, compiler: Compiler) -> Mapping[str, Ejected]:
    made: dict[str, Ejected] = {}
    for case in CASES:
        directory = tmp_path_factory.mktemp(case.replace("/", "_"))
        if case in DOCUMENTS:
            document = write_project(directory, DOCUMENTS[case])
        else:
            shutil.copytree(
                ROOT / case, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("cdk.out", "__pycache__")
            )
            document = directory / "lambdakit.yaml"
        files = compiler.eject(document, directory)
        write_files(directory, files, force=False)
        made[case] = Ejected(directory=directory, files=files, assembly=compiler.synthesize(document))
    return made


@pytest.mark.parametrize("case", REPEATED)
def test_the_application_gives_the_documents_templates(
    ejected: Mapping[str, Ejected], case: str, tmp_path: Path
) -> None:
    expected = templates(ejected[case].assembly)

    given = synthesized(ejected[case].directory, tmp_path / "cdk.out", temporary=tmp_path / "tmp")

    assert list(given) == list(expected)
    for name, template in expected.items():
        # Also the order, which decides about nothing, and which whoever compares the files sees. Where stacks use each
        # other, they are made one after the other, and what they export is in another order.
        is_sorted = case == "several"
        assert json.dumps(given[name], indent=1, sort_keys=is_sorted) == json.dumps(
            template, indent=1, sort_keys=is_sorted
        )


@pytest.mark.parametrize("case", CASES)
def test_formatters_and_linters_find_nothing(ejected: Mapping[str, Ejected], case: str) -> None:
    directory, files = ejected[case].directory, [name for name in ejected[case].files if name.endswith(".py")]

    ruff = [sys.executable, "-m", "ruff"]
    settings = ("--isolated", "--no-cache", "--target-version", "py311")
    formatted = subprocess.run([*ruff, "format", "--diff", *settings, *files], cwd=directory, capture_output=True)
    assert formatted.returncode == 0, formatted.stdout.decode()
    linted = subprocess.run([*ruff, "check", *settings, *RULES, *files], cwd=directory, capture_output=True)
    assert linted.returncode == 0, linted.stdout.decode()


@pytest.mark.exhaustive  # a first look at the CDK takes a minute
def test_type_checkers_find_nothing(ejected: Mapping[str, Ejected], tmp_path: Path) -> None:
    for number, case in enumerate(CASES):
        for name, text in ejected[case].files.items():
            if name.endswith("_stack.py"):
                (tmp_path / f"{name.removesuffix('.py')}_{number}.py").write_text(text, encoding="utf-8")
    shop = ejected["patterns/api_backend"].files
    (tmp_path / "app.py").write_text(shop["app.py"], encoding="utf-8")
    (tmp_path / "shop_stack.py").write_text(shop["shop_stack.py"], encoding="utf-8")

    # Beside the repository's own cache, whose settings are others.
    cache = ROOT / ".mypy_cache" / "ejected"
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "."]
    checked = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("infrastructure", marks=pytest.mark.exhaustive),
        pytest.param("infrastructure/cdk", marks=pytest.mark.exhaustive),
        "../elsewhere/with 'quotes'",
    ],
)
def test_code_is_used_where_it_lies_from_any_directory(place: str, tmp_path: Path, compiler: Compiler) -> None:
    document = write_project(tmp_path / "project", DOCUMENTS["streams"])
    directory = document.parent / place

    write_files(directory, compiler.eject(document, directory), force=False)
    expected = templates(compiler.synthesize(document))

    assert synthesized(directory, tmp_path / "cdk.out", temporary=tmp_path / "tmp") == expected


def test_names_read_well_and_are_valid(ejected: Mapping[str, Ejected]) -> None:
    text = ejected["hostile"].files["class_stack.py"]

    for line in (
        "class ClassStack(Stack):",
        "        self.tags_ = EventProcessing(",
        "        self.class_ = EventProcessing(",
        "        self.none = EventProcessing(",
        "        self.my_orders = EventProcessing(",
        "        self.url_shortener2 = EventProcessing(",
        "        self.layer_lambda = lambda_.LayerVersion(",
    ):
        assert f"\n{line}\n" in text


def test_defaults_are_left_out_and_constants_named(ejected: Mapping[str, Ejected]) -> None:
    text = ejected["patterns/event_processing"].files["pictures_stack.py"]

    assert 'source=S3Source(prefix="incoming/"),' in text
    assert "runtime=lambda_.Runtime.PYTHON_3_13," in text
    assert 'code=PROJECT / "functions/thumbnails",' in text
    assert "memory_size" not in text
    assert "=None" not in text


def test_every_environment_is_a_stack(ejected: Mapping[str, Ejected]) -> None:
    files = ejected["environments"].files

    assert list(files) == ["app.py", "shop_stack.py", "shop_staging_stack.py", "shop_production_stack.py", "cdk.json"]
    assert '\n    ShopStagingStack(app, "shop-staging")\n' in files["app.py"]
    assert 'env=Environment(account="111122223333", region="eu-west-1")' in files["shop_staging_stack.py"]


def test_stacks_are_handed_each_others_constructs(ejected: Mapping[str, Ejected]) -> None:
    files = ejected["several"].files

    assert """\
    several_data = SeveralDataStack(app, "several-data")
    several_web = SeveralWebStack(
        app,
        "several-web",
        resource_jobs=several_data.resource_jobs,
""" in files["app.py"]
    assert list(files).index("several_data_stack.py") < list(files).index("several_stack.py")
    assert (
        "        *,\n        resource_jobs: sqs.Queue,\n        price: LambdaFunction,\n" in files["several_stack.py"]
    )
    assert '"jobs": Grant(resource_jobs, "publish"),' in files["several_stack.py"]
    assert 'elsewhere={"orders": resource_orders, "jobs": resource_jobs, "api/": api},' in files["several_stack.py"]


def test_what_exists_already_is_imported_where_it_is_used(ejected: Mapping[str, Ejected]) -> None:
    files = ejected["several"].files

    # The document's own stack has the topic, and is made after this one.
    assert "        resource_known = sns.Topic.from_topic" in files["several_data_stack.py"]
    assert "resource_known" not in files["app.py"]


def test_stacks_that_use_each_other_say_how_strongly(ejected: Mapping[str, Ejected]) -> None:
    flag = "@aws-cdk/core:defaultCrossStackReferences"

    contexts = {case: json.loads(ejected[case].files["cdk.json"])["context"] for case in ("several", "environments")}

    assert contexts["several"][flag] == "strong"
    assert flag not in contexts["environments"]


def test_what_the_document_says_of_context_is_kept(ejected: Mapping[str, Ejected]) -> None:
    context = json.loads(ejected["written_out"].files["cdk.json"])["context"]

    assert context["own"] == {"deep": [1, "text", True]}
    assert context["@aws-cdk/aws-iam:minimizePolicies"] is False
    assert context["@aws-cdk/aws-kms:aliasNameRef"] is True


def test_reasons_of_the_document_are_kept(ejected: Mapping[str, Ejected]) -> None:
    text = ejected["functions"].files["functions_2_stack.py"]

    assert "        acknowledge(\n            self.orders,\n" in text
    assert "'It\\'s \"known\".'" in text
