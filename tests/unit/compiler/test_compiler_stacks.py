"""Documents of several stacks: what is exported and imported, what each has of its own, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.jsii_errors import refused_by_cdk
from lambdakit.compiler.source_map import SourceMap
from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import SynthesisError
from lambdakit.spec.document import load
from tests.benchmarks.synthesis import write_many

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """\
application: shop
parameters: {Stage: {default: dev}, Unused: {default: x}, Delay: {type: Number, default: 5}}
layers: {shared: {code: layer}, unused: {code: layer}, web-only: {code: layer}}
network: {vpc: {max_azs: 2}}
environments: {staging: {patterns: {work: {stack: late}, own: {stack: none}}}}
conditions: {IsDev: !Equals [!Ref Stage, dev]}
resources:
  jobs: {kind: queue, stack: data}
  orders: {kind: table, partition_key: id}
  known: {kind: topic, topic_arn: "arn:aws:sns:eu-west-1:123456789012:news"}
functions:
  price: {code: code, handler: app.handler, stack: data, description: "${Stage}"}
patterns:
  api:
    kind: api_backend
    stack: web
    table: orders
    routes:
      POST /orders:
        {name: create, code: code, handler: app.handler, layers: [web-only, shared], table_access: write,
         grants: {jobs: publish, price: invoke, known: publish}, environment: {STAGE: "${Stage}"}}
    overrides: {create: {Timeout: !Ref Delay}}
  work:
    kind: event_processing
    stack: work
    source: {kind: sqs, queue: jobs}
    function: {code: code, handler: app.handler, layers: [shared]}
  own:
    kind: event_processing
    stack: own
    source: {kind: sqs}
    function: {code: code, handler: app.handler}
"""
COUNT = """
import sys
from pathlib import Path
from tests.benchmarks.synthesis import calls_to_node
for document in sys.argv[1:]:
    print(calls_to_node(Path(document)))
"""
ROOT = Path(__file__).parents[3]
BARE = "{code: code, handler: app.handler}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "layer" / "python").mkdir(parents=True)
    (tmp_path / "layer" / "python" / "shared.py").write_text("VERSION = 1\n")
    return tmp_path


def _templates(compiler: Compiler, project: Path, document: str = DOCUMENT) -> dict[str, dict[str, Any]]:
    """By the stacks' names."""
    path = project / "lambdakit.yaml"
    path.write_text(document)
    assembly = compiler.synthesize(path)
    files = assembly.glob("*.template.json")
    return {file.name.removesuffix(".template.json"): json.loads(file.read_text()) for file in files}


def _types(template: dict[str, Any]) -> Counter[str]:
    return Counter(each["Type"] for each in template["Resources"].values())


def _imports(template: dict[str, Any]) -> set[str]:
    return set(re.findall(r'"Fn::ImportValue": "([^"]+)"', json.dumps(template)))


def _exports(template: dict[str, Any]) -> set[str]:
    return {each["Export"]["Name"] for each in template.get("Outputs", {}).values() if "Export" in each}


def _refused(compiler: Compiler, project: Path, document: str) -> str:
    (project / "lambdakit.yaml").write_text(document)
    with pytest.raises(SynthesisError) as caught:
        compiler.synthesize(project / "lambdakit.yaml")
    return str(caught.value).replace(f"{project}/", "")


