import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler
from django.test import RequestFactory
from pytest_django import DjangoDbBlocker
from structlog.testing import capture_logs

from loyalty_project.health import healthz, readyz


def answer(response: Any) -> tuple[int, dict[str, str]]:
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    return response.status_code, json.loads(response.content)


def test_a_living_process_is_healthy_without_a_database() -> None:
    assert answer(healthz(RequestFactory().get("/healthz"))) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_is_ready_with_a_migrated_database() -> None:
    assert answer(readyz(RequestFactory().get("/readyz"))) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_says_that_the_clock_is_far_ahead_of_the_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loyalty_project.health.clock_lead", lambda: timedelta(days=3))
    with capture_logs() as logs:
        expected = {"status": "ok", "clock": "3 days ahead of the database's"}
        assert answer(readyz(RequestFactory().get("/readyz"))) == (200, expected)
    assert logs == [{"event": "clock_ahead_of_database", "log_level": "error", "days": 3}]


@pytest.mark.django_db
def test_it_is_not_ready_while_a_migration_is_missing() -> None:
    MigrationRecorder(connection).record_unapplied("organizations", "0001_initial")
    with capture_logs() as logs:
        assert answer(readyz(RequestFactory().get("/readyz"))) == (503, {"status": "migrations pending"})
    assert logs == [{"event": "not_ready", "log_level": "warning", "reason": "migrations", "pending": 1}]


def test_it_is_not_ready_without_a_database(django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "nowhere",
        "HOST": "127.0.0.1",
        "PORT": "1",
        "OPTIONS": {"connect_timeout": 1},
    }
    monkeypatch.setattr("loyalty_project.health.connection", ConnectionHandler({"default": unreachable})["default"])
    with django_db_blocker.unblock(), capture_logs() as logs:
        assert answer(readyz(RequestFactory().get("/readyz"))) == (503, {"status": "database unavailable"})
    assert [(log["event"], log["reason"]) for log in logs] == [("not_ready", "database")]


@pytest.mark.parametrize("view", [healthz, readyz])
def test_only_reading_is_allowed(view: Any) -> None:
    assert view(RequestFactory().post("/")).status_code == 405
