"""Application Auto Scaling of provisioned concurrency: its API, its schedules, its target tracking."""
