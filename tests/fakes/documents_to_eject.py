"""Documents that between them say everything that a document can say, and a project in which they are valid."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.fakes.every_api import EVERY_API
from tests.fakes.sectioned_documents import DEFINITION, ENVIRONMENTS, KNOWN, PART, SHARED, WATCHED, WRITTEN_OUT
from tests.fakes.stacked_document import SEVERAL_STACKS
from tests.fakes.surrounded_functions import SURROUNDED

_SOURCES: Final = """\
application: every-source
defaults: {timeout: 5s, environment: {LEVEL: INFO}}
patterns:
  queued:
    kind: event_processing
    source: {kind: sqs, batch_size: 20, max_batching_window: 1s, filters: [{body: {text: [{exists: true}]}}]}
    function: &function {code: code, handler: app.handler}
    targets:
      files: {kind: s3, prefix: out/, access: read_write, removal_policy: destroy}
      items:
        kind: dynamodb
        partition_key: {name: id, type: number}
        sort_key: at
        time_to_live_attribute: expires
        point_in_time_recovery: false
        removal_policy: destroy
        global_secondary_indexes:
          - {index_name: by_name, partition_key: name, sort_key: at, projection_type: include, non_key_attributes: [a]}
      jobs: {kind: sqs, fifo: true, retention_period: 1d}
      news: {kind: sns}
      bus: {kind: event_bridge}
      flow: {kind: step_functions, definition: flow.asl.json}
  told:
    kind: event_processing
    source: {kind: sns, filter_policy: {store: [berlin]}, filter_policy_scope: message_body}
    function: *function
    on_failure: {kind: sns}
  placed:
    kind: event_processing
    source: {kind: event_rule, event_pattern: {source: [shop.orders], detail: {total: [{numeric: [">", 100]}]}}}
    function: *function
    on_failure: {kind: s3}
  timed:
    kind: event_processing
    source: {kind: schedule, schedule: rate(5 minutes), timezone: Europe/Berlin, input: {a: [1, 2.5, true, "x"]}}
    function: *function
    on_failure: {kind: event_bridge}
  notified:
    kind: event_processing
    source: {kind: s3, via: notification, events: [object_created, object_removed], prefix: in/, suffix: .txt}
    function: *function
    on_failure: {kind: sqs, retention_period: 3d}
  device: {kind: event_processing, source: {kind: iot_rule, sql: "SELECT * FROM 'a/+/b'"}, function: *function}
  recorded:
    kind: event_processing
    source: {kind: config_rule, resource_types: ["AWS::S3::Bucket"], input_parameters: {a: b}}
    function: *function
  logged:
    kind: event_processing
    source: {kind: logs, filter_pattern: '"ERROR"', log_retention: 90d}
    function: *function
  watched:
    kind: event_processing
    source: {kind: alarm, namespace: AWS/SQS, metric_name: Age, threshold: 300, states: [alarm, ok], dimensions: {Q: q}}
    function: *function
  signed: {kind: event_processing, source: {kind: cognito, triggers: [pre_sign_up]}, function: *function}
