"""What a harness tells of roles."""

from __future__ import annotations

from typing import Any

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
LOG_STREAM = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/create:log-stream:2026/11/21/[1]a"


def grant(*actions: str, used: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A grant of one statement on the table. used: those of `actions` that were."""
    return {
        "service": actions[0].partition(":")[0],
        "actions": list(actions),
        "all_but_actions": False,
        "resources": [TABLE],
        "all_but_resources": False,
        "conditional": False,
        "policy": "orders",
        "origin": "inline",
        "statement": 1,
        "sid": "",
        "used_actions": list(used),
        "unused_actions": [action for action in actions if action not in used],
        **more,
    }


def use(action: str, resource: str = TABLE, **more: bool) -> dict[str, Any]:
    """Something that was done."""
    return {"action": action, "resource": resource, "by_platform": False, "by_resource_policy": False, **more}


def denial(action: str, resource: str = TABLE, statement: str = '{"Effect": "Allow"}') -> dict[str, Any]:
    """Something that was refused."""
    return {
        "action": action,
        "resource": resource,
        "reason": f"because no identity-based policy allows the {action} action",
        "statement": statement,
        "place": "stack shop: CreateRole1",
    }


def role(name: str, *functions: str, path: str = "", **more: Any) -> dict[str, Any]:
    """A role. functions: the physical names of those that have it, each in the stack `shop`."""
    return {
        "arn": f"arn:aws:iam::123456789012:role/{name}",
        "name": name,
        "stack": "shop",
        "logical_id": name,
        "path": path,
        "place": f"stack shop: {name}, app.yaml:9",
        "functions": [
            {"name": function, "logical_id": f"{function}Function1", "path": f"shop/{function}/Resource"}
            for function in functions
        ],
        "of_the_cdk": False,
        "grants": [],
        "used": [],
        "denied": [],
        **more,
    }
