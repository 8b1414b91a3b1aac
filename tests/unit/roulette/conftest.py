"""A visit to a made-up service, with an impatient client."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from roulette import Client, Patience

sys.path.append(str(Path(__file__).parent))

from fake_service import CARD, VISITOR, Answer, Fake


@pytest.fixture
def fake():
    server = Fake()
    server.will("POST /", Answer(201, {"visitor": VISITOR, "cat": CARD}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def troubles() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def visit(fake, troubles):
    patience = Patience(call=1.0, silence=0.3, stream=1.0, pause=0.02, pauses_most=0.05)
    return Client(fake.url, patience=patience, troubled=lambda *seen: troubles.append(seen)).enter("fr")
