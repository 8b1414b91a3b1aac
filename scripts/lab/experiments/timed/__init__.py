"""Experiments in time: what happens after a cause, and when; each moment was seen."""
