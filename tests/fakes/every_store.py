"""A document with every kind of database, cache and existing load balancer, and with alarms and dashboards."""

from __future__ import annotations

from typing import Final

_CERTIFICATE: Final = "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
_BALANCING: Final = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"

EVERY_STORE: Final = f"""\
application: stores
network: {{vpc: {{max_azs: 2, nat_gateways: 0}}}}
resources:
  password: {{kind: secret}}
  alerts: {{kind: topic}}
patterns:
  aurora:
    kind: api_backend
    api: {{type: http, authorizer: {{kind: iam}}}}
    database: {{kind: aurora_serverless, readers: 1}}
    cache: {{kind: serverless, max_storage_gb: 10, max_ecpu_per_second: 5000, engine_version: "8"}}
    alarms: {{topics: [alerts]}}
    dashboard: {{}}
    table: {{partition_key: id, global_secondary_indexes: [{{index_name: by_name, partition_key: name}}]}}
    routes:
      GET /aurora: {{code: code, handler: app.handler, database_access: true, cache_access: true}}
      GET /plain: {{code: code, handler: app.handler, table_access: read}}
  aurora_mysql:
    kind: api_backend
    api: {{type: http, authorizer: {{kind: iam}}}}
    database: {{kind: aurora_serverless, engine: mysql, authentication: secret, removal_policy: retain}}
    cache: {{kind: replication_group}}
    dashboard: {{}}
    routes:
      GET /mysql: {{name: mysql, code: code, handler: app.handler, database_access: true, cache_access: true}}
  instance:
    kind: api_backend
    api: {{type: http, authorizer: {{kind: iam}}}}
    database: {{kind: instance}}
    cache: {{kind: replication_group, engine: redis}}
    dashboard: {{}}
    routes:
      GET /instance: {{name: instance_one, code: code, handler: app.handler, database_access: true, cache_access: true}}
  instance_mysql:
    kind: api_backend
    api: {{type: http, authorizer: {{kind: iam}}}}
    database: {{kind: instance, engine: mysql, authentication: secret}}
    routes:
      GET /mysql/two: {{name: instance_two, code: code, handler: app.handler, database_access: true}}
  existing:
    kind: api_backend
    api:
      type: load_balancer
      listener_arn: {_BALANCING}:listener/app/shop/0123456789abcdef/0123456789abcdef
      url: https://shop.example.com
      first_priority: 100
      hosts: [shop.example.com]
    database:
      kind: existing
      proxy_arn: arn:aws:rds:eu-west-1:123456789012:db-proxy:prx-0123456789abcdef0
      proxy_name: shop
      endpoint: shop.proxy-abc.eu-west-1.rds.amazonaws.com
      security_group_ids: [sg-0123456789abcdef0]
      username: app
    cache:
      kind: existing
      endpoint: shop.abc.euw1.cache.amazonaws.com
      security_group_ids: [sg-0123456789abcdef1]
      cache_name: shop
      username: app
      cache_arn: arn:aws:elasticache:eu-west-1:123456789012:serverlesscache:shop
      user_arn: arn:aws:elasticache:eu-west-1:123456789012:user:app
      secret: password
    dashboard: {{}}
    routes:
      GET /existing: {{name: existing, code: code, handler: app.handler, database_access: true, cache_access: true}}
      $default: {{function: existing}}
  balanced:
    kind: api_backend
    api:
      type: load_balancer
      load_balancer_arn: {_BALANCING}:loadbalancer/app/shop/0123456789abcdef
      url: https://shop.example.com:8443
      port: 8443
      certificate_arn: {_CERTIFICATE}
    dashboard: {{}}
    routes:
      GET /balanced: {{name: balanced_one, code: code, handler: app.handler}}
  chat:
    kind: api_backend
    api:
      type: websocket
      authorizer: {{kind: iam}}
      cloud_watch_role: false
      domain: {{domain_name: chat.example.com, certificate_arn: "{_CERTIFICATE}"}}
    dashboard: {{}}
    routes:
      $connect: {{name: connect, code: code, handler: app.handler}}
  jobs:
    kind: event_processing
    source: {{kind: sqs}}
    function: {{code: code, handler: app.handler, reserved_concurrent_executions: 10}}
    targets: {{next: {{kind: sqs}}, seen: {{kind: sns}}, kept: {{kind: dynamodb, partition_key: id}}}}
    alarms: {{topics: [alerts], message_age: 10m}}
    dashboard: {{dashboard_name: jobs, start: -P1D, period: 1m}}
  placed:
    kind: event_processing
    source: {{kind: event_rule, event_pattern: {{source: [shop]}}}}
    function: {{code: code, handler: app.handler}}
    on_failure: {{kind: sns}}
    alarms: {{async_event_age: 10m}}
    dashboard: {{}}
  clicks:
    kind: stream_processing
    source: {{kind: kinesis}}
    function: {{code: code, handler: app.handler}}
    delivery: {{kind: firehose}}
    alarms: {{iterator_age: 30m}}
    dashboard: {{}}
"""
