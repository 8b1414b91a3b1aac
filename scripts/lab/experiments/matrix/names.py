"""Name by vantage point: from where which name or address leads to the app, and why."""

from lab.experiments.matrix import declaration

MATRIX = declaration.matrix("names")
run, environment = MATRIX.run, MATRIX.environment
