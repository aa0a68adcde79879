"""AWS's numbers, each with its source: the only place in which a quota or a default is written down.

"DG" is the AWS Lambda Developer Guide, "API" the service's model in botocore.
"""

from __future__ import annotations

from typing import Final

MIB: Final = 1024 * 1024

# DG "Lambda quotas"; API CreateFunction.MemorySize
MEMORY_MIB_MIN: Final = 128
MEMORY_MIB_MAX: Final = 10_240
MEMORY_MIB_DEFAULT: Final = 128

# API CreateFunction.Timeout
TIMEOUT_SECONDS_MIN: Final = 1
TIMEOUT_SECONDS_MAX: Final = 900
TIMEOUT_SECONDS_DEFAULT: Final = 3

# API CreateFunction.EphemeralStorage
EPHEMERAL_STORAGE_MIB_MIN: Final = 512
EPHEMERAL_STORAGE_MIB_MAX: Final = 10_240
EPHEMERAL_STORAGE_MIB_DEFAULT: Final = 512

# DG "Lambda quotas": total size of a function's environment variables
ENVIRONMENT_BYTES_MAX: Final = 4 * 1024

# DG "Lambda quotas"
LAYERS_MAX: Final = 5
PACKAGE_UNZIPPED_BYTES_MAX: Final = 250 * MIB
IMAGE_BYTES_MAX: Final = 10 * 1024 * MIB
PACKAGE_UPLOADED_BYTES_MAX: Final = 50 * MIB
RESOURCE_POLICY_BYTES_MAX: Final = 20 * 1024
FUNCTION_NAME_LENGTH_MAX: Final = 64
ALIAS_NAME_LENGTH_MAX: Final = 128
HANDLER_LENGTH_MAX: Final = 128
DESCRIPTION_LENGTH_MAX: Final = 256

# DG "Lambda quotas": code storage of a region
CODE_STORAGE_BYTES_MAX: Final = 300 * 1024 * MIB

# DG "Using tags on Lambda functions"
TAGS_MAX: Final = 50

# DG "Control which events Lambda sends to your function"
EVENT_FILTERS_MAX: Final = 5

# DG "Implementing stateful Kinesis Data Streams processing in Lambda": the state of a tumbling window, for each shard
WINDOW_STATE_BYTES_MAX: Final = MIB

# DG "Lambda quotas": invocation payloads. The response check stands 100 bytes above the request's.
# Source: aws/aws-lambda-runtime-interface-emulator, interop/model.go
SYNC_REQUEST_BYTES_MAX: Final = 6 * MIB
SYNC_RESPONSE_BYTES_MAX: Final = 6 * MIB + 100

# DG "Lambda quotas": a streamed response, and the rate at which AWS sends what comes after its first 6 MB
STREAMED_RESPONSE_BYTES_MAX: Final = 200 * MIB
STREAMED_RESPONSE_UNCAPPED_BYTES: Final = 6 * MIB
STREAMED_RESPONSE_BYTES_PER_SECOND: Final = 2 * MIB

# API Invoke: 1 MB since October 2025, 256 KB before
ASYNC_REQUEST_BYTES_MAX: Final = MIB

# API PutFunctionEventInvokeConfig; the waits are from DG "How Lambda handles errors and retries with asynchronous
# invocation": 1 minute, 2 minutes; throttles and service errors 1 second to 5 minutes, doubling
ASYNC_RETRIES_DEFAULT: Final = 2
ASYNC_EVENT_AGE_SECONDS_MIN: Final = 60
ASYNC_EVENT_AGE_SECONDS_DEFAULT: Final = 6 * 60 * 60
ASYNC_RETRY_SECONDS: Final = 60
ASYNC_BACK_OFF_SECONDS_MIN: Final = 1
ASYNC_BACK_OFF_SECONDS_MAX: Final = 300

# API DurableConfig; DG "Lambda quotas": operations and storage of an execution; DG "Invoking Lambda durable functions":
# an execution that somebody waits for; API OperationUpdate.Payload; API GetDurableExecutionState.MaxItems
DURABLE_TIMEOUT_SECONDS_MIN: Final = 1
DURABLE_TIMEOUT_SECONDS_MAX: Final = 31_622_400
DURABLE_RETENTION_DAYS_MIN: Final = 1
DURABLE_RETENTION_DAYS_MAX: Final = 90
DURABLE_RETENTION_DAYS_DEFAULT: Final = 14
DURABLE_OPERATIONS_MAX: Final = 3_000
DURABLE_STORAGE_BYTES_MAX: Final = 100 * MIB
DURABLE_SYNC_SECONDS_MAX: Final = 15 * 60
DURABLE_PAYLOAD_BYTES_MAX: Final = MIB
DURABLE_PAGE_DEFAULT: Final = 100
DURABLE_PAGE_MAX: Final = 1_000

# DG "Troubleshooting tenant isolation": environments of all tenants, active or idle, for each of 1,000 concurrency
TENANT_ENVIRONMENTS_PER_THOUSAND: Final = 2_500

# DG "Adding a dead-letter queue": the message attribute ErrorMessage holds the first 1 KB
ERROR_MESSAGE_BYTES_MAX: Final = 1024

# DG "Lambda quotas", "Understanding Lambda function scaling" and "Lambda scaling behavior"
CONCURRENT_EXECUTIONS: Final = 1_000
UNRESERVED_CONCURRENCY_MIN: Final = 100
REQUESTS_PER_SECOND_AND_CONCURRENCY: Final = 10
SCALING_ENVIRONMENTS: Final = 1_000
SCALING_SECONDS: Final = 10

