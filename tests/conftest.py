"""Fixtures that more than one folder of tests uses, and how hypothesis runs here."""

import logging

import pytest
import structlog
from hypothesis import settings

pytest_plugins = ["tests.kafka_lab.fixtures"]

# A machine that does something else meanwhile is no failure: pytest-timeout ends what hangs.
settings.register_profile("quick", deadline=None)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def log_as_before():
    """Undo what a command did to the log of this process: it would write where that command's output went."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
