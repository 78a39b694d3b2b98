"""A configuration file, loaded; or what is wrong with it."""

from __future__ import annotations

import pytest
import yaml

from scrubber.config import load
from scrubber.errors import ConfigError
from tests.config.smallest import MINIMAL, merged


@pytest.fixture
def config(tmp_path):
    """Loads a configuration given as changes of the smallest one, or as YAML text."""

    def load_config(changes=None, environ=None):
        file = tmp_path / "scrubber.yaml"
        file.write_text(changes if isinstance(changes, str) else yaml.safe_dump(merged(MINIMAL, changes or {})))
        return load(file, environ or {})

    return load_config


@pytest.fixture
def problems(config):
    def problems_of(changes=None, environ=None):
        with pytest.raises(ConfigError) as raised:
            config(changes, environ)
        return {problem.path: problem for problem in raised.value.problems}

    return problems_of
