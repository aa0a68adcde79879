"""Which sources are pulled from, by the service that their ARN names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdakit.harness.event_source_mapping.calls import Poller, Surroundings
from lambdakit.harness.event_source_mapping.mappings import MakePoller
from lambdakit.harness.event_source_mapping.pollers.documentdb import DocumentDbForm
from lambdakit.harness.event_source_mapping.pollers.dynamodb import DynamoDbSource
from lambdakit.harness.event_source_mapping.pollers.kafka import KafkaForm
from lambdakit.harness.event_source_mapping.pollers.kinesis import KinesisSource
from lambdakit.harness.event_source_mapping.pollers.mq import MqForm
from lambdakit.harness.event_source_mapping.pollers.sqs import SqsPoller
from lambdakit.harness.event_source_mapping.positions import Positions
from lambdakit.harness.event_source_mapping.sent_records import MakeForm, SentRecords
from lambdakit.harness.event_source_mapping.stream_poller import StreamPoller
from lambdakit.harness.event_source_mapping.stream_source import StreamSource
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.moto_state.item_expiry import ItemExpiry
from lambdakit.harness.moto_state.queues import Queues
from lambdakit.harness.moto_state.streams import KinesisStreams
from lambdakit.harness.moto_state.table_streams import TableStreams

# A client of the account's administrator: service, region, account.
Clients = Callable[[str, str, str], Any]


class PulledSources:
    """Everything that mappings pull from. Make it before moto's services are loaded.

    sent: what tests send to mappings whose source runs nowhere. streams: of Kinesis.
    user_id: the unique id of who signs with a key; empty for nobody known.
    """

    def __init__(
        self, stores: FunctionStores, clients: Clients, around: Surroundings, user_id: Callable[[str], str]
    ) -> None:
        self._positions = Positions()
        self._clients = clients
        forms: Mapping[str, MakeForm] = {
            "kafka": lambda mapping, clock: KafkaForm(mapping, clock, self._brokers),
            "self-managed-kafka": lambda mapping, clock: KafkaForm(mapping, clock, self._brokers),
            "mq": lambda mapping, clock: MqForm(mapping, clock, is_rabbit=self._is_rabbit(mapping)),
            "rds": DocumentDbForm,
        }
        self.sent = SentRecords(stores, around.clock, forms)
        queues, streams, tables = Queues(user_id), KinesisStreams(), TableStreams()
        self.streams = streams
        self._expiry = ItemExpiry(tables, around.clock)
        self.pollers: Mapping[str, MakePoller] = {
            "sqs": lambda mapping, around: SqsPoller(mapping, queues, around),
            "kinesis": self._stream(lambda mapping: KinesisSource(mapping, streams)),
            "dynamodb": self._stream(lambda mapping: DynamoDbSource(mapping, tables)),
            **dict.fromkeys(forms, self._stream(self.sent.source)),
        }

    def reset(self) -> None:
        """Begins anew with what the account holds now, before the pollers do."""
        self._positions.reset()
        self._expiry.reset()
        self.sent.reset()

    def _stream(self, source: Callable[[EventSourceMapping], StreamSource]) -> MakePoller:
        def make(mapping: EventSourceMapping, around: Surroundings) -> Poller:
            return StreamPoller(mapping, source(mapping), around, self._positions.of(mapping.uuid))

        return make

    def _brokers(self, cluster_arn: str) -> str:
        """The addresses of a cluster's brokers; empty where the account has no such cluster."""
        parts = cluster_arn.split(":")
        try:
            told = self._clients("kafka", parts[3], parts[4]).get_bootstrap_brokers(ClusterArn=cluster_arn)
        except ClientError:
            return ""
        return next((str(told[name]) for name in sorted(told) if name.startswith("BootstrapBrokerString")), "")

    def _is_rabbit(self, mapping: EventSourceMapping) -> bool:
        """Whether a broker is RabbitMQ: as it says, or else as only such a one has virtual hosts."""
        parts = mapping.source_arn.split(":")
        try:
            broker = self._clients("mq", parts[3], parts[4]).describe_broker(BrokerId=parts[-1])
        except ClientError:
            access = mapping.settings.get("SourceAccessConfigurations") or ()
            return any(one.get("Type") == "VIRTUAL_HOST" for one in access)
        return str(broker["EngineType"]).upper() == "RABBITMQ"
