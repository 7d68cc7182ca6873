"""Readers of training logs: from any trainer's own log to curves under canonical names."""
