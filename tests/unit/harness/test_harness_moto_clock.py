"""Which clock moto follows, where it is given more than one: in a process that loads it for several harnesses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_moto_follows_the_last_clock_that_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "moto").mkdir()
    (tmp_path / "moto" / "__init__.py").write_text("from time import time\n")
    program = """
import datetime, sys, time
sys.path.insert(0, sys.argv[1])
from lambdakit.harness.moto_state.time import follow_clock
follow_clock(lambda: datetime.timedelta(hours=5))
import moto
follow_clock(lambda: datetime.timedelta(hours=7))
print(round((moto.time() - time.time()) / 3600, 2))
"""

    told = subprocess.run(
        [sys.executable, "-P", "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert float(told.stdout) == 7
