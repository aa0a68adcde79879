"""A document with every kind of resource, each shared by several patterns, and a state machine between them."""

from __future__ import annotations

from typing import Final

# The state machine's definition is `flow.asl.json`, beside the document.
EVERY_RESOURCE: Final = """\
application: every
resources:
  jobs: {kind: queue, max_receive_count: 2, dead_letter_queue: failed}
  failed: {kind: queue, retention_period: 14d}
  ordered: {kind: queue, fifo: true, content_based_deduplication: true}
  orders: {kind: table, partition_key: id, stream: new_image}
  seen: {kind: table, partition_key: id}
  notices: {kind: topic, display_name: Shop}
  lined_up: {kind: topic, fifo: true}
  archive:
    kind: bucket
    lifecycle_rules: [{prefix: tmp/, expiration: 7d, noncurrent_version_expiration: 1d}]
  clicks: {kind: stream, shard_count: 1}
  events: {kind: event_bus, description: all of the shop}
  master: {kind: key, alias: shop/master, description: for the customers' names}
  signing: {kind: secret}
  login:
    kind: secret
    generate_secret_string: {secret_string_template: {username: shop}, generate_string_key: password}
  flags: {kind: parameter, string_value: "on"}
  fulfil:
    kind: state_machine
    definition: flow.asl.json
    grants: {orders: write, jobs: publish, notices: publish, events: publish}
functions:
  reserve:
    code: code
    handler: app.reserve
    grants: {seen: write}
    dead_letter_queue: failed
patterns:
  orders:
    kind: api_backend
    table: orders
    routes:
      POST /orders:
        name: create
        code: code
        handler: app.create
        table_access: write
        grants: {fulfil: invoke, master: read_write}
        secrets: {SIGNING: signing, LOGIN: login}
        ssm_parameters: {FLAGS: flags}
    acknowledge: {AwsSolutions-APIG4: "a shop's orders come from everybody"}
  work:
    kind: event_processing
    source: {kind: sqs, queue: jobs}
    function: &function {code: code, handler: app.handler}
    targets:
      recorded: {kind: dynamodb, table: seen}
      kept: {kind: s3, bucket: archive, prefix: in/}
  in_order:
    kind: event_processing
    source: {kind: sqs, queue: ordered}
    function: *function
    targets: {recorded: {kind: dynamodb, table: seen}}
  kept:
    kind: event_processing
    source: {kind: s3, bucket: archive, prefix: in/}
    function: *function
    targets: {recorded: {kind: dynamodb, table: seen}, next: {kind: sqs, queue: ordered}}
    on_failure: {kind: sqs, queue: failed}
  placed:
    kind: event_processing
    source: {kind: event_rule, event_bus: events, event_pattern: {source: [shop]}}
    function: *function
    targets: {recorded: {kind: dynamodb, table: seen}}
    on_failure: {kind: event_bridge, event_bus: events}
  heard:
    kind: event_processing
    source: {kind: sns, topic: notices}
    function: {<<: *function, retry_attempts: 0}
    targets: {recorded: {kind: dynamodb, table: seen}}
    on_failure: {kind: sqs, queue: failed}
  changed:
    kind: stream_processing
    source: {kind: dynamo_stream, table: orders}
    function: *function
    delivery: {kind: kinesis, stream: clicks}
    on_failure: {kind: sns, topic: notices}
  clicked:
    kind: stream_processing
    source: {kind: kinesis, stream: clicks}
    function: *function
    delivery: {kind: firehose, bucket: archive, prefix: clicks/, buffering_interval: 1m, compression: uncompressed}
    on_failure: {kind: s3, bucket: archive}
  counted:
    kind: stream_processing
    source: {kind: kinesis, stream: clicks}
    function: *function
    delivery: {kind: dynamodb, table: seen}
"""
