"""moto's delivery streams: what is put into one is handed over, instead of being written to S3 at once.

Private surface used: of `moto.firehose.models` `firehose_backends`, `FirehoseBackend.put_record_batch`,
`send_log_event`, `create_delivery_stream` and `delete_delivery_stream`, `delivery_streams`, and of a `DeliveryStream`
`delivery_stream_name`, `delivery_stream_arn`, `delivery_stream_type`, `version_id`, `source` and `destinations`.
Canary: tests/unit/harness/test_harness_moto_pushers.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

_MODULE: Final = "moto.firehose.models"
_FROM_KINESIS: Final = "KinesisStreamAsSource"
_NOT_PERMITTED: Final = "This operation is not permitted on KinesisStreamAsSource delivery stream type."
# Amazon Data Firehose API Reference, "PutRecordBatch" and "Record".
_RECORDS_MAX: Final = 500
_RECORD_BYTES_MAX: Final = 1_024_000
_BATCH_BYTES_MAX: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStreamState:
    """A delivery stream.

    kind: of its destination, as moto names it, such as `ExtendedS3`. settings: the destination's, as the API has them.
    source_arn, source_role: of the Kinesis stream that feeds it; empty for one that is put to.
    """

    name: str
    arn: str
    version: str
    kind: str
    settings: Mapping[str, Any]
    source_arn: str = ""
    source_role: str = ""

    @property
    def account_id(self) -> str:
        """Whose it is."""
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        """Where it is."""
        return self.arn.split(":")[3]


# ARN and the data of each record -> the records' ids.
Put = Callable[[str, Sequence[bytes]], Sequence[str]]


class DeliveryStreams:
    """The delivery streams of all accounts. changed: told the ARN of one that was made or deleted."""

    def __init__(self, put: Put, changed: Callable[[str], None]) -> None:
        self._put = put
        self._changed = changed
        change_when_loaded(self._change)

    def find(self, arn: str) -> DeliveryStreamState | None:
        """The delivery stream of that ARN; None when there is none."""
        models: Any = loaded(_MODULE)
        parts = arn.split(":")
        if models is None or len(parts) != 6:
            return None
        stream = models.firehose_backends[parts[4]][parts[3]].delivery_streams.get(parts[5].partition("/")[2])
        return None if stream is None else _state(stream)

    def all(self) -> Sequence[str]:
        """The ARNs of all there are."""
        models: Any = loaded(_MODULE)
        if models is None:
            return []
        return [
            stream.delivery_stream_arn
            for regions in list(models.firehose_backends.values())
            for backend in list(regions.values())
            for stream in list(backend.delivery_streams.values())
        ]

    def _change(self, module: ModuleType) -> None:
        if module.__name__ != _MODULE:
            return
        loaded: Any = module
        backend_class = loaded.FirehoseBackend
        own_create = _original(backend_class.create_delivery_stream)
        own_delete = _original(backend_class.delete_delivery_stream)
        own_put = _original(backend_class.put_record_batch)

        @functools.wraps(own_put)
        def put_record_batch(
            backend: Any, delivery_stream_name: str, records: Sequence[Mapping[str, Any]]
        ) -> dict[str, Any]:
            stream = backend.delivery_streams.get(delivery_stream_name)
            if stream is None:
                raise _error("ResourceNotFoundException", _gone(delivery_stream_name, backend.account_id))
            if stream.delivery_stream_type == _FROM_KINESIS:
                raise _error("InvalidArgumentException", _NOT_PERMITTED)
            data = [_data(record) for record in records]
            _check(data)
            answers = [{"RecordId": record_id} for record_id in self._put(stream.delivery_stream_arn, data)]
            return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": answers}

        @functools.wraps(own_create)
        def create_delivery_stream(backend: Any, *arguments: Any, **named: Any) -> str:
            arn = str(own_create(backend, *arguments, **named))
            self._changed(arn)
            return arn

        @functools.wraps(own_delete)
        def delete_delivery_stream(backend: Any, delivery_stream_name: str) -> None:
            stream = backend.delivery_streams.get(delivery_stream_name)
            own_delete(backend, delivery_stream_name)
            if stream is not None:
                self._changed(stream.delivery_stream_arn)

        backend_class.put_record_batch = put_record_batch
        backend_class.create_delivery_stream = create_delivery_stream
        backend_class.delete_delivery_stream = delete_delivery_stream
        backend_class.send_log_event = _send_nothing


def _state(stream: Any) -> DeliveryStreamState:
    destination = stream.destinations[0]
    # Beside an ExtendedS3 destination moto keeps it as S3 once more.
    kind = next(name for name in sorted(destination, key=lambda name: name == "S3") if name != "destination_id")
    source = stream.source or {}
    return DeliveryStreamState(
        name=stream.delivery_stream_name,
        arn=stream.delivery_stream_arn,
        version=str(stream.version_id),
        kind=kind,
        settings=destination[kind],
        source_arn=str(source.get("KinesisStreamARN") or ""),
        source_role=str(source.get("RoleARN") or ""),
    )


def _data(record: Mapping[str, Any]) -> bytes:
    data = record["Data"]
    return data.encode() if isinstance(data, str) else bytes(data)


def _check(data: Sequence[bytes]) -> None:
    if not 1 <= len(data) <= _RECORDS_MAX:
        raise _error("InvalidArgumentException", f"A batch holds 1 to {_RECORDS_MAX} records, not {len(data)}.")
    if max(map(len, data)) > _RECORD_BYTES_MAX:
        raise _error("InvalidArgumentException", f"A record holds at most {_RECORD_BYTES_MAX} bytes.")
    if sum(map(len, data)) > _BATCH_BYTES_MAX:
        raise _error("InvalidArgumentException", f"A batch holds at most {_BATCH_BYTES_MAX} bytes.")


def _gone(name: str, account_id: str) -> str:
    return f"Firehose {name} under account {account_id} not found."


def _error(name: str, message: str) -> Exception:
    from moto.firehose import exceptions

    error: Exception = getattr(exceptions, name)(message)
    return error


def _send_nothing(*_: object, **__: object) -> None:
    """Instead of what moto makes of a log group's subscription."""


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)
