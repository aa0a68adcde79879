"""A schedule comes at some time, in a time zone that there is.

Sources: EventBridge Scheduler User Guide, "Time zones on EventBridge Scheduler": names of the IANA time zone database;
Application Auto Scaling User Guide, "Schedule recurring scaling actions using cron expressions": the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from lambdakit.spec.event_sources.schedule import ScheduleSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.function import Alias
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.schedule_text import schedule_faults
from lambdakit.spec.wording import quoted

_CODE: Final = "LK179"
# Entries of a machine's database that are no names of zones.
_OF_THE_MACHINE: Final = frozenset({"Factory", "localtime", "posix", "posixrules", "right"})
# What people call the zones of their countries and clocks.
_OTHER_NAMES: Final = {"z": "UTC", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "cest": "CET"}


def schedules(context: RuleContext) -> Iterator[Finding]:
    """A finding for each fault of a schedule, and for each unknown time zone."""
    for pointer, text, zone_pointer, zone in _written(context):
        for problem, hint in schedule_faults(text):
            yield Finding(code=_CODE, pointer=pointer, problem=problem, hint=hint)
        if zone is not None and not _is_known(zone):
            yield _unknown(zone_pointer, zone)


def _written(context: RuleContext) -> Iterator[tuple[Pointer, str, Pointer, str | None]]:
    for key, pattern in context.event_processings():
        if isinstance(pattern.source, ScheduleSource):
            place: Pointer = ("patterns", key, "source")
            source = pattern.source
            yield (*place, "schedule"), source.schedule, (*place, "timezone"), source.timezone
    aliases: list[tuple[Pointer, Alias | None]] = [(("defaults",), context.application.defaults.alias)]
    aliases += [(function.pointer, function.written.alias) for function in context.functions]
    for owner, alias in aliases:
        scaling = alias.provisioned_scaling if alias is not None else None
        for number, moment in enumerate(scaling.schedules if scaling is not None else ()):
            place = (*owner, "alias", "provisioned_scaling", "schedules", number)
            yield (*place, "schedule"), moment.schedule, (*place, "time_zone"), moment.time_zone


def _is_known(zone: str) -> bool:
    import zoneinfo  # few documents name one

    try:
        zoneinfo.ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # no such zone, no such name, a directory of zones
        return zone == "UTC" or not _names()
    return zone.partition("/")[0] not in _OF_THE_MACHINE


@cache
def _names() -> frozenset[str]:
    """All that the machine's database has; nothing where it has none, and nothing can be said."""
    import zoneinfo

    return frozenset(zoneinfo.available_timezones())


def _unknown(pointer: Pointer, zone: str) -> Finding:
    names = sorted(_names())
    by_letters = {name.casefold(): name for name in names}
    by_city = {name.rpartition("/")[2].casefold(): name for name in names if "/" in name}
    folded = zone.casefold().replace(" ", "_")
    close = (
        by_letters.get(folded)
        or by_city.get(folded.rpartition("/")[2])
        or _OTHER_NAMES.get(folded)
        or nearest(zone, names)
        or _of_city(folded.rpartition("/")[2], by_city)
    )
    hint = f"write {close}" if close else "write a name of the IANA time zone database, such as Europe/Berlin"
    return Finding(code=_CODE, pointer=pointer, problem=f"{quoted(zone)} is no time zone that there is", hint=hint)


def _of_city(city: str, by_city: dict[str, str]) -> str | None:
    close = nearest(city, by_city)
    return by_city[close] if close else None
