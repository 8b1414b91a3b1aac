"""Bind address by route: by which ways an app that listens on one address is still reached."""

from functools import partial

from lab.experiments.matrix import environment as environments
from lab.experiments.matrix.declaration import Matrix

MATRIX = Matrix("binds")
run, environment = partial(environments.run, MATRIX), partial(environments.environment, MATRIX)
