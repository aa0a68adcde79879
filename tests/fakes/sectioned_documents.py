"""Documents with the sections beside `patterns`: resources, functions, parameters, environments, CloudFormation."""

from __future__ import annotations

from typing import Final

SHARED: Final = """\
application: made
network: {vpc: {max_azs: 2, endpoints: [s3], flow_log_retention: none}}
defaults: {environment_encryption: master}
resources:
  jobs: {kind: queue, max_receive_count: 3, retention_period: 1d}
  ordered: {kind: queue, fifo: true, content_based_deduplication: true, dead_letter_queue: put_aside}
  put_aside: {kind: queue, fifo: true}
  failed: {kind: queue}
  orders: {kind: table, partition_key: id, stream: new_image}
  notices: {kind: topic, display_name: Shop}
  lined_up: {kind: topic, fifo: true, content_based_deduplication: true}
  archive:
    kind: bucket
    versioned: false
    lifecycle_rules: [{prefix: tmp/, expiration: 7d}]
    removal_policy: destroy
  clicks: {kind: stream, shard_count: 2, retention_period: 7d}
  events: {kind: event_bus, description: all of the shop}
  master: {kind: key, alias: shop/master}
  signing: {kind: secret}
  login:
    kind: secret
    generate_secret_string:
      {secret_string_template: {username: shop}, generate_string_key: password, password_length: 64}
  flags: {kind: parameter, parameter_name: /shop/flags, string_value: "on"}
  fulfil:
    kind: state_machine
    definition: order.asl.json
    state_machine_type: express
    substitutions: {sender: {value: 'a "shop"'}, most: 10}
    grants: {jobs: publish}
functions:
  reserve: {code: code, handler: app.handler, grants: {jobs: publish, scheduled: invoke}}
  charge: {code: code, handler: app.handler, vpc: none, runtime_management_mode: auto}
patterns:
  orders_api:
    kind: api_backend
    api:
      type: rest
      authorizer: {kind: lambda, function: {code: code, handler: app.handler, grants: {failed: consume}}}
    table: orders
    routes:
      GET /orders:
        name: list_orders
        code: code
        handler: app.handler
        table_access: read
        grants: {reserve: invoke, scheduled: invoke, fulfil: invoke, clicks: write, master: read_write}
        secrets: {SIGNING: signing}
  scheduled:
    kind: event_processing
    source: {kind: schedule, schedule: rate(1 hour)}
    function: {code: code, handler: app.handler, secrets: {SIGNING: signing}, grants: {charge: invoke}}
  pages:
    kind: stream_processing
    source: {kind: kinesis}
    function: {code: code, handler: app.handler, ssm_parameters: {FLAGS: flags}, on_success: failed}
  work:
    kind: event_processing
    source: {kind: sqs, queue: jobs}
    function: &function {code: code, handler: app.handler, timeout: 1m}
    targets:
      told: {kind: sns, topic: notices}
      bus: {kind: event_bridge, event_bus: events}
      items: {kind: dynamodb, table: orders, access: read_write}
      flow: {kind: step_functions, state_machine: fulfil}
  in_order: {kind: event_processing, source: {kind: sqs, queue: ordered}, function: *function}
  kept:
    kind: event_processing
    source: {kind: s3, bucket: archive, prefix: in/}
    function: *function
    on_failure: {kind: sqs, queue: failed}
  placed:
    kind: event_processing
    source: {kind: event_rule, event_bus: events, event_pattern: {source: [shop]}}
    function: *function
    on_failure: {kind: s3, bucket: archive}
  heard: {kind: event_processing, source: {kind: sns, topic: notices}, function: *function}
  clicked:
    kind: stream_processing
    source: {kind: kinesis, stream: clicks}
    function: *function
    delivery: {kind: firehose, bucket: archive}
    on_failure: {kind: sns, topic: notices}
  changed:
    kind: stream_processing
    source: {kind: dynamo_stream, table: orders}
    function: *function
    delivery: {kind: kinesis, stream: clicks}
"""

KNOWN: Final = """\
application: known
resources:
  jobs: {kind: queue, queue_arn: "arn:aws:sqs:eu-west-1:123456789012:known-jobs"}
  orders:
    kind: table
    table_name: known-orders
    table_stream_arn: arn:aws:dynamodb:eu-west-1:123456789012:table/known-orders/stream/2030-01-31T06:00:00.000
  notices: {kind: topic, topic_arn: "arn:aws:sns:eu-west-1:123456789012:known-news"}
  archive: {kind: bucket, bucket_name: known-archive}
  clicks: {kind: stream, stream_arn: "arn:aws:kinesis:eu-west-1:123456789012:stream/known-clicks"}
  events: {kind: event_bus, event_bus_name: known-events}
  master: {kind: key, key_arn: "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"}
  signing: {kind: secret, secret_arn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:known-AbCdEf"}
  flags: {kind: parameter, parameter_name: /known/flags}
  fulfil: {kind: state_machine, state_machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:known"}
patterns:
  work:
    kind: event_processing
    source: {kind: sqs, queue: jobs}
    function: &function {code: code, handler: app.handler}
    targets:
      told: {kind: sns, topic: notices}
      again: {kind: sqs, queue: jobs}
      kept: {kind: s3, bucket: archive}
      items: {kind: dynamodb, table: orders}
      bus: {kind: event_bridge, event_bus: events}
      flow: {kind: step_functions, state_machine: fulfil}
  clicked:
    kind: stream_processing
    source: {kind: kinesis, stream: clicks}
    function: {code: code, handler: app.handler, grants: {flags: read, signing: read}}
    on_failure: {kind: sqs, queue: jobs}
  changed:
    kind: stream_processing
    source: {kind: dynamo_stream, table: orders}
    function: *function
    on_failure: {kind: sqs, queue: jobs}
"""

