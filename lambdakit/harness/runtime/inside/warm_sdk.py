"""boto3 in the zygote: imported, with its data in memory, so that a child finds it there.

Measured for a handler that makes two clients: 421 ms with nothing, 136 with the import, 29 with all of this.
Each patch only keeps what is the same for every session: service models, endpoint rule sets, the default session.
"""

from __future__ import annotations

import os
from typing import Any

# The clients that functions make most; each model is kept once it was loaded.
_SERVICES = ("dynamodb", "s3", "sqs", "sns", "events", "kinesis", "secretsmanager", "ssm", "lambda", "stepfunctions")

_ROUNDS = 8  # Python 3.11: code is adapted when it has been run that often

# The default session of the parent knows no region and no credentials, which are looked up when they are needed, but
# it has looked for a configuration file and for further data. Source: `configprovider.py` of botocore.
_READ_BY_SESSIONS = frozenset(
    {"AWS_CONFIG_FILE", "AWS_DATA_PATH", "AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"}
)


def warm() -> None:
    """Imports boto3 and loads the data of `_SERVICES`; no credentials and no region stay behind."""
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    import boto3.session
    import botocore.endpoint_provider
    import botocore.loaders
    import botocore.session

    loader = botocore.loaders.create_loader()
    # The name that sessions look up is the one in botocore.session.
    botocore.session.create_loader = lambda search_path_string=None: (
        loader if search_path_string is None else botocore.loaders.create_loader(search_path_string)
    )
    rule_sets: dict[tuple[int, int], object] = {}
    parse = botocore.endpoint_provider.RuleSet

    def parsed_once(**data: object) -> object:
        # The loader above hands out the same objects each time, so their identity stands for their content.
        key = (id(data["rules"]), id(data["partitions"]))
        if key not in rule_sets:
            rule_sets[key] = parse(**data)
        return rule_sets[key]

    botocore.endpoint_provider.RuleSet = parsed_once
    throwaway = boto3.session.Session(aws_access_key_id="-", aws_secret_access_key="-", region_name="us-east-1")
    for service in _SERVICES:
        throwaway.client(service)
    _settle_code(throwaway)
    boto3.setup_default_session()


def forget_session() -> None:
    """Lets the function make its default session itself, if its variables say what only a new one would read."""
    if not _READ_BY_SESSIONS.isdisjoint(os.environ):
        import boto3

        boto3.DEFAULT_SESSION = None


def _settle_code(session: Any) -> None:
    """Runs what every client is made by until the interpreter has adapted its code, which each child would write to."""
    for _ in range(_ROUNDS):
        session.client("sqs")
        again = type(session)()
        again.get_credentials()
