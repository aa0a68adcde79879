"""Map states that run distributed, in moto's interpreter: readers, batches, child executions, thresholds, exports.

moto's grammar has no `ItemBatcher`; its own evaluation starts a thread for each item, lets failures pass, reads the
first page of a list and exports no results. The evaluation here takes the place of that of distributed Map states; what
a child runs stays moto's. One thread works through the items for each that may run at once; the state's own thread
waits for the last of them, or for the failure that is one too many.

Private surface used, of `moto.stepfunctions.parser.asl`: `parse.asl_parser.AmazonStateLanguageParser.parse`;
`StateMap._eval_execution` with `comment`, `label`, `max_concurrency_decl`, `tolerated_failure_*_decl`, `items`,
`items_path`, `item_selector`, `parameters` and `iteration_component._get_iteration_program`; what
`inline_iteration_component` takes for `threading`; `map_run_record.MapRunRecord`; of `eval.environment.Environment`
its frames, stack, states and event manager.
Canary: tests/behaviour/test_behaviour_state_machine_distributed.py.
"""

from __future__ import annotations

import functools
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.moto_state.distributed_children import run_child
from lambdakit.harness.moto_state.distributed_datasets import (
    UnreadableDataset,
    batches,
    items_of_value,
    read_dataset,
)
from lambdakit.harness.moto_state.distributed_definitions import (
    DistributedMap,
    InvalidMap,
    distributed_map,
    without_distributed_fields,
)
from lambdakit.harness.moto_state.distributed_results import Child, exported, outputs
from lambdakit.harness.moto_state.state_tasks import state_failure

# As many threads at most, where AWS runs 10,000 child executions at once.
_MOST_AT_ONCE: Final = 200
_THRESHOLD: Final = "States.ExceedToleratedFailureThreshold"
_TOO_MANY: Final = "The specified tolerated failure threshold was exceeded"


def changes_of_distributed_maps(interpreter: str) -> Mapping[str, Callable[[Any], None]]:
    """Module of moto -> what changes it, once it is loaded."""
    return {
        f"{interpreter}asl.parse.asl_parser": _parse_maps,
        f"{interpreter}asl.component.state.exec.state_map.state_map": _run_maps,
    }


def _parse_maps(module: Any) -> None:
    parser = module.AmazonStateLanguageParser
    own = parser.parse

    def parse(definition: str) -> Any:
        try:
            return own(without_distributed_fields(definition))
        except InvalidMap as invalid:
            raise module.ASLParserException(errors=[f"SCHEMA_VALIDATION_FAILED: {invalid}"]) from None

    parser.parse = staticmethod(parse)


def _run_maps(module: Any) -> None:
    own = getattr(module.StateMap._eval_execution, "__wrapped__", module.StateMap._eval_execution)

    @functools.wraps(own)
    def evaluate(state: Any, env: Any) -> None:
        said = distributed_map(None if state.comment is None else state.comment.comment)
        if said is None:
            own(state, env)
        else:
            _MapRun(state, env, said).run()

    module.StateMap._eval_execution = evaluate


