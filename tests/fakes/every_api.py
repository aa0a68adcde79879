"""A document with every kind of API and of authorizer."""

from __future__ import annotations

from typing import Final

_CERTIFICATE: Final = "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"

EVERY_API: Final = f"""\
application: apis
network: {{vpc: {{max_azs: 2, nat_gateways: 1, endpoints: [dynamodb, s3, sqs]}}}}
patterns:
  signed:
    kind: api_backend
    api: {{type: http, authorizer: {{kind: iam}}}}
    table: {{partition_key: id, global_secondary_indexes: [{{index_name: by_name, partition_key: name}}]}}
    routes:
      GET /signed: {{code: code, handler: app.handler, table_access: read}}
  tokens:
    kind: api_backend
    api: {{type: http, authorizer: {{kind: jwt, issuer: "https://login.example.com/", audience: [shop]}}}}
    routes:
      GET /tokens: {{code: code, handler: app.handler}}
      GET /health: {{code: code, handler: app.handler, authorizer: none}}
  pooled:
    kind: api_backend
    api:
      type: http
      cors: {{allow_origins: ["https://example.com"]}}
      authorizer: {{kind: cognito}}
      domain: {{domain_name: api.example.com, certificate_arn: "{_CERTIFICATE}"}}
    routes:
      $default: {{name: pooled_any, code: code, handler: app.handler}}
  asked:
    kind: api_backend
    api: {{type: http, authorizer: {{kind: lambda, function: {{name: ask, code: code, handler: app.handler}}}}}}
    routes:
      GET /asked: {{code: code, handler: app.handler}}
  rested:
    kind: api_backend
    api:
      type: rest
      cors: {{allow_origins: ["https://example.com"]}}
      authorizer: {{kind: cognito, user_pool: {{mfa: required}}}}
      usage_plan: {{quota: 1000}}
    routes:
      GET /rested/{{id}}: {{code: code, handler: app.handler}}
      POST /rested: {{code: code, handler: app.handler, authorizer: none}}
  rested_signed:
    kind: api_backend
    api: {{type: rest, authorizer: {{kind: iam}}, request_validation: true, cloud_watch_role: false}}
    routes:
      GET /signed/twice: {{code: code, handler: app.handler}}
  rested_asked:
    kind: api_backend
    api:
      type: rest
      authorizer: {{kind: lambda, function: {{name: ask_rest, code: code, handler: app.handler}}}}
      cloud_watch_role: false
    routes:
      GET /asked/twice: {{code: code, handler: app.handler}}
  chat:
    kind: api_backend
    api:
      type: websocket
      authorizer: {{kind: lambda, function: {{name: ask_chat, code: code, handler: app.handler}}}}
      cloud_watch_role: false
    table: {{partition_key: id}}
    routes:
      $connect: {{name: connect, code: code, handler: app.handler, table_access: write}}
      say: {{name: say, code: code, handler: app.handler, table_access: read}}
  address:
    kind: api_backend
    api: {{type: function_url}}
    routes:
      $default: {{name: address_any, code: code, handler: app.handler}}
  balanced:
    kind: api_backend
    api: {{type: load_balancer, certificate_arn: "{_CERTIFICATE}"}}
    routes:
      GET /balanced: {{code: code, handler: app.handler}}
  released:
    kind: event_processing
    source: {{kind: sqs}}
    function:
      code: code
      handler: app.handler
      deployment: {{}}
      alarms: {{}}
      alias: {{provisioned_concurrent_executions: 1, provisioned_scaling: {{max_capacity: 5}}}}
"""
