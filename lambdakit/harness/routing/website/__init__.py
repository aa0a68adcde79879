"""Static websites of buckets."""
