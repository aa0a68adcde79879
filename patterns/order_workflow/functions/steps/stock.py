"""Goods are set aside for an order, all or none, and put back. The table comes in STOCK_TABLE_NAME."""

import os

import ledger

STOCK_TABLE_NAME = os.environ["STOCK_TABLE_NAME"]


class OutOfStock(Exception):
    """There are fewer goods than were ordered."""


def reserve(order, context):
    lines = order["lines"]
    try:
        ledger.take(order["order_id"], "reserved", [_movement(sku, -lines[sku], lines[sku]) for sku in lines])
    except ledger.Refused as refused:
        raise OutOfStock(
            f"there are not {list(lines.values())[refused.index]} of {list(lines)[refused.index]}"
        ) from None


def release(order, context):
    lines = order["lines"]
    ledger.give_back(order["order_id"], "reserved", [_movement(sku, lines[sku], None) for sku in lines])


def _movement(sku, amount, least):
    return ledger.movement(STOCK_TABLE_NAME, {"sku": sku}, "available", amount, least=least)
