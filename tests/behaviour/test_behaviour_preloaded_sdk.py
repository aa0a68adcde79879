"""What a Python function finds in memory that it did not import itself, and that its own SDK is what it gets.

Environments are forked from a parent that has AWS's runtime client and the runtime's SDK in memory.
DG is the AWS Lambda Developer Guide.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.facts import Fact, FactTable, deployed_facts, python

pytestmark = pytest.mark.xdist_group("behaviour-facts-preloaded")

_CLIENT = {"awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"}
_SDK = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
_PRIVATE_KIB_MAX = 8 * 1024
_SEARCH_PATH = "DG, Building Lambda functions with Python, search path"
_OWN = "ORIGIN = 'package'\n"
_IN_MEMORY = """
def in_memory():
    names = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names
    return sorted(names - {'__main__', 'index', 'six', 'vendored'})
"""
_PRIVATE = """
import boto3
dynamodb, sqs = boto3.client('dynamodb'), boto3.client('sqs')
def private_kib():
    with open('/proc/self/smaps_rollup') as figures:
        return sum(int(line.split()[1]) for line in figures if line.startswith('Private_'))
"""
_ORIGINS = "import boto3\nreturn [boto3.ORIGIN, sorted({'botocore', 's3transfer', 'urllib3'} & set(sys.modules))]"
_OWN_ALONE = ["package", []]

FACTS = (
    Fact(
        says="the runtime client and the SDK are in memory, and nothing else that is not Python's",
        source="what the warmed parent imports",
        code=python("return in_memory()", before=_IN_MEMORY),
        expect=lambda seen: _SDK - {"six"} <= set(seen.payload) <= _SDK | _CLIENT,
        needs_sandbox=True,
    ),
    Fact(
        says="clients are of the runtime's SDK",
        source=_SEARCH_PATH,
        code=python("import boto3, botocore\nboto3.client('sqs')\nreturn [boto3.__file__, botocore.__file__]"),
        expect=["/var/runtime/boto3/__init__.py", "/var/runtime/botocore/__init__.py"],
        needs_sandbox=True,
    ),
    Fact(
        says="clients log at level INFO what they log on AWS: there is no endpoint in the environment there",
        source="botocore.configprovider; DG, Defined runtime environment variables",
        code=python(
            "import logging, boto3, botocore.configprovider\n"
            "logging.getLogger().setLevel(logging.INFO)\n"
            "boto3.client('sqs')\n"
            "logging.getLogger('botocore.configprovider').info('Found %s', 'another')\n"
        ),
        expect=lambda seen: ("Found another" in seen.last.log, "Found endpoint" in seen.last.log) == (True, False),
    ),
    Fact(
        says="models that are kept for all are what a session of the function's own loads",
        source="Boto3 documentation, Session.get_available_services",
        code=python(
            "import boto3, botocore.loaders\n"
            "kept = boto3.client('sqs').meta.service_model.operation_names\n"
            "loaded = botocore.loaders.create_loader().load_service_model('sqs', 'service-2')\n"
            "return sorted(kept) == sorted(loaded['operations'])"
        ),
        expect=True,
    ),
    Fact(
        says="a package's own boto3 is the only one in memory",
        source=_SEARCH_PATH,
        code={"index.py": python(_ORIGINS), "boto3/__init__.py": _OWN},
        expect=_OWN_ALONE,
    ),
    Fact(
        says="a package's own botocore is used by the runtime's boto3",
        source=_SEARCH_PATH,
        code={
            "index.py": python(
                "try:\n    import boto3\nexcept ImportError:\n    return sys.modules['botocore'].ORIGIN"
            ),
            "botocore/__init__.py": _OWN,
        },
        expect="package",
    ),
    Fact(
        says="a layer's own boto3 is the only one in memory",
        source="DG, Managing Lambda dependencies with layers",
        code={"index.py": python(_ORIGINS)},
        layers=({"python/boto3/__init__.py": _OWN},),
        expect=_OWN_ALONE,
    ),
    Fact(
        says="boto3 of a layer's folder for the version is the only one in memory",
        source="DG, Managing Lambda dependencies with layers",
        code={"index.py": python(_ORIGINS)},
        layers=({"python/lib/python3.13/site-packages/boto3/__init__.py": _OWN},),
        expect=_OWN_ALONE,
    ),
    Fact(
        says="boto3 where the variable PYTHONPATH leads is the only one in memory",
        source="DG, Working with Lambda environment variables",
        code={"index.py": python(_ORIGINS), "some/where/boto3/__init__.py": _OWN},
        properties={"Environment": {"Variables": {"PYTHONPATH": "/var/task/some/where"}}},
        expect=_OWN_ALONE,
    ),
    Fact(
        says="boto3 of a folder that the code puts first is the only one in memory",
        source="Python documentation, sys.path",
        code={
            "index.py": python(
                _ORIGINS, before="sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'vendored'))"
            ),
            "vendored/boto3/__init__.py": _OWN,
        },
        expect=_OWN_ALONE,
    ),
    Fact(
        says="a package's own six is the only one in memory",
        source=_SEARCH_PATH,
        code={"index.py": python("import six\nreturn six.ORIGIN"), "six.py": _OWN},
        expect="package",
    ),
    Fact(
        says="what is in memory for all can be changed by one function",
        source="every execution environment is a process of its own",
        code=python("import boto3\nboto3.mark = getattr(boto3, 'mark', 0) + 1\nreturn boto3.mark"),
        calls=(1, 2),
        expect=lambda seen: seen.payloads == [1, 2],
    ),
    Fact(
        says="references to what the function makes are counted",
        source="Python documentation, sys.getrefcount and weakref",
        code=python(
            "import boto3, gc, weakref\n"
            "made = type('Made', (boto3.session.Session,), {})()\n"
            "watched, counted = weakref.ref(made), sys.getrefcount(made)\n"
            "kept = [made] * 5\n"
            "more = sys.getrefcount(made)\n"
            "del made, kept\n"
            "gc.collect()\n"
            "return [more - counted, watched() is None]"
        ),
        expect=[5, True],
    ),
    Fact(
        says="an exception passes through code of the SDK as anywhere",
        source="Python documentation, Errors and Exceptions",
        code=python(
            "import boto3, botocore.exceptions\n"
            "for _ in range(3000):\n"
            "    try:\n"
            "        boto3.client('sqs', region_name='a b')\n"
            "    except botocore.exceptions.InvalidRegionError as error:\n"
            "        text = str(error)\n"
            "return text"
        ),
        expect="Provided region_name 'a b' doesn't match a supported format.",
    ),
    Fact(
        says="the collector may look at everything again",
        source="Python documentation, gc.unfreeze",
        code=python(
            "import gc, boto3\ngc.unfreeze()\nfor _ in range(3):\n    gc.collect()\n"
            "return boto3.client('sqs').meta.service_model.service_name"
        ),
        expect="sqs",
    ),
    Fact(
        says="with boto3 and two clients an environment has less than 8 MiB to itself",
        source="measured; before Python 3.12 reading an object writes to its page",
        code=python("return [sys.version_info >= (3, 12), private_kib()]", before=_PRIVATE),
        calls=(1, 2, 3),
        expect=lambda seen: not seen.payload[0] or 0 < seen.payload[1] < _PRIVATE_KIB_MAX,
        needs_sandbox=True,
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_what_is_preloaded(table: FactTable, fact: Fact) -> None:
    table.check(fact)
