"""Fixtures that more than one folder of tests uses, and how hypothesis runs here."""

from hypothesis import settings

pytest_plugins = ["tests.kafka_lab.fixtures"]

# A machine that does something else meanwhile is no failure: pytest-timeout ends what hangs.
settings.register_profile("quick", deadline=None)
settings.load_profile("quick")
