"""A document up to its environments, for tests that lay them over it."""

from __future__ import annotations

from typing import Final

BASE: Final = """\
application: shop
defaults: {memory_size: 256, timeout: 5s}
patterns:
  orders:
    kind: api_backend
    table: {partition_key: id}
    routes:
      GET /orders: {code: code, handler: app.read, table_access: read, environment: {LEVEL: INFO, MODE: none}}
  jobs:
    kind: event_processing
    source: {kind: sqs, visibility_timeout: 30s}
    function: {code: code, handler: app.read}
environments:
"""