# DG "Understanding the Lambda execution environment lifecycle": the init phase of a provisioned environment has the
# larger of this and the function's own time-out
PROVISIONED_INIT_SECONDS: Final = 130

# API Invoke: X-Amz-Log-Result holds the last 4 KB
TAIL_LOG_BYTES: Final = 4 * 1024

# API Invoke: bytes of base64 in X-Amz-Client-Context
CLIENT_CONTEXT_BYTES_MAX: Final = 3_583

# DG "Understanding the execution environment lifecycle": the init phase on demand
INIT_SECONDS: Final = 10

# API SetQueueAttributes: VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy.maxReceiveCount
# Source: SQS API Reference; SQS Developer Guide, "Configuring a dead-letter queue using the Amazon SQS console"
QUEUE_VISIBILITY_SECONDS_MAX: Final = 12 * 60 * 60
QUEUE_RETENTION_SECONDS_MIN: Final = 60
QUEUE_RETENTION_SECONDS_MAX: Final = 14 * 24 * 60 * 60
QUEUE_RECEIVES_MAX: Final = 1_000

# DG "Configuring scaling behavior for SQS event source mappings" and API CreateEventSourceMapping
SQS_BATCH_MAX: Final = 10_000
SQS_BATCH_WITHOUT_WINDOW_MAX: Final = 10
SQS_CONCURRENCY_MIN: Final = 2
SQS_CONCURRENCY_MAX: Final = 1_000
BATCHING_WINDOW_SECONDS_MAX: Final = 300

# DG "Creating and configuring an Amazon SQS event source mapping": six times the function's time-out, plus the window
QUEUE_VISIBILITY_TIMEOUTS: Final = 6

# DG "Lambda parameters for Amazon Kinesis Data Streams event source mappings" and API CreateEventSourceMapping
STREAM_BATCH_DEFAULT: Final = 100
STREAM_BATCH_MAX: Final = 10_000
STREAM_PARALLELIZATION_MAX: Final = 10
STREAM_RETRIES_MAX: Final = 10_000
STREAM_RECORD_AGE_SECONDS_MIN: Final = 60
STREAM_RECORD_AGE_SECONDS_MAX: Final = 7 * 24 * 60 * 60
STREAM_TUMBLING_WINDOW_SECONDS_MAX: Final = 15 * 60

# API ProvisionedPollerConfig, of Kafka sources
KAFKA_MINIMUM_POLLERS_MAX: Final = 200
KAFKA_MAXIMUM_POLLERS_MAX: Final = 2_000

# API kinesis CreateStream.ShardCount, IncreaseStreamRetentionPeriod: 24 hours to 365 days
STREAM_SHARDS_MAX: Final = 1_000_000
STREAM_RETENTION_SECONDS_MIN: Final = 24 * 60 * 60
STREAM_RETENTION_SECONDS_MAX: Final = 365 * 24 * 60 * 60

# API firehose BufferingHints
DELIVERY_INTERVAL_SECONDS_MAX: Final = 900
DELIVERY_INTERVAL_SECONDS_DEFAULT: Final = 300
DELIVERY_SIZE_MIB_MAX: Final = 128
DELIVERY_SIZE_MIB_DEFAULT: Final = 5

# API PutTargets and scheduler CreateSchedule, RetryPolicy
EVENT_RETRIES_MAX: Final = 185
EVENT_AGE_SECONDS_MIN: Final = 60
EVENT_AGE_SECONDS_MAX: Final = 24 * 60 * 60

# API Gateway Developer Guide "Quotas for HTTP APIs"
HTTP_API_PAYLOAD_BYTES_MAX: Final = 10 * MIB
HTTP_API_ROUTES_MAX: Final = 300
HTTP_API_HEAD_BYTES_MAX: Final = 10_240

# API Gateway Developer Guide, "Quotas for configuring and running a REST API in API Gateway"
REST_API_HEADER_BYTES_MAX: Final = 20_480
REST_API_URL_CHARACTERS_MAX: Final = 10_240  # of a regional API
REST_API_EDGE_URL_CHARACTERS_MAX: Final = 8_192  # of an edge-optimized or private one
# the same, "Amazon API Gateway quotas"
REST_API_METHOD_ARN_BYTES_MAX: Final = 1_600

# Application Load Balancers guide "Use Lambda functions as targets": a request's body, and a function's result
LOAD_BALANCER_LAMBDA_BYTES_MAX: Final = MIB

# Elastic Load Balancing User Guide "HTTP header limits": a request line or a field, and all fields
LOAD_BALANCER_FIELD_BYTES_MAX: Final = 16 * 1024
LOAD_BALANCER_HEAD_BYTES_MAX: Final = 64 * 1024

# API Gateway Developer Guide "Quotas for configuring and running a WebSocket API"
WEBSOCKET_FRAME_BYTES_MAX: Final = 32 * 1024
WEBSOCKET_MESSAGE_BYTES_MAX: Final = 128 * 1024
WEBSOCKET_IDLE_SECONDS_MAX: Final = 10 * 60
WEBSOCKET_CONNECTION_SECONDS_MAX: Final = 2 * 60 * 60
WEBSOCKET_URL_CHARACTERS_MAX: Final = 4_096

# AWS General Reference "AWS AppSync endpoints and quotas": subscription payload size
APPSYNC_MESSAGE_BYTES_MAX: Final = 240 * 1024

# API Gateway Developer Guide "Configuring CORS for HTTP APIs"; API apigatewayv2 Cors.MaxAge
CORS_MAX_AGE_SECONDS_MAX: Final = 86_400

# DG "Working with Lambda environment variables", "Reserved environment variables", and the two that the JSON log format
# sets (DG "Log-level filtering"): no function can set them.
RESERVED_VARIABLES: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