WRITTEN_OUT: Final = """\
application: raw
context: {"@aws-cdk/aws-iam:minimizePolicies": false, own: {deep: [1, "text", true]}}
parameters:
  Stage: {default: dev, allowed_values: [dev, prod], description: 'the "stage"', no_echo: true}
  Limit: {type: Number, default: 5, min_value: 1}
defaults: {environment: {STAGE: "at ${Stage} ${!Stage}"}, tags: {stage: "${Stage}"}}
conditions: {IsProd: !Equals [!Ref Stage, prod]}
mappings: {Delays: {short: {seconds: 5}}}
resources: {shared: {kind: queue, overrides: {.: {DelaySeconds: 7}}}}
functions: {reserve: {code: code, handler: app.handler, overrides: {.: {MemorySize: 701}}}}
network: {vpc: {max_azs: 2}, overrides: {Vpc: {EnableDnsSupport: false}}}
outputs:
  Arns:
    value: !Sub "${shared.Arn} ${reserve.Arn} ${!Plain} ${AWS::Region}"
    condition: IsProd
    export_name: !Ref Stage
cloudformation:
  Jobs:
    Type: AWS::SQS::Queue
    Condition: IsProd
    Properties:
      DelaySeconds: !FindInMap [Delays, short, seconds]
      RedrivePolicy: {deadLetterTargetArn: !GetAtt shared.Arn, maxReceiveCount: 3}
      QueueName: !Sub ["${own}-${list_orders/Role}", {own: !Ref reserve}]
    DependsOn: orders/Table
    DeletionPolicy: Retain
    Metadata: {owner: {team: shop}}
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, table_access: read, description: "${Limit}"}
    overrides:
      list_orders: {MemorySize: 700, Environment: {Variables: {A.B: "1", TABLE: !Ref orders/Table}}}
      list_orders/Role: {Description: for lists}
      Table: {BillingMode: PROVISIONED, Replicas: {0: {Tags: [{Key: a, Value: b}]}}}
      Api/DefaultStage: {AccessLogSettings: !Ref AWS::NoValue}
"""

WATCHED: Final = """\
application: watched
network: {vpc: {max_azs: 2}}
resources:
  pass: {kind: secret}
patterns:
  orders:
    kind: api_backend
    table: {partition_key: id}
    alarms: {}
    dashboard: {}
    database: {kind: aurora_serverless, engine: mysql}
    cache: {kind: replication_group}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, table_access: read}
  other:
    kind: api_backend
    database: {kind: instance, authentication: secret}
    cache: {kind: serverless}
    routes:
      GET /others: {name: list_others, code: code, handler: app.handler}
  known:
    kind: api_backend
    database:
      kind: existing
      proxy_arn: arn:aws:rds:us-east-1:123456789012:db-proxy:prx-0123456789abcdef0
      proxy_name: shop
      endpoint: shop.proxy-abc.us-east-1.rds.amazonaws.com
      security_group_ids: [sg-0123456789abcdef0]
      username: app
    routes:
      GET /known: {name: list_known, code: code, handler: app.handler}
"""

ENVIRONMENTS: Final = """\
application: shop
include: [parts/orders.yaml]
parameters:
  Stage: {default: dev, allowed_values: [dev, prod], description: which}
  Limit: {type: Number, default: 5, min_value: 1}
defaults: {environment: {STAGE: "at ${Stage} ${!Stage}"}, tags: {stage: "${Stage}"}}
environments:
  staging:
    account: "111122223333"
    region: eu-west-1
    defaults: {memory_size: 1024}
    network: {vpc: {max_azs: 3}}
  production:
    region: eu-central-1
    patterns:
      orders: {table: none, routes: {GET /orders: {table_access: none}}}
"""
PART: Final = """\
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, table_access: read, description: "${Limit}"}
"""
DEFINITION: Final = """\
{
  "StartAt": "Reserve",
  "States": {
    "Reserve": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "${reserve}", "Payload": {"sender": "${sender}", "most": "${most}"}},
      "End": true
    }
  }
}
"""
