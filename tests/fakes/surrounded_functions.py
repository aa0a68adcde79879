"""A document whose functions have everything around them that one can have, and whose resources have a key."""

from __future__ import annotations

from typing import Final

SURROUNDED: Final = """\
application: surrounded
network: {vpc: {max_azs: 2}}
defaults: {insights_version: 1.0.498.0, security_groups: [sg-0123456789abcdef0]}
resources:
  jobs: {kind: queue, encryption_master_key: master}
  mails: {kind: queue, queue_arn: "arn:aws:sqs:eu-west-1:111122223333:mails", encryption_master_key: theirs}
  notices: {kind: topic, master_key: master}
  news: {kind: topic, topic_arn: "arn:aws:sns:eu-west-1:111122223333:news", master_key: theirs}
  archive: {kind: bucket, encryption_key: master}
  drafts: {kind: bucket, bucket_name: drafts-of-ours, encryption_key: theirs}
  orders: {kind: table, partition_key: id, encryption_key: master, stream: new_image}
  customers: {kind: table, table_name: customers, encryption_key: theirs}
  clicks: {kind: stream, encryption_key: master}
  views: {kind: stream, stream_arn: "arn:aws:kinesis:eu-west-1:111122223333:stream/views", encryption_key: theirs}
  signing: {kind: secret, encryption_key: master}
  token:
    kind: secret
    secret_arn: arn:aws:secretsmanager:eu-west-1:111122223333:secret:token-AbCdEf
    encryption_key: theirs
  master: {kind: key}
  theirs: {kind: key, key_arn: "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012"}
functions:
  check: {code: code, handler: app.handler, vpc: none}
  writer:
    code: code
    handler: app.handler
    role: arn:aws:iam::111122223333:role/team/writer
    code_signing_config:
      signing_profiles: [{signing_profile_name: shop, signing_profile_version: 0a1B2c3D4e}]
      untrusted_artifact_on_deployment: enforce
      description: of the shop
    filesystem:
      access_point_arn: arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-0123456789abcdef0
      file_system_id: fs-0123456789abcdef0
      mount_path: /mnt/files
      security_group_id: sg-0fedcba9876543210
    params_and_secrets: {cache_size: 10, secrets_manager_ttl: 1m}
    adot_instrumentation: {layer_version: python_sdk, exec_wrapper: instrument_handler}
    alias:
      additional_versions: [{version: "arn:aws:lambda:eu-west-1:111122223333:function:writer:7", weight: 0.1}]
    alarms:
      concurrent_executions: 80
      topics: [notices]
      topic_arns: ["arn:aws:sns:eu-west-1:111122223333:told"]
    grants:
      {jobs: publish, mails: publish, notices: publish, news: publish, archive: read_write, drafts: write,
       orders: read_write, customers: read, clicks: write, views: read, signing: read, token: read}
  gradual:
    code: code
    handler: app.handler
    role: known
    code_signing_config: arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0
    deployment:
      pre_hook: check
      post_hook: check
      alarm_arns: ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:orders-fail"]
    alias:
      provisioned_scaling:
        max_capacity: 4
        schedules: [{schedule: cron(0 8 ? * MON-FRI *), min_capacity: 2, time_zone: Europe/Berlin}]
  files:
    code: code
    handler: app.handler
    insights_version: arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:60
    params_and_secrets: {version_arn: "arn:aws:lambda:eu-west-1:111122223333:layer:Ours:1", log_level: none}
    filesystem:
      access_point_arn: >-
        arn:aws:s3files:eu-west-1:111122223333:file-system/fs-0123456789abcdef0/access-point/fsap-0123456789abcdef0
      mount_path: /mnt/files
patterns:
  placed:
    kind: event_processing
    source: {kind: event_rule, event_pattern: {source: [shop]}}
    function: &function {code: code, handler: app.handler}
    targets:
      own: {kind: dynamodb, partition_key: id, encryption_key: master, deletion_protection: true}
      more: {kind: sqs, max_receive_count: 2}
      told: {kind: sns, topic: notices}
    on_failure: {kind: sqs, queue: jobs}
    alarms: {topics: [notices]}
  heard:
    kind: event_processing
    source: {kind: sns, topic: notices}
    function: *function
    on_failure: {kind: sqs, queue: jobs}
  timed:
    kind: event_processing
    source: {kind: schedule, schedule: rate(5 minutes)}
    function: *function
    on_failure: {kind: sqs, queue: jobs}
  device:
    kind: event_processing
    source: {kind: iot_rule, sql: "SELECT * FROM 'a/+/b'"}
    function: *function
    on_failure: {kind: sqs, queue: jobs}
  changed:
    kind: stream_processing
    source: {kind: dynamo_stream, table: {partition_key: id, encryption_key: master}}
    function: *function
    delivery: {kind: kinesis, encryption_key: master}
    on_failure: {kind: s3, removal_policy: destroy}
  clicked:
    kind: stream_processing
    source: {kind: kinesis, encryption_key: master}
    function: *function
    delivery: {kind: firehose, bucket: archive}
    on_failure: {kind: sqs, removal_policy: retain}
  shop:
    kind: api_backend
    api: {type: http, authorizer: {kind: cognito, user_pool: {deletion_protection: true}}}
    table: {table_name: known-orders, encryption_key: theirs}
    cache: {kind: serverless, removal_policy: retain}
    routes:
      GET /: {name: home, code: code, handler: app.handler, table_access: read, cache_access: true, role: known}
"""
