"""The code of what a function has around it, which is a part of those in `codes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.explanation import Explanation

FUNCTION_CODES: Final[Mapping[str, Explanation]] = {
    "LK177": Explanation(
        "something around a function that does not fit it",
        "Security groups and file systems are of functions in the document's network. An access point of EFS needs its "
        "file_system_id beside it, one of S3 Files names its file system itself. A function has five layers at most, "
        "with those of insights_version, params_and_secrets and adot_instrumentation, and starts in Python by "
        "instrument_handler. An alias that splits its traffic between versions, which are one function's, has neither "
        "provisioned concurrency nor a gradual deployment. snap_start goes with runtimes from Python 3.12, Java 11 and "
        ".NET 8 on, and with neither provisioned concurrency, nor a file system, nor more than 512 MiB of /tmp.",
    ),
}