class TestTemplates:
    def test_each_part_stands_in_its_stack_with_its_outputs(self, compiler: Compiler, project: Path) -> None:
        templates = _templates(compiler, project)

        base = {name: template for name, template in templates.items() if not name.endswith("staging")}
        functions = {name: _types(template)["AWS::Lambda::Function"] for name, template in base.items()}
        assert functions == {"shop": 0, "shop-data": 1, "shop-web": 1, "shop-work": 1, "shop-own": 1}
        assert "ApiUrl" in base["shop-web"]["Outputs"] and "ApiUrl" not in base["shop"]["Outputs"]
        assert "JobsQueueUrl" in base["shop-data"]["Outputs"]
        assert "PriceFunctionArn" in base["shop-data"]["Outputs"]
        assert "OrdersTableName" in base["shop"]["Outputs"]

    def test_what_is_used_elsewhere_is_exported_and_imported(self, compiler: Compiler, project: Path) -> None:
        templates = _templates(compiler, project)

        imported = {name: _imports(templates[name]) for name in ("shop", "shop-data", "shop-web", "shop-work")}
        exported = {name: _exports(templates[name]) for name in imported}
        assert imported["shop"] == set()
        assert all(each.startswith("shop:") for each in imported["shop-data"])
        assert {each.partition(":")[0] for each in imported["shop-web"]} == {"shop", "shop-data"}
        assert set().union(*imported.values()) == set().union(*exported.values())

    def test_functions_of_every_stack_are_in_the_one_network(self, compiler: Compiler, project: Path) -> None:
        templates = _templates(compiler, project)

        assert [name for name, each in templates.items() if _types(each)["AWS::EC2::VPC"] and "-" not in name] == [
            "shop"
        ]
        for name in ("shop-data", "shop-web", "shop-work"):
            (function,) = (
                each for each in templates[name]["Resources"].values() if each["Type"] == "AWS::Lambda::Function"
            )
            assert all("Fn::ImportValue" in each for each in function["Properties"]["VpcConfig"]["SubnetIds"])

    def test_layers_and_parameters_are_made_where_they_are_used(self, compiler: Compiler, project: Path) -> None:
        templates = _templates(compiler, project)

        names = ("shop", "shop-data", "shop-web", "shop-work")
        layers = {name: _types(templates[name])["AWS::Lambda::LayerVersion"] for name in names}
        own = {name: set(templates[name]["Parameters"]) - {"BootstrapVersion"} for name in names}
        assert layers == {"shop": 1, "shop-data": 0, "shop-web": 2, "shop-work": 1}
        assert own == {
            "shop": {"Stage", "Unused"},
            "shop-data": {"Stage"},
            "shop-web": {"Stage", "Delay"},
            "shop-work": set(),
        }
        assert not any(
            "LayerVersion" in each or "layer" in each for name in names for each in _exports(templates[name])
        )

    def test_an_environment_has_stacks_of_its_own(self, compiler: Compiler, project: Path) -> None:
        templates = _templates(compiler, project)

        assert {name for name in templates if name.endswith("staging")} == {
            "shop-staging",
            "shop-data-staging",
            "shop-web-staging",
            "shop-late-staging",
        }
        assert _types(templates["shop-staging"])["AWS::Lambda::Function"] == 1
        assert load(project / "lambdakit.yaml").environments["staging"].stack_names[0] == "shop-staging"

    def test_no_stack_is_made_that_holds_nothing(self, compiler: Compiler, project: Path) -> None:
        pattern = f"{{kind: event_processing, stack: work, source: {{kind: sqs}}, function: {BARE}}}"
        known = 'resources: {known: {kind: topic, topic_arn: "arn:aws:sns:eu-west-1:123456789012:news"}}\n'

        templates = _templates(compiler, project, f"application: shop\n{known}patterns: {{work: {pattern}}}\n")

        assert set(templates) == {"shop-work"}

    def test_the_same_input_gives_the_same_bytes(self, compiler: Compiler, project: Path, tmp_path: Path) -> None:
        (project / "lambdakit.yaml").write_text(DOCUMENT)
        made = []
        with Compiler(validation=False, cache_directory=tmp_path / "cache") as another:
            for each in (compiler, another):
                assembly = each.synthesize(project / "lambdakit.yaml")
                made.append({path.name: path.read_bytes() for path in assembly.glob("*.json")})

        assert made[0] == made[1]

    def test_the_source_map_knows_every_stack(self, compiler: Compiler, project: Path) -> None:
        (project / "lambdakit.yaml").write_text(DOCUMENT)

        content = json.loads(
            (compiler.synthesize(project / "lambdakit.yaml") / "lambdakit-source-map.json").read_text()
        )

        assert content["base"] == ["shop", "shop-web", "shop-work", "shop-own", "shop-data"]
        pointers = {each["pointer"] for each in content["stacks"]["shop-web"].values()}
        assert {"patterns.api.routes.POST /orders", "layers.shared"} <= pointers
        assert "patterns.work.function" in {each["pointer"] for each in content["stacks"]["shop-late-staging"].values()}


