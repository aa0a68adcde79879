"""The code of durable functions, written with AWS's own SDK; an event's `case` says which of them runs."""

from __future__ import annotations

RESTING = """
    from aws_durable_execution_sdk_python import durable_execution
    from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig
    from aws_durable_execution_sdk_python.retries import RetryDecision
    from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision


    def named(name, value):
        def run(step):
            print("ran", name, flush=True)
            return value

        return run


    def waits(event, context):
        first = context.step(named("first", event["n"] + 1), name="first")
        context.wait(Duration.from_seconds(event["seconds"]), name="nap")
        return {"value": context.step(named("second", first * 10), name="second")}


    def retries(event, context):
        def attempt(step):
            print("ran attempt", step.attempt, flush=True)
            if step.attempt < 3:
                raise ValueError(f"attempt {step.attempt}")
            return step.attempt

        def strategy(error, attempt):
            again = attempt < event["most"]
            return RetryDecision.retry(Duration.from_minutes(10)) if again else RetryDecision.no_retry()

        return context.step(attempt, name="flaky", config=StepConfig(retry_strategy=strategy))


    def asks(event, context):
        config = CallbackConfig(
            timeout=Duration.from_seconds(event.get("timeout", 0)),
            heartbeat_timeout=Duration.from_seconds(event.get("heartbeat", 0)),
        )
        callback = context.create_callback(name="approval", config=config)
        context.step(named("sent " + callback.callback_id, None), name="send")
        return {"answer": callback.result()}


    def calls(event, context):
        return {"called": context.invoke(event["function"], {"n": 4}, name="call")}


    def polls(event, context):
        def strategy(state, attempt):
            return WaitForConditionDecision.stop_polling() if state >= 3 else WaitForConditionDecision.continue_waiting(
                Duration.from_hours(1)
            )

        config = WaitForConditionConfig(wait_strategy=strategy, initial_state=0)
        return context.wait_for_condition(lambda state, check: state + 1, config, name="poll")


    def branches(event, context):
        def branch(days):
            def run(child):
                child.wait(Duration.from_days(days), name=f"{days} days")
                return child.step(named(f"after {days}", days), name=f"after {days}")

            return run

        return context.parallel([branch(1), branch(3)], name="both").get_results()


    def many(event, context):
        total = sum(context.step(named("one", 1), name=f"step {number}") for number in range(event["count"]))
        context.wait(Duration.from_seconds(5))
        return total


    def fails(event, context):
        raise ValueError("no such order")


    def large(event, context):
        return "x" * event["bytes"]


    CASES = {
        one.__name__: one for one in (waits, retries, asks, calls, polls, branches, many, fails, large)
    }


    @durable_execution
    def handler(event, context):
        return CASES[event["case"]](event, context)
"""

TROUBLED = """
    import os
    import pathlib
    import time

    from aws_durable_execution_sdk_python import durable_execution
    from aws_durable_execution_sdk_python.config import Duration, StepConfig, StepSemantics
    from aws_durable_execution_sdk_python.retries import RetryDecision


    def step(name, value=None):
        def run(context):
            print("ran", name, flush=True)
            return value

        return run


    def once(name):
        # /tmp stays when the processes of an environment end.
        mark = pathlib.Path("/tmp", name)
        there = mark.exists()
        mark.touch()
        return not there


    def crashes(event, context):
        def dies(step):
            print("ran dies", flush=True)
            if once(event["name"]):
                os._exit(3)
            return "alive"

        semantics = StepSemantics[event["semantics"]]
        config = StepConfig(step_semantics=semantics, retry_strategy=lambda error, attempt: RetryDecision.no_retry())
        kept = context.step(step("before", 7), name="before")
        return [kept, context.step(dies, name="dies", config=config)]


    def hangs(event, context):
        context.step(step("before"), name="before")
        if once(event["name"]):
            time.sleep(60)
        return "done"


    def rests(event, context):
        context.step(step("before"), name="before")
        context.wait(Duration.from_seconds(event["seconds"]), name="rest")
        context.step(step("after"), name="after")
        return "rested"


    def holds(event, context):
        def long(step):
            print("ran long", flush=True)
            time.sleep(2)  # in which the test does what is to be done in the middle of a step
            return 1

        # Its beginning is checkpointed before it runs, so that the next checkpoint is that of its end.
        context.step(long, name="long", config=StepConfig(step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY))
        return context.step(step("after", 2), name="after")


    def pending(event, context):
        from aws_durable_execution_sdk_python.suspend import suspend_with_optional_resume_delay

        suspend_with_optional_resume_delay("nothing is waited for")


    def records(event, context):
        context.wait(Duration.from_minutes(5), name="rest")
        return {"batchItemFailures": []}


    CASES = {one.__name__: one for one in (crashes, hangs, rests, holds, pending)}


    @durable_execution
    def handler(event, context):
        if "Records" in event:
            return records(event, context)
        return CASES[event["case"]](event, context)
"""
