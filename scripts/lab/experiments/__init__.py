"""Predict, measure, explain: who answers from where, by which address, and why."""
