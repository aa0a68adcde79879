"""A document of several stacks, whose parts, and whose own words, use each other across them."""

from __future__ import annotations

from typing import Final

SEVERAL_STACKS: Final = """\
application: several
parameters: {Stage: {default: dev}, Delay: {type: Number, default: 5}}
layers: {shared: {code: layers/shared}, unused: {code: layers/shared}}
environments:
  staging: {account: "111122223333", region: eu-west-1, patterns: {work: {stack: late}}}
conditions: {IsDev: !Equals [!Ref Stage, dev]}
resources:
  jobs: {kind: queue, stack: data, max_receive_count: 3, dead_letter_queue: failed}
  failed: {kind: queue, stack: data}
  orders: {kind: table, partition_key: id, stack: data, stream: new_image}
  sealed: {kind: key, stack: data}
  signing: {kind: secret}
  known: {kind: topic, topic_arn: "arn:aws:sns:us-east-1:123456789012:news"}
  files: {kind: bucket, bucket_name: some-files}
  fulfil:
    kind: state_machine
    stack: flows
    definition: flow.asl.json
    grants: {price: invoke, jobs: publish}
functions:
  price:
    {code: code, handler: app.handler, stack: data, description: "${Stage} ${!Stage}",
     grants: {known: publish, orders: read}, layers: [shared]}
  report: {code: code, handler: app.handler, grants: {jobs: publish, price: invoke}, secrets: {KEY: signing}}
cloudformation:
  Policy:
    Type: AWS::SQS::QueueInlinePolicy
    DependsOn: [orders, Told]
    Properties:
      Queue: !Ref jobs
      PolicyDocument: {Statement: [{Effect: Deny, Action: "sqs:*", Resource: !GetAtt jobs.Arn, Principal: "*"}]}
  Told: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub "${jobs.QueueName} of ${Stage} in ${api/Api}"}}
outputs:
  Table: {value: !GetAtt orders.StreamArn}
patterns:
  api:
    kind: api_backend
    stack: web
    table: orders
    routes:
      POST /orders:
        {name: create, code: code, handler: app.handler, table_access: write, layers: [shared],
         grants: {jobs: publish, price: invoke, files: read, sealed: write}, environment: {STAGE: "${Stage}"}}
    overrides: {create: {Timeout: !Ref Delay, Description: !Sub ["${price.Arn} ${own}", {own: !Ref jobs}]}}
  work:
    kind: event_processing
    stack: work
    source: {kind: sqs, queue: jobs}
    function: {code: code, handler: app.handler, layers: [shared], grants: {fulfil: invoke}}
  told:
    kind: event_processing
    source: {kind: sns, topic: known}
    function: {code: code, handler: app.handler, grants: {report: invoke}}
  changes:
    kind: stream_processing
    stack: work
    source: {kind: dynamo_stream, table: orders}
    function: {code: code, handler: app.handler}
    delivery: {kind: firehose}
"""
