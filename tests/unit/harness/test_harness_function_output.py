"""What functions write, while they run and after."""

from __future__ import annotations

import json
import re

import pytest

from tests.fakes.function_host import FunctionHost, json_of, own_lines

MIB = 1024 * 1024


class TestOutput:
    def test_lines_are_in_before_the_outcome_is(self, host: FunctionHost) -> None:
        source = """
        import sys

        print("while it loads")

        def handler(event, context):
            print("out")
            print("err", file=sys.stderr)
            sys.stdout.write("no line break")
        """
        function = host.function(source)

        result = host.invoke(function)

        request = result.request_id
        assert result.log[0].startswith("INIT_START Runtime Version: python:3.")
        start = f"START RequestId: {request} Version: $LATEST"
        assert list(result.log[1:6]) == ["while it loads", start, "out", "err", "no line break"]
        assert result.log[6] == f"END RequestId: {request}"
        assert re.fullmatch(
            rf"REPORT RequestId: {request}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB"
            r"\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
            result.log[7],
        )
        assert [line for _, line in host.logs.written] == list(result.log)

    def test_a_line_that_is_not_ended_does_not_wait_for_the_next_invocation(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            os.write(1, event.encode()[:-1])  # ends within a character
        """
        function = host.function(source)

        results = [host.invoke(function, text) for text in ("first ä", "second ä")]

        assert [own_lines(result) for result in results] == [["first \ufffd"], ["second \ufffd"]]

    def test_logging_has_the_form_of_the_runtime(self, host: FunctionHost) -> None:
        source = """
        import logging

        def handler(event, context):
            logging.getLogger().warning("careful\\nnow")
        """
        function = host.function(source)

        result = host.invoke(function)

        text = "\n".join(own_lines(result))
        assert re.fullmatch(
            rf"\[WARNING\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{result.request_id}\tcareful\nnow", text
        )

    def test_what_is_logged_is_heard_wherever_standard_output_leads(self, host: FunctionHost) -> None:
        source = """
        import contextlib, io, logging, os

        def handler(event, context):
            with contextlib.redirect_stdout(io.StringIO()) as caught:
                print("printed")
                logging.getLogger().warning("logged")
            os.close(1)
            raise ValueError(caught.getvalue())
        """
        function = host.function(source)

        result = host.invoke(function)

        assert json_of(result)["errorMessage"] == "printed\n"
        warning, error = own_lines(result)
        assert warning.endswith("\tlogged")
        assert error.startswith("[ERROR] ValueError: printed\n")

    def test_json_logs_are_asked_for_by_the_configuration(self, host: FunctionHost) -> None:
        source = """
        import logging

        def handler(event, context):
            logging.getLogger().info("heard")
            logging.getLogger().debug("not heard")
        """
        function = host.function(source, log_format="JSON")

        result = host.invoke(function)

        (line,) = own_lines(result)
        assert json.loads(line)["message"] == "heard"
        assert json.loads(line)["requestId"] == result.request_id

    def test_bytes_that_are_no_text_are_kept_as_replacement_characters(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            os.write(1, b"\\xff\\x00\\xfe\\nplain\\n")
        """
        function = host.function(source)

        result = host.invoke(function)

        assert own_lines(result) == ["\ufffd\x00\ufffd", "plain"]

    @pytest.mark.parametrize("ending", ["\\n", ""])
    def test_a_line_of_several_megabytes_is_kept_in_pieces(self, host: FunctionHost, ending: str) -> None:
        source = f"""
        import os

        def handler(event, context):
            os.write(1, ("é" * event + "{ending}").encode())
        """
        function = host.function(source)

        result = host.invoke(function, 1_500_000)
        host.pool.close()

        pieces = [line for _, line in host.logs.written if line.startswith("é")]
        assert "".join(pieces) == "é" * 1_500_000
        assert max(len(piece.encode()) for piece in pieces) <= 256 * 1024
        assert result.outcome.status == "success"

    def test_a_flood_of_lines_is_kept_whole(self, host: FunctionHost) -> None:
        source = """
        def handler(event, context):
            for number in range(event):
                print(number)
        """
        function = host.function(source)

        result = host.invoke(function, 20_000)

        assert own_lines(result) == [str(number) for number in range(20_000)]

    def test_a_process_that_never_stops_writing_is_timed_out(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            while True:
                os.write(1, b"x" * 65536)
        """
        function = host.function(source, timeout_seconds=1)

        result = host.invoke(function)

        assert result.outcome.status == "timeout"
        assert result.outcome.duration_ms < 30_000

    def test_closing_its_output_is_no_end_of_the_function(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            os.close(1)
            os.close(2)
            return "quiet"
        """
        function = host.function(source)

        first = host.invoke(function)

        assert json_of(first) == "quiet"

    def test_output_after_the_answer_is_not_lost(self, host: FunctionHost) -> None:
        source = """
        import threading

        second_event = threading.Event()

        def late():
            second_event.wait()
            print("late words", flush=True)

        thread = threading.Thread(target=late, daemon=True)

        def handler(event, context):
            if event == "first":
                thread.start()
            else:
                second_event.set()
                thread.join()
        """
        function = host.function(source)

        host.invoke(function, "first")
        second = host.invoke(function, "second")

        assert own_lines(second) == ["late words"]
        assert [line for _, line in host.logs.written].count("late words") == 1