"""

_EXISTING: Final = """\
application: existing
patterns:
  queued:
    kind: event_processing
    source: {kind: sqs, queue_arn: "arn:aws:sqs:us-east-1:123456789012:jobs"}
    function: &function {code: code, handler: app.handler}
    targets:
      files: {kind: s3, bucket_name: some-files}
      items: {kind: existing_table, table_name: items, access: read_write}
      jobs: {kind: sqs, queue_arn: "arn:aws:sqs:us-east-1:123456789012:more"}
      news: {kind: sns, topic_arn: "arn:aws:sns:us-east-1:123456789012:news"}
      bus: {kind: event_bridge, event_bus_name: default}
      flow: {kind: step_functions, state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:flow"}
  told:
    kind: event_processing
    source: {kind: sns, topic_arn: "arn:aws:sns:us-east-1:123456789012:told"}
    function: *function
    on_failure: {kind: sns, topic_arn: "arn:aws:sns:us-east-1:123456789012:failed"}
  uploaded:
    kind: event_processing
    source: {kind: s3, bucket_name: uploads, object_access: none}
    function: *function
    on_failure: {kind: s3, bucket_name: failed-events}
  placed:
    kind: event_processing
    source: {kind: event_rule, event_bus_name: shop, event_pattern: {source: [shop]}}
    function: *function
  logged: {kind: event_processing, source: {kind: logs, log_group_name: /aws/else}, function: *function}
  clicks:
    kind: stream_processing
    source: {kind: kinesis, stream_arn: "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"}
    function: *function
    delivery: {kind: firehose, bucket_name: kept-clicks}
  changes:
    kind: stream_processing
    source:
      kind: dynamo_stream
      table_stream_arn: arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2024-01-01T00:00:00.000
    function: *function
    delivery: {kind: existing_table, table_name: changes}
  topic:
    kind: stream_processing
    source:
      kind: msk
      cluster_arn: arn:aws:kafka:us-east-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1
      topic: clicks
      secret_arn: arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_clicks-a1b2c3
    function: *function
    on_failure: {kind: sqs, queue_arn: "arn:aws:sqs:us-east-1:123456789012:failed"}
    delivery: {kind: kinesis, stream_arn: "arn:aws:kinesis:us-east-1:123456789012:stream/out"}
  orders:
    kind: api_backend
    table: {table_name: known-orders, grant_index_permissions: true}
    api: {type: http, authorizer: {kind: cognito, user_pool_id: us-east-1_aBcDeFgHi, client_ids: [one, two]}}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, table_access: read}
      POST /orders: {function: list_orders}
"""

_STREAMS: Final = """\
application: streams
patterns:
  handed_on:
    kind: stream_processing
    source:
      kind: kinesis
      enhanced_fan_out: true
      starting_position: at_timestamp
      starting_position_timestamp: 1700000000
      retention_period: 3d
      tumbling_window: 30s
      max_record_age: 1h
    function: &function {code: code, handler: app.handler}
    delivery: {kind: kinesis, shard_count: 1, removal_policy: destroy}
    on_failure: {kind: s3}
  kept:
    kind: stream_processing
    source: {kind: dynamo_stream, table: {partition_key: id}, stream: keys_only, starting_position: latest}
    function: *function
    delivery: {kind: dynamodb, partition_key: id}
    on_failure: {kind: sns}
  gathered:
    kind: stream_processing
    source:
      kind: msk
      cluster_arn: arn:aws:kafka:us-east-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1
      topic: clicks
      provisioned_pollers: {maximum_pollers: 2}
      retry_attempts: 1
    function: *function
    delivery: {kind: firehose, buffering_interval: 1m, buffering_size: 1, compression: uncompressed, prefix: a/}
  found:
    kind: stream_processing
    source: {kind: kinesis, filters: [{data: {text: [{prefix: wanted}]}}], retry_attempts: 0}
    function: *function
    delivery:
      kind: open_search
      domain_arn: arn:aws:es:us-east-1:123456789012:domain/clicks
      domain_endpoint: search-clicks-abc.us-east-1.es.amazonaws.com
      index: clicks
"""

_FUNCTIONS: Final = """\
application: Functions-2
defaults: {tags: {team: orders}, retry_attempts: 1, architecture: x86_64, runtime: python3.12}
layers:
  shared: {code: layers/shared}
  other-one: {code: layers/shared}
