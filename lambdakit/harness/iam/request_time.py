"""Whether a signature is of now: neither too old, nor of the future, nor for longer than it may be."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from lambdakit.harness.iam.protocols import Protocol
from lambdakit.harness.iam.sign_in import SignInProblem, SignInRefused, refused
from lambdakit.harness.iam.signature import Signature

# Source: AWS API references, "Common Errors" (`RequestExpired`); Amazon S3 User Guide, "Signing and authenticating REST
# requests" (time stamp requirement).
_SKEW_MINUTES: Final = 15
SKEW: Final = timedelta(minutes=_SKEW_MINUTES)
# Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters": seven days.
_EXPIRES_SECONDS_MAX: Final = 604_800
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_STAMPS_KEPT: Final = 64  # clients write the same one for a second
_IS_STAMP: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")


def check_time(signature: Signature, now: datetime, protocol: Protocol) -> None:
    """Refuses a signature that is not good at `now`: SignInRefused, as a service that speaks `protocol` words it.

    Source: IAM User Guide, "Troubleshoot signed requests for AWS APIs", "Credential scope errors".
    """
    stamp, day = _stamp(signature.timestamp)
    if stamp is None:
        problem = f"Date must be in ISO-8601 'basic format'. Got '{signature.timestamp}'."
        raise refused(SignInProblem.INCOMPLETE, protocol, problem)
    if day != signature.date:
        problem = (
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signature.date}' != '{day}', from '{stamp:{_STAMP}}'."
        )
        refusal = refused(SignInProblem.WRONG_SIGNATURE, protocol)
        raise SignInRefused(refusal.code, problem, refusal.status)
    if signature.expires_seconds is not None and signature.expires_seconds > _EXPIRES_SECONDS_MAX:
        raise _too_long(protocol)
    lasts = SKEW if signature.expires_seconds is None else timedelta(seconds=signature.expires_seconds)
    if now - stamp > lasts:
        problem = (
            f"Signature expired: {stamp:{_STAMP}} is now earlier than {now - lasts:{_STAMP}} "
            f"({now:{_STAMP}} - {int(lasts.total_seconds()) // 60} min.)"
        )
        is_presigned = signature.expires_seconds is not None
        raise refused(SignInProblem.EXPIRED_REQUEST if is_presigned else SignInProblem.WRONG_TIME, protocol, problem)
    if stamp - now > SKEW:
        problem = (
            f"Signature not yet current: {stamp:{_STAMP}} is still later than {now + SKEW:{_STAMP}} "
            f"({now:{_STAMP}} + {_SKEW_MINUTES} min.)"
        )
        raise refused(SignInProblem.WRONG_TIME, protocol, problem)


def moment_of(text: str) -> datetime | None:
    """A time as ISO 8601 or RFC 9110 writes it; None for what is neither."""
    try:
        if _IS_STAMP.fullmatch(text):
            year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
            return datetime(year, month, day, int(text[9:11]), int(text[11:13]), int(text[13:15]), tzinfo=UTC)
        moment = datetime.fromisoformat(text) if text[:4].isdecimal() else parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@functools.lru_cache(maxsize=_STAMPS_KEPT)
def _stamp(text: str) -> tuple[datetime | None, str]:
    """The moment, and its day as a credential scope has it."""
    stamp = moment_of(text)
    return stamp, "" if stamp is None else f"{stamp:%Y%m%d}"


def _too_long(protocol: Protocol) -> SignInRefused:
    problem = (
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
        f"{_EXPIRES_SECONDS_MAX} seconds"
    )
    if protocol is Protocol.S3:
        return SignInRefused("AuthorizationQueryParametersError", problem, 400)
    return refused(SignInProblem.INCOMPLETE, protocol, problem)
