"""Patterns of CloudWatch Logs: which lines are meant."""

from lambdakit.harness.delivery.log_pattern.pattern import LogPattern as LogPattern
from lambdakit.harness.delivery.log_pattern.pattern import compile_log_pattern as compile_log_pattern
from lambdakit.harness.delivery.log_pattern.scanner import InvalidLogPattern as InvalidLogPattern
