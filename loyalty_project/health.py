"""Health checks for load balancers and supervisors.

`/healthz` answers while the process runs. `/readyz` checks that the database has all migrations of this code, and says if this
machine's clock is far ahead of the database's: points that are due only by it are not settled.
"""

from functools import cache

import structlog
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty_project.db.trusted_time import MOST_AHEAD, clock_lead

log = structlog.get_logger(__name__)


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 {"status": "ok"}, without access to the database."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 {"status": "ok"}, or 503 with status "database unavailable" or "migrations pending"; the cause is in the log."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
        lead = clock_lead()
    except Error as error:
        log.warning("not_ready", reason="database", error=type(error).__name__)
        return JsonResponse({"status": "database unavailable"}, status=503)
    pending = len(known_migrations() - applied.keys())
    if pending:
        log.warning("not_ready", reason="migrations", pending=pending)
        return JsonResponse({"status": "migrations pending"}, status=503)
    if lead > MOST_AHEAD:
        log.error("clock_ahead_of_database", days=lead.days)
        return JsonResponse({"status": "ok", "clock": f"{lead.days} days ahead of the database's"})
    return JsonResponse({"status": "ok"})


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """The (app, name) of every migration of the code, read from disk once a process."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
