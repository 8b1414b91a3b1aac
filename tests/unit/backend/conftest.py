"""The ladder: settings, an application, a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backend import create_app
from backend.config import Settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def settings() -> Settings:
    return Settings(
        version="1.2.3",
        commit="abc1234",
        build_time="2026-01-02T03:04:05Z",
        pod_name="back-7d9",
        pod_namespace="cats",
        pod_ips="10.0.0.7,fd00::7",
        node_name="worker",
        service_account="default",
        container_name="back",
        cpu_request_millicores=50,
        memory_request_bytes=67108864,
    )


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
