"""Event source mappings at work: what Lambda pulls from queues and streams, and hands to functions.

    a write to the source -> the mapping's poller is woken -> receive -> filter -> batch -> invoke -> settle

A poller knows its source and nothing of the others; batches, filters and the function's answer are the same for all.
Nothing polls: a source tells its watchers in the thread of the write, and what has to wait is a timer of the clock.

Source: AWS Lambda Developer Guide, "How Lambda processes records from stream and queue-based event sources".
"""