class _MapRun:
    """One run of a distributed Map state. It begins with the state's input and leaves the output on the stack."""

    def __init__(self, state: Any, env: Any, said: DistributedMap) -> None:
        self._state, self._env, self._said = state, env, said
        self._input = env.states.get_input()
        self._lock = threading.Lock()
        self._children: list[Child] = []
        self._next = 0
        self._failed_items = 0
        self._running: list[Any] = []
        self._crash: Exception | None = None

    def run(self) -> None:
        state, env = self._state, self._env
        most = self._value(state.max_concurrency_decl)
        count = self._value(state.tolerated_failure_count_decl)
        percentage = self._value(state.tolerated_failure_percentage_decl)
        items = None if self._said.reader else self._items_of_state()
        self._tell("MapStateStarted", mapStateStartedEventDetails={"length": len(items or ())})
        self._record = self._begun(most, count, percentage)
        self._tell("MapRunStarted", mapRunStartedEventDetails={"mapRunArn": self._record.map_run_arn})
        try:
            source, items = ("STATE_DATA", items) if items is not None else self._read()
            inputs = self._inputs(items, source)
            self._prepare(inputs)
            self._run_all(most or _MOST_AT_ONCE, self._tolerated(count, percentage, len(items)))
            result = self._result()
        except Exception as failure:
            self._tell_failure(failure)
            raise
        self._end("SUCCEEDED")
        self._tell("MapRunSucceeded")
        env.stack.append(result)
        self._tell("MapStateSucceeded", update_source_event_id=False)

    # What it runs over

    def _items_of_state(self) -> list[Any]:
        """Of the state's input, or of what `ItemsPath` or `Items` says."""
        found = self._input
        for part in (self._state.items_path, self._state.items):
            if part is not None:
                found = self._value(part)
        items = items_of_value(found)
        if items is None:
            error = "States.QueryEvaluationError" if self._said.jsonata else "States.Runtime"
            cause = f"Map state input must be an array or an object but was: {type(found).__name__}"
            details = {"evaluationFailedEventDetails": {"error": error, "cause": cause}}
            raise state_failure(self._env, error, "EvaluationFailed", details)
        return items

    def _read(self) -> tuple[str, list[Any]]:
        """Where the reader read, and the items."""
        reader = self._said.reader or {}
        config = {
            ("MaxItems.$" if key == "MaxItemsPath" else key): value
            for key, value in (reader.get("ReaderConfig") or {}).items()
        }
        read = self._evaluate({"parameters": reader.get("Parameters", reader.get("Arguments", {})), "config": config})
        parameters = read["parameters"]
        s3 = self._s3()
        try:
            items = read_dataset(
                str(reader["Resource"]),
                parameters,
                read["config"],
                get_object=lambda asked: s3.get_object(**asked)["Body"].read(),
                list_objects=lambda asked: _all_listed(s3, asked),
            )
        except (UnreadableDataset, s3.exceptions.ClientError) as unreadable:
            raise self._failure("States.ItemReaderFailed", _cause(unreadable)) from unreadable
        return "/".join(filter(None, (f"S3://{parameters.get('Bucket')}", parameters.get("Key")))), items

    def _inputs(self, items: Sequence[Any], source: str) -> list[Any]:
        """What child executions are given: an item each, as selected, or a batch of them."""
        selector = self._state.item_selector or self._state.parameters
        selected = [self._selected(selector, *each, source) for each in enumerate(items)] if selector else items
        batcher = self._said.batcher
        if batcher is None:
            return list(selected)
        sizes = {key.replace("Path", ".$"): value for key, value in batcher.items() if key != "BatchInput"}
        asked = self._evaluate({"sizes": sizes, "given": batcher.get("BatchInput")})
        most_items, most_bytes = (
            None if asked["sizes"].get(key) is None else int(asked["sizes"][key])
            for key in ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
        )
        return batches(selected, most_items=most_items, most_bytes=most_bytes, given=asked["given"])

    def _selected(self, selector: Any, index: int, item: Any, source: str) -> Any:
        frame = self._env.open_inner_frame()
        frame.states.context_object.context_object_data["Map"] = {
            "Item": {"Index": index, "Value": item, "Source": source}
        }
        frame.states.reset(self._input)
        frame.stack.append(self._input)
        selector.eval(frame)
        self._env.delete_frame(frame)
        return frame.stack[-1]

    # The child executions

    def _prepare(self, inputs: Sequence[Any]) -> None:
        machine = self._record.map_state_machine_arn
        arn = machine.replace(":stateMachine:", ":execution:")
        batched = self._said.batcher is not None
        for given in inputs:
            items = len(given["Items"]) if batched else 1
            self._children.append(Child(arn=f"{arn}:{uuid.uuid4()}", machine_arn=machine, given=given, items=items))
            self._record.item_counter.total.count(items)
            self._record.execution_counter.total.count()

    def _run_all(self, at_once: int, tolerated: Callable[[int], bool]) -> None:
        """Runs all children, or as many as there are until too many failed. tolerated: of the number of items."""
        from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import inline_iteration_component

        threads = inline_iteration_component.threading  # type: ignore[attr-defined]  # those that wait by the clock
        done = threads.Event()
        program = self._state.iteration_component._get_iteration_program()
        workers = min(len(self._children), at_once, _MOST_AT_ONCE)
        left = [workers]

        def work() -> None:
            try:
                while not done.is_set() and self._env.is_running() and self._run_next(program, tolerated, done):
                    pass
            except Exception as crash:  # raised again by the state's own thread
                self._crash = crash
                done.set()
            with self._lock:
                left[0] -= 1
            if not left[0]:
                done.set()

        for _ in range(workers):
            threads.Thread(target=work, daemon=True).start()
        if workers:
            done.wait()
        if self._crash is not None:
            raise self._crash
        if not tolerated(self._failed_items):
            for frame in list(self._running):
                frame.set_stop(stop_date=datetime.now(UTC), cause=None, error=None)
            raise self._failure(_THRESHOLD, _TOO_MANY)

    def _run_next(self, program: Any, tolerated: Callable[[int], bool], done: Any) -> bool:
        """Runs a child that waits. Whether there was one."""
        with self._lock:
            if self._next == len(self._children):
                return False
            at, self._next = self._next, self._next + 1
        ended = run_child(self._env, program, self._children[at], self._running)
        with self._lock:
            self._children[at] = ended
            if ended.status == "FAILED":
                self._failed_items += ended.items
            self._count(ended)
        if not tolerated(self._failed_items):
            done.set()
        return True

    def _count(self, child: Child) -> None:
        word = {"SUCCEEDED": "succeeded", "FAILED": "failed", "PENDING": "aborted"}[child.status]
        for counter, number in ((self._record.item_counter, child.items), (self._record.execution_counter, 1)):
            getattr(counter, word).count(number)
            if child.status == "SUCCEEDED":
                counter.results_written.count(number)

    def _tolerated(self, count: int, percentage: float, items: int) -> Callable[[int], bool]:
        """Whether so many failed items are tolerated. One is too many where the state names no threshold."""
        named = self._said.tolerates or {"ToleratedFailureCount"}

        def tolerated(failed: int) -> bool:
            within = failed <= count or "ToleratedFailureCount" not in named
            return within and (failed * 100 <= percentage * items or "ToleratedFailurePercentage" not in named)

        return tolerated

    # What comes of it

    def _result(self) -> Any:
        writer = self._said.writer
        if writer is None:
            return outputs(self._children, "COMPACT")
        config = writer.get("WriterConfig") or {}
        if "Resource" not in writer:
            return outputs(self._children, config.get("Transformation", "COMPACT"))
        where = self._evaluate(writer.get("Parameters", writer.get("Arguments", {})))
        bucket, prefix = str(where["Bucket"]), str(where.get("Prefix", ""))
        folder = f"{prefix}/" if prefix and not prefix.endswith("/") else prefix
        folder += f"{self._record.map_run_arn.rpartition(':')[2]}/"
        files = exported(
            self._children,
            bucket=bucket,
            folder=folder,
            run_arn=self._record.map_run_arn,
            transformation=config.get("Transformation", "NONE"),
            lines=config.get("OutputType") == "JSONL",
        )
        s3 = self._s3()
        try:
            for key, body in files.items():
                s3.put_object(Bucket=bucket, Key=key, Body=body)
        except s3.exceptions.ClientError as refused:
            raise self._failure("States.ResultWriterFailed", _cause(refused)) from refused
        details = {"Bucket": bucket, "Key": f"{folder}manifest.json"}
        return {"MapRunArn": self._record.map_run_arn, "ResultWriterDetails": details}

    # The interpreter

    def _value(self, component: Any) -> Any:
        component.eval(self._env)
        return self._env.stack.pop()

    def _evaluate(self, template: Any) -> Any:
        """What a payload template says, with the state's input and the language that the state is written in."""
        component = _template(json.dumps(template, ensure_ascii=False), self._said.jsonata)
        frame = self._env.open_frame()
        frame.states.reset(self._input)
        frame.stack.append(frame.states.get_input())
        component.eval(frame)
        self._env.delete_frame(frame)
        return frame.stack[-1]["value"]

    def _s3(self) -> Any:
        from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
        from moto.stepfunctions.parser.asl.utils import boto_client

        details = self._env.aws_execution_details
        role = StateCredentials(role_arn=details.role_arn)
        return boto_client.boto_client_for(region=details.region, service="s3", state_credentials=role)

    def _begun(self, most: int, count: int, percentage: float) -> Any:
        from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import map_run_record

        context = self._env.states.context_object.context_object_data
        record = map_run_record.MapRunRecord(
            state_machine_arn=context["StateMachine"]["Id"],
            execution_arn=context["Execution"]["Id"],
            max_concurrency=most,
            tolerated_failure_count=count,
            tolerated_failure_percentage=percentage,
            label=None if self._state.label is None else self._state.label.label,
        )
        self._env.map_run_record_pool_manager.add(record)
        return record

    def _failure(self, error: str, cause: str) -> Any:
        details = {"mapRunFailedEventDetails": {"error": error, "cause": cause}}
        return state_failure(self._env, error, "MapRunFailed", details)

    def _tell_failure(self, failure: Exception) -> None:
        pair = getattr(failure, "extract_error_cause_pair", lambda: None)() or (None, None)
        told = {key: value for key, value in zip(("error", "cause"), pair, strict=True) if value}
        self._end("FAILED")
        self._tell("MapRunFailed", mapRunFailedEventDetails=told)

    def _end(self, status: str) -> None:
        from moto.stepfunctions.parser.api import MapRunStatus

        self._record.set_stop(status=MapRunStatus(status))

    def _tell(self, event_type: str, *, update_source_event_id: bool = True, **details: Any) -> None:
        from moto.stepfunctions.parser.api import HistoryEventType

        self._env.event_manager.add_event(
            context=self._env.event_history_context,
            event_type=HistoryEventType(event_type),
            event_details=details or None,
            update_source_event_id=update_source_event_id,
        )


@functools.lru_cache(maxsize=256)
def _template(template: str, jsonata: bool) -> Any:
    """moto's component of a payload template."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    word, language = ("Arguments", "JSONata") if jsonata else ("Parameters", "JSONPath")
    state = f'{{"Type": "Pass", "{word}": {{"value": {template}}}, "End": true}}'
    program: Any = AmazonStateLanguageParser.parse(
        f'{{"QueryLanguage": "{language}", "StartAt": "Template", "States": {{"Template": {state}}}}}'
    )[0]
    return program.states.states["Template"].parameters


def _all_listed(s3: Any, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for page in s3.get_paginator("list_objects_v2").paginate(**asked):
        yield from page.get("Contents", ())


def _cause(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is None:
        return str(error)
    told, status = response["Error"], response["ResponseMetadata"]["HTTPStatusCode"]
    return f"{told.get('Message', '')} (Service: Amazon S3; Status Code: {status}; Error Code: {told['Code']})"
