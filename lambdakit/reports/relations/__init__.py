"""Who triggers, reads, writes and sends failures to whom: one file for each way that templates say it."""