class TestChecks:
    def test_a_pattern_of_a_further_stack_says_its_reasons(self, project: Path, checking_compiler: Compiler) -> None:
        reason = '    acknowledge: {AwsSolutions-APIG4: "whoever likes may order here"}\n'
        head = "application: shop\nenvironments: {live: {region: eu-west-1}}\npatterns:\n  api:\n"
        pattern = f"    kind: api_backend\n    stack: web\n    routes: {{GET /orders: {BARE}}}\n"
        found = []
        for written in (reason, ""):
            (project / "lambdakit.yaml").write_text(f"{head}{pattern}{written}")
            try:
                checking_compiler.synthesize(project / "lambdakit.yaml")
                found.append("")
            except SynthesisError as error:
                found.append(str(error))

        assert found[0] == ""
        # Once, though it is found in the document's stack and in the environment's.
        assert "patterns.api" in found[1] and found[1].count("rule AwsSolutions-APIG4") == 1


class TestRefusals:
    def test_a_stack_that_is_too_large_names_its_patterns(self, compiler: Compiler, project: Path) -> None:
        routes = "".join(f"      GET /r{number}: {BARE}\n" for number in range(54))
        few = "".join(f"  f{number}: {BARE}\n" for number in range(2))
        document = (
            "application: shop\nnetwork: {vpc: {max_azs: 2, nat_gateways: 0}}\n"
            f"functions:\n{few}patterns:\n  many:\n    kind: api_backend\n    routes:\n{routes}"
        )

        message = _refused(compiler, project, document)

        assert re.fullmatch(
            r"lambdakit\.yaml:7:3: patterns\.many: shop has \d+ resources, and CloudFormation takes 500 in a stack: "
            r"many \(line 7\) 489, network \(line 2\) \d+, f0 \(line 4\) 6, f1 \(line 5\) 6 \[LK406\]\n"
            r"  hint: give some of the patterns a stack of their own, as in stack: many",
            message,
        )

    def test_a_circle_that_only_the_cdk_sees_is_told_in_our_words(self, project: Path) -> None:
        (project / "lambdakit.yaml").write_text(DOCUMENT)
        source_map = SourceMap(load(project / "lambdakit.yaml"))
        source_map.record("shop-web/api", ("patterns", "api"))
        refused = RuntimeError(
            "@jsii/kernel.RuntimeError: Error: 'shop' depends on 'shop-web' (shop -> shop-web/api/Rule/Resource.Arn). "
            "Adding this dependency (shop-web -> shop/resource:orders/Resource.Arn) would create a cyclic reference."
        )

        error = refused_by_cdk(refused, source_map, path="lambdakit.yaml")

        assert str(error) == (
            "lambdakit.yaml:14:3: patterns.api: shop-web uses shop/resource:orders/Resource.Arn, and shop uses "
            "shop-web/api/Rule/Resource.Arn: neither of the two can be deployed first [LK407]\n"
            "  hint: put what uses and what is used into one stack"
        )


class TestManyFunctions:
    def test_two_hundred_functions_over_several_stacks(self, tmp_path: Path, validating_compiler: Compiler) -> None:
        counts = {}
        for size in (100, 200):
            assembly = validating_compiler.synthesize(write_many(tmp_path / str(size), size))
            templates = [json.loads(path.read_text()) for path in assembly.glob("*.template.json")]
            functions = sum(_types(template)["AWS::Lambda::Function"] for template in templates)
            counts[size] = (functions, sum(len(template["Resources"]) for template in templates), len(templates))

        assert counts[200][0] == 200
        assert [each[2] for each in counts.values()] == [3, 5]
        # Each stack's share is the same: its API, and nine resources for each function.
        assert counts[200][1] - counts[100][1] == 100 * 9 + 2 * 3

    def test_calls_to_node_grow_with_functions_and_no_faster(self, tmp_path: Path) -> None:
        documents = [write_many(tmp_path / str(size), size, of_stack=10) for size in (20, 40, 60)]
        # In a process of its own, which gets the compiler's environment.
        run = subprocess.run(
            [sys.executable, "-c", COUNT, *map(str, documents)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        calls = [int(line) for line in run.stdout.split()]

        assert calls[2] - calls[1] == calls[1] - calls[0]
