"""`AWS::KinesisFirehose::DeliveryStream`.

moto keeps what a destination says; the harness's own delivery acts on it.
Source: CloudFormation Template Reference, "AWS::KinesisFirehose::DeliveryStream".
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import HoldsNothing, Properties, remake, unless_gone

_GONE: Final = ("ResourceNotFoundException",)
_BUFFERING: Final = reads("IntervalInSeconds SizeInMBs")
_LOGGING: Final = reads("Enabled LogGroupName LogStreamName")
_PROCESSING: Final = reads("Enabled", Processors=reads("Type", Parameters=reads("ParameterName ParameterValue")))
_RETRY: Final = reads("DurationInSeconds")
_SECRET: Final = reads("Enabled RoleARN SecretARN")
_S3: Final = reads(
    "BucketARN CompressionFormat ErrorOutputPrefix Prefix RoleARN",
    BufferingHints=_BUFFERING,
    CloudWatchLoggingOptions=_LOGGING,
    EncryptionConfiguration=reads("NoEncryptionConfig", KMSEncryptionConfig=reads("AWSKMSKeyARN")),
)
_ANY: Final[PropertyTree] = reads(
    CloudWatchLoggingOptions=_LOGGING,
    ProcessingConfiguration=_PROCESSING,
    RetryOptions=_RETRY,
    S3Configuration=_S3,
)
_BASE: Final[PropertyTree] = {**_ANY, **reads("RoleARN S3BackupMode", BufferingHints=_BUFFERING)}
_SEARCH: Final[PropertyTree] = {
    **_BASE,
    **reads(
        "ClusterEndpoint DomainARN IndexName IndexRotationPeriod TypeName",
        DocumentIdOptions=reads("DefaultDocumentIdFormat"),
    ),
    **records("VpcConfiguration"),
}
_CONVERSION: Final = reads(
    "Enabled",
    InputFormatConfiguration=reads(
        Deserializer=reads(
            HiveJsonSerDe=reads("TimestampFormats"),
            OpenXJsonSerDe=reads("CaseInsensitive ColumnToJsonKeyMappings ConvertDotsInJsonKeysToUnderscores"),
        )
    ),
    OutputFormatConfiguration=reads(
        Serializer=reads(
            OrcSerDe=reads(
                "BlockSizeBytes BloomFilterColumns BloomFilterFalsePositiveProbability Compression "
                "DictionaryKeyThreshold EnablePadding FormatVersion PaddingTolerance RowIndexStride StripeSizeBytes"
            ),
            ParquetSerDe=reads(
                "BlockSizeBytes Compression EnableDictionaryCompression MaxPaddingBytes PageSizeBytes WriterVersion"
            ),
        )
    ),
    SchemaConfiguration=reads("CatalogId DatabaseName Region RoleARN TableName VersionId"),
)
_DESTINATIONS: Final[PropertyTree] = {
    "AmazonOpenSearchServerlessDestinationConfiguration": {
        **_BASE,
        **reads("CollectionEndpoint IndexName"),
        **records("VpcConfiguration"),
    },
    "AmazonopensearchserviceDestinationConfiguration": _SEARCH,
    "ElasticsearchDestinationConfiguration": _SEARCH,
    "ExtendedS3DestinationConfiguration": {
        **_S3,
        **reads(
            "CustomTimeZone FileExtension S3BackupMode",
            DataFormatConversionConfiguration=_CONVERSION,
            DynamicPartitioningConfiguration=reads("Enabled", RetryOptions=_RETRY),
            ProcessingConfiguration=_PROCESSING,
            S3BackupConfiguration=_S3,
        ),
    },
    "HttpEndpointDestinationConfiguration": {
        **_BASE,
        **reads(
            EndpointConfiguration=reads("AccessKey Name Url"),
            RequestConfiguration=reads("ContentEncoding", CommonAttributes=reads("AttributeName AttributeValue")),
            SecretsManagerConfiguration=_SECRET,
        ),
    },
    "IcebergDestinationConfiguration": {
        **_ANY,
        **reads(
            "AppendOnly RoleARN s3BackupMode",
            BufferingHints=_BUFFERING,
            CatalogConfiguration=reads("CatalogArn WarehouseLocation"),
            DestinationTableConfigurationList=reads(
                "DestinationDatabaseName DestinationTableName S3ErrorOutputPrefix UniqueKeys",
                PartitionSpec=reads(Identity=reads("SourceName")),
            ),
            SchemaEvolutionConfiguration=reads("Enabled"),
            TableCreationConfiguration=reads("Enabled"),
        ),
    },
    "RedshiftDestinationConfiguration": {
        **_ANY,
        **reads(
            "ClusterJDBCURL Password RoleARN S3BackupMode Username",
            CopyCommand=reads("CopyOptions DataTableColumns DataTableName"),
            S3BackupConfiguration=_S3,
            SecretsManagerConfiguration=_SECRET,
        ),
    },
    "S3DestinationConfiguration": _S3,
    "SnowflakeDestinationConfiguration": {
        **_BASE,
        **reads(
            "AccountUrl ContentColumnName DataLoadingOption Database KeyPassphrase MetaDataColumnName PrivateKey "
            "Schema Table User",
            SecretsManagerConfiguration=_SECRET,
            SnowflakeRoleConfiguration=reads("Enabled SnowflakeRole"),
            SnowflakeVpcConfiguration=reads("PrivateLinkVpceId"),
        ),
    },
    "SplunkDestinationConfiguration": {
        **_ANY,
        **reads(
            "HECAcknowledgmentTimeoutInSeconds HECEndpoint HECEndpointType HECToken S3BackupMode",
            BufferingHints=_BUFFERING,
            SecretsManagerConfiguration=_SECRET,
        ),
    },
}
# moto knows OpenSearch under its former name only.
_FORMER_NAMES: Final = (
    "AmazonOpenSearchServerlessDestinationConfiguration",
    "AmazonopensearchserviceDestinationConfiguration",
)


class DeliveryStream(HoldsNothing):
    """A delivery stream. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "DeliveryStreamName DeliveryStreamType Tags",
            DeliveryStreamEncryptionConfigurationInput=reads("KeyARN KeyType"),
            KinesisStreamSourceConfiguration=reads("KinesisStreamARN RoleARN"),
        ),
        **_DESTINATIONS,
        **records("DatabaseSourceConfiguration DirectPutSourceConfiguration MSKSourceConfiguration"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the stream."""
        properties = resource.properties
        name = properties.get("DeliveryStreamName") or resource.generated_name(length_max=64)
        request = _request(properties)
        firehose = context.client("firehose", resource)
        arn = call(firehose, "create_delivery_stream", request, DeliveryStreamName=name)["DeliveryStreamARN"]
        return Provisioned(physical_id=name, attributes={"Arn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes the stream anew: moto's update keeps parts of the former destination."""
        return remake(self, created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the stream."""
        with unless_gone(*_GONE):
            context.client("firehose", created.resource).delete_delivery_stream(
                DeliveryStreamName=created.provisioned.physical_id
            )


def _request(properties: Properties) -> dict[str, Any]:
    request = {name: value for name, value in properties.items() if name not in _FORMER_NAMES}
    for name in _FORMER_NAMES:
        given = properties.get(name)
        if given:
            endpoint = given.get("CollectionEndpoint") or given.get("ClusterEndpoint")
            request["ElasticsearchDestinationConfiguration"] = {**given, "ClusterEndpoint": endpoint}
    return request
