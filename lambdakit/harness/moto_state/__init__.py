"""The only place that touches moto's private classes."""
