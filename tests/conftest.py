"""The cluster fixtures are a plugin of their own; only tests that ask for them get a cluster."""

pytest_plugins = ["lab.testing"]
collect_ignore = ["foreign"]
