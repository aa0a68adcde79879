"""Durable executions, put together."""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.durable.chained import ChainedInvokes, Resolve
from lambdakit.harness.durable.engine import Engine
from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.invoking import Find, Invoking, Run
from lambdakit.harness.durable.service import DurableService
from lambdakit.harness.durable.telling import Telling
from lambdakit.harness.durable.timers import Timers
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.trace import TraceLog


class DurableExecutions:
    """Every durable execution of the harness.

    engine: begins, ends and waits for them. service: answers the Lambda API. The rest as `Invoking`, `ChainedInvokes`
    and `Engine` have it.
    """

    def __init__(
        self,
        *,
        run: Run,
        find: Find,
        resolve: Resolve,
        conclude: Callable[[DurableExecution], None],
        metrics: FunctionMetrics,
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
    ) -> None:
        self.engine = Engine(conclude=conclude, telling=Telling(metrics, trace), clock=clock, activity=activity)
        self.engine.invoke = Invoking(self.engine, run=run, find=find).invoke
        timers = Timers(self.engine, ChainedInvokes(self.engine, resolve=resolve, run=run).begin)
        self.service = DurableService(self.engine, timers)
