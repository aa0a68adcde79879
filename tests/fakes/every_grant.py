"""A document in which functions may do everything that a grant can say, with new resources and existing ones."""

from __future__ import annotations

from typing import Final

EVERY_GRANT: Final = """\
application: granted
network: {vpc: {max_azs: 2}}
resources:
  orders:
    kind: table
    partition_key: id
    global_secondary_indexes: [{index_name: by_at, partition_key: at}]
  customers: {kind: table, table_name: customers, grant_index_permissions: true}
  jobs: {kind: queue}
  mails: {kind: queue, queue_arn: "arn:aws:sqs:eu-west-1:111122223333:mails"}
  notices: {kind: topic}
  news: {kind: topic, topic_arn: "arn:aws:sns:eu-west-1:111122223333:news"}
  archive: {kind: bucket}
  drafts: {kind: bucket, bucket_name: drafts-of-ours}
  clicks: {kind: stream}
  views: {kind: stream, stream_arn: "arn:aws:kinesis:eu-west-1:111122223333:stream/views"}
  events: {kind: event_bus}
  everywhere: {kind: event_bus, event_bus_name: default}
  master: {kind: key}
  theirs: {kind: key, key_arn: "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012"}
  signing: {kind: secret}
  token: {kind: secret, secret_arn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:token-AbCdEf"}
  flags: {kind: parameter, string_value: "on"}
  limits: {kind: parameter, parameter_name: /shop/limits}
  fulfil: {kind: state_machine, definition: flow.asl.json}
  quick: {kind: state_machine, definition: flow.asl.json, state_machine_type: express}
functions:
  reader:
    code: code
    handler: app.handler
    grants:
      {orders: read, customers: read, archive: read, drafts: read, clicks: read, views: read, jobs: consume,
       mails: consume, master: read, theirs: read, signing: read, token: read, flags: read, limits: read}
    secrets: {SIGNING: signing, TOKEN: token}
    ssm_parameters: {FLAGS: flags, LIMITS: limits}
    environment_encryption: master
  writer:
    code: code
    handler: app.handler
    grants:
      {orders: write, customers: write, archive: write, drafts: write, clicks: write, views: write, jobs: publish,
       mails: publish, notices: publish, news: publish, events: publish, everywhere: publish, master: write,
       theirs: write}
    dead_letter_topic: notices
    on_success: events
    on_failure: mails
  both:
    code: code
    handler: app.handler
    grants:
      {orders: read_write, customers: read_write, archive: read_write, drafts: read_write_delete, clicks: read_write,
       views: read_write, master: read_write, fulfil: invoke, quick: invoke, reader: invoke, home: invoke}
    dead_letter_queue: jobs
    on_success: writer
    on_failure: notices
    runtime_management_mode: function_update
    vpc: none
    initial_policy:
      - {actions: ["ses:SendEmail"], resources: ["arn:aws:ses:eu-west-1:111122223333:identity/shop.example.com"]}
      - actions: ["dynamodb:DescribeTable"]
        resources: [orders, customers]
        conditions:
          StringEquals: {"aws:ResourceAccount": ["${AWS::AccountId}"], "aws:PrincipalTag/a": "${aws:username}"}
      - {actions: ["s3:GetObjectTagging"], resources: [archive/in/a.png, "arn:${AWS::Partition}:s3:::drafts-of-ours/a"]}
      - {actions: ["states:DescribeStateMachine"], resources: [fulfil]}
patterns:
  shop:
    kind: api_backend
    api: {type: http, throttle: {rate_limit: 10, burst_limit: 5}}
    routes:
      GET /: {name: home, code: code, handler: app.handler, grants: {orders: read, reader: invoke}}
    acknowledge: {AwsSolutions-APIG4: "everybody may look at the shop"}
"""
