"""The Lambda service: functions, versions and aliases, and the API over them."""
