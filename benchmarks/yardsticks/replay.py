"""Yardstick of calls: a bare WSGI application that runs the prepared statements of a recorded call.

Served as the product is; `BENCHMARK_RECORDING` names what `benchmarks.recording` wrote, `BENCHMARK_DATABASE` the database.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from random import randrange
from typing import Any
from urllib.parse import parse_qsl

import psycopg
from psycopg.types.json import Jsonb

RECORDING = json.loads(Path(os.environ["BENCHMARK_RECORDING"]).read_text(encoding="utf-8"))
ANSWER = RECORDING["answer"].encode()
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]
_of_thread = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Run the recorded statements for this customer, and return the recorded answer."""
    if environ["PATH_INFO"] != "/healthz":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        items = json.loads(body)["customer"] if body else [dict(parse_qsl(environ["QUERY_STRING"]))]
        _run(RECORDING["call"], dict(items[0]))
        for item in items if RECORDING["item"] else ():
            with _connection().transaction():
                _run(RECORDING["item"], item)
    start_response("200 OK", HEADERS)
    return [ANSWER]


def _connection() -> psycopg.Connection[Any]:
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = psycopg.connect(os.environ["BENCHMARK_DATABASE"], autocommit=True, prepare_threshold=0)
    return _of_thread.connection  # type: ignore[no-any-return]


def _run(statements: list[dict[str, Any]], customer: dict[str, Any]) -> None:
    for one in statements:
        cursor = _connection().execute(one["sql"], _filled(one["parameters"], customer))
        rows = cursor.fetchall() if cursor.description else None
        if rows and one["gives_id"] is not None:
            customer["customer_id"] = rows[0][one["gives_id"]]


def _filled(value: Any, customer: dict[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("{"):
        return randrange(1 << 62, (1 << 62) + 256) if value == "{lock}" else customer.get(value[1:-1], value)
    if isinstance(value, list):
        return [_filled(one, customer) for one in value]
    if isinstance(value, dict):
        filled = {key: _filled(one, customer) for key, one in value.items()}
        return Jsonb(filled["json"]) if "json" in filled else filled
    return value