network: {vpc: {max_azs: 3, nat_gateways: 0, endpoints: [dynamodb, sqs], cidr: 10.1.0.0/16, ipv6: true}}
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    acknowledge: {AwsSolutions-APIG4: Everybody may., AwsSolutions-L1: "It's \\"known\\"."}
    routes:
      GET /orders:
        name: list_orders
        code: code
        handler: app.handler
        table_access: read
        function_name: list-orders
        application_log_level: warn
        system_log_level: debug
        max_event_age: 1h
        recursive_loop: allow
        layers: [shared, other-one]
        memory_size: 1 GiB
        timeout: 29s
        ephemeral_storage_size: 2 GiB
        tracing: pass_through
        log_retention: 90d
        deployment: {config: linear_10_percent_every_1_minute}
        function_url: {auth_type: none, invoke_mode: response_stream, cors: {allow_origins: ["*"], max_age: 1h}}
        alarms: {throttles: none, iterator_age: 1h}
        tags: {cost: "1"}
        alias:
          name: production
          description: What runs.
          provisioned_scaling: {max_capacity: 4, schedules: [{schedule: cron(0 8 ? * MON-FRI *), min_capacity: 2}]}
      POST /orders: {name: create_order, code: code, handler: app.handler, snap_start: true}
      PUT /orders: {name: node, code: code, handler: index.handler, runtime: nodejs22.x, architecture: arm_64}
      PATCH /orders: {name: own, code: code, handler: bootstrap, runtime: provided.al2023}
      DELETE /orders:
        name: java
        code: code
        handler: "a.B::c"
        runtime: java21
        alias: {provisioned_concurrent_executions: 1}
"""

# Keys that are keywords, builtins, attributes of a stack, the same once they are names; texts that need escapes.
_FILLED_IN: Final = {
    "<words>": "words and " * 30,
    "<lines>": "line after line\\n" * 20,
    "<word>": "w" * 300,
    "<wide>": "文字化け" * 30,
    "<id>": "i" * 60,
}
_HOSTILE: Final = """\
application: class
layers:
  lambda: {code: layers/shared}
patterns:
  tags: &pattern
    kind: event_processing
    source: {kind: sqs}
    function: {code: code, handler: app.handler, layers: [lambda]}
  class: *pattern
  None: *pattern
  node: *pattern
  self: *pattern
  my-orders: *pattern
  myURLs-2: *pattern
  my_ur_ls_2: *pattern
  URLShortener2: *pattern
  sqs:
    kind: event_processing
    source: {kind: sqs, queue_arn: "arn:aws:sqs:us-east-1:123456789012:jobs"}
    targets:
      import: {kind: sqs, queue_arn: "arn:aws:sqs:us-east-1:123456789012:jobs"}
      print: {kind: s3, bucket_name: some-files}
    function:
      code: "odd 'name' of \\"code\\" ünï {x}"
      handler: app.handler
      description: "a \\"quoted\\" 'text'\\nof two lines, with \\\\ and {braces} and ${PARAMETERS} and 文字化け"
      environment:
        LONG: "<words>"
        LINES: "<lines>"
        WORD: "<word>"
        SINGLE: "it's"
        EMPTY: ""
        SEPARATOR: "a\\u2028b\\u00a0c\\td"
        WIDE: "<wide>"
  "<id>": *pattern
"""


DOCUMENTS: Final[Mapping[str, str]] = {
    "apis": EVERY_API,
    "sources": _SOURCES,
    "existing": _EXISTING,
    "streams": _STREAMS,
    "functions": _FUNCTIONS,
    "shared": SHARED,
    "known": KNOWN,
    "written_out": WRITTEN_OUT,
    "watched": WATCHED,
    "environments": ENVIRONMENTS,
    "surrounded": SURROUNDED,
    "several": SEVERAL_STACKS,
    "hostile": re.sub("<[a-z]+>", lambda found: _FILLED_IN[found[0]], _HOSTILE),
}


def write_project(directory: Path, document: str) -> Path:
    """The document's path in `directory`, which then holds all that the documents above name."""
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    files = {
        "lambdakit.yaml": document,
        "flow.asl.json": json.dumps(definition),
        "order.asl.json": DEFINITION,
        "parts/orders.yaml": PART,
        "layers/shared/python/shared.py": "ANSWER = 42\n",
        **{
            f"{folder}/{name}": "def handler(event, context): ...\n"
            for folder in ("code", "odd 'name' of \"code\" ünï {x}")
            for name in ("app.py", "index.js", "bootstrap", "a/B.class")
        },
    }
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory / "lambdakit.yaml"
