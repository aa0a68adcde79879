"""Windows of databases that moto refuses and Amazon RDS takes: from Sunday to Monday, and right after one another.

Private surface used, of `moto.rds.utils`: `get_start_date_end_date`, whose Monday is always before its Sunday;
`get_overlap_between_two_date_ranges`, seconds, of which 0 is refused as well.
Canary: tests/unit/harness/provisioners/test_provisioner_databases.py.
Source: Amazon RDS API Reference, "CreateDBInstance" (PreferredMaintenanceWindow: ddd:hh24:mi-ddd:hh24:mi; at least 30
minutes); Amazon RDS User Guide, "Adjusting the preferred DB instance maintenance window" ("can't overlap"). No page
says that windows which only touch do not overlap.
"""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_RANGES: Final = "moto.rds.utils"
_WEEK: Final = timedelta(days=7)
_APART: Final = -1


def mend_windows() -> None:
    """From now on a week has no end, and windows share a moment only where they overlap. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _RANGES:
        return
    ranges: Any = module
    own_bounds, own_overlap = ranges.get_start_date_end_date, ranges.get_overlap_between_two_date_ranges

    @functools.wraps(own_bounds)
    def bounds(base_date: str, window: str) -> tuple[datetime, datetime]:
        start, end = own_bounds(base_date, window)
        return start, end + _WEEK if end < start else end

    @functools.wraps(own_overlap)
    def overlap(*ends: datetime) -> int:
        return int(own_overlap(*ends)) or _APART

    ranges.get_start_date_end_date, ranges.get_overlap_between_two_date_ranges = bounds, overlap
