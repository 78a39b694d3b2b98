"""A console as its browser sees it, without a browser."""

import pytest
from starlette.testclient import TestClient

from scrubber.cli.console.build import console, offered
from scrubber.core.keys import NO_KEYS
from scrubber.detect.rules.load import builtin_rules

TOKEN = "a token of some length"
HERE = "http://127.0.0.1:8600"


@pytest.fixture
def client_of():
    def make(bases=None, *, keys=NO_KEYS, models=None, live=None, token=None, base_url=HERE):
        bases = offered([], keys) if bases is None else bases
        app = console(bases, builtin_rules(), models or {}, keys, live=live, token=token)
        return TestClient(app, base_url=base_url, raise_server_exceptions=False)

    return make


@pytest.fixture
def client(client_of):
    return client_of()


@pytest.fixture
def examine(client):
    """Ask what becomes of a text, and expect an answer."""

    def ask(text, draft=None, **more):
        response = client.post("/api/examine", json={"text": text, **({"draft": draft} if draft else {}), **more})
        assert response.status_code == 200, response.text
        return response.json()

    return ask
