"""What moto asks botocore's models is answered as before, and no model is read a third time."""

from __future__ import annotations

import subprocess
import sys

import pytest

_START = """
import collections, sys
read = collections.Counter()
def heard(event, arguments):
    if event == "open" and "service-2.json" in str(arguments[0]):
        read[str(arguments[0]).split("/data/")[-1].split("/")[0]] += 1
sys.addaudithook(heard)
from lambdakit.harness.moto_state.mended import mend_moto
mend_moto()
from lambdakit.harness.account import Account
account = Account(account_id="123456789012", region="eu-west-1")
"""
# botocore's for clients, and moto's, which may have more in it.
_READ_TWICE = """
account.client("ec2").describe_vpcs()
account.client("ec2", "us-east-1").describe_vpcs()
account.client("sqs").list_queues()
account.client("sqs", account_id="210987654321").list_queues()
assert read["ec2"] == read["sqs"] == 2, read
"""
_REGIONS = """
import botocore.session
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.sqs.models import sqs_backends
session = botocore.session.Session()
session.register_component("data_loader", botocore.loaders.Loader())
partitions = session.get_available_partitions()
of_queues = {name for partition in partitions for name in session.get_available_regions("sqs", partition)}
assert of_queues <= set(sqs_backends["123456789012"].regions), sqs_backends["123456789012"].regions
of_machines = {name for name in session.get_available_regions("ec2")}
assert of_machines <= {region.name for region in RegionsAndZonesBackend.regions}
"""
_OWN_DATA = """
import botocore.session, pathlib, tempfile
with tempfile.TemporaryDirectory() as folder:
    version = pathlib.Path(folder) / "mine" / "2026-01-01"
    version.mkdir(parents=True)
    (version / "service-2.json").write_text('{"metadata": {}}')
    session = botocore.session.Session(session_vars={"data_path": (None, None, folder, None)})
    assert "mine" in session.get_available_services()
assert "mine" not in botocore.session.Session().get_available_services()
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(_READ_TWICE, id="each model is read twice at most"),
        pytest.param(_REGIONS, id="regions are botocore's"),
        pytest.param(_OWN_DATA, id="a session with models of its own has a loader of its own"),
    ],
)
def test_models_are_shared(code: str) -> None:
    subprocess.run([sys.executable, "-c", _START + code], check=True)
