"""Name by vantage point: from where which name or address leads to the app, and why."""

from functools import partial

from lab.experiments.matrix import environment as environments
from lab.experiments.matrix.declaration import Matrix

MATRIX = Matrix("names")
run, environment = partial(environments.run, MATRIX), partial(environments.environment, MATRIX)
