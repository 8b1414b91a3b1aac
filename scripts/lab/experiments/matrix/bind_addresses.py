"""Bind address by route: by which ways an app that listens on one address is still reached."""

from lab.experiments.matrix import declaration

MATRIX = declaration.matrix("binds")
run, environment = MATRIX.run, MATRIX.environment
