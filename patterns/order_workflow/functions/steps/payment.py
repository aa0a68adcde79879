"""An order is paid from its customer's credit, and the money given back. The table comes in ACCOUNTS_TABLE_NAME."""

import os

import ledger

ACCOUNTS_TABLE_NAME = os.environ["ACCOUNTS_TABLE_NAME"]


class NotEnoughCredit(Exception):
    """The customer has no account, or less on it than the order costs."""


def charge(order, context):
    try:
        ledger.take(order["order_id"], "charged", [_movement(order, -order["total"], order["total"])])
    except ledger.Refused:
        raise NotEnoughCredit(f"{order['customer_id']} cannot pay {order['total']}") from None


def refund(order, context):
    ledger.give_back(order["order_id"], "charged", [_movement(order, order["total"], None)])


def _movement(order, amount, least):
    key = {"customer_id": order["customer_id"]}
    return ledger.movement(ACCOUNTS_TABLE_NAME, key, "credit", amount, least=least)
