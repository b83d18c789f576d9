"""Printed interactions: pure functions, all values are text (docs/protocol.md 4.5, 4.13)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engagement.interactions.rows import ContactRow, Kind
from engagement.interactions.rules import CHECK_IN, MESSAGES, SURVEY
from loyalty_project.protocol.moments import write_moment


def networks(kinds: Iterable[Kind], zone: ZoneInfo) -> list[dict[str, Any]]:
    """`network[]` of customer/interaction, in the order of the kinds."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds:
        by_name.setdefault(kind.network, []).append(_interaction(kind, zone))
    return [{"name": name, "interaction": printed} for name, printed in by_name.items()]


def message(row: ContactRow, zone: ZoneInfo) -> dict[str, str]:
    """A message."""
    return {
        "id": str(row.pk),
        "sender": row.sender,
        "receiver": row.receiver,
        "subject": row.subject,
        "sent_time": write_moment(row.occurred_at, zone),
        "delivered_time": _moment(row.delivered_at, zone),
        "status": row.status,
    }


def _interaction(kind: Kind, zone: ZoneInfo) -> dict[str, Any]:
    counted = {"type": kind.type, "count": str(kind.count)}
    if kind.type == CHECK_IN:
        return {**counted, "locs": {"loc": [_place(row, zone) for row in kind.rows]}}
    if kind.type == SURVEY:
        return _surveys(kind, zone)
    if kind.type in MESSAGES:
        return {**counted, "messages": {"message": [message(row, zone) for row in kind.rows]}}
    return counted


def _place(row: ContactRow, zone: ZoneInfo) -> dict[str, str]:
    return {"lat": row.latitude, "long": row.longitude, "time": write_moment(row.occurred_at, zone)}


def _surveys(kind: Kind, zone: ZoneInfo) -> dict[str, Any]:
    """The surveys, the latest first. `latest_...` are of the one that was answered last, blank without an answer."""
    latest = latest_answer(kind.rows)
    return {
        "type": kind.type,
        "latest_nps_score": latest.nps_score if latest else "",
        "latest_survey_name": latest.survey_name if latest else "",
        "latest_survey_interaction_time": write_moment(answered_at(latest), zone) if latest else "",
        "surveys": {"survey": [_survey(row, zone) for row in kind.rows]},
        "count": str(kind.count),
    }


def latest_answer(rows: Sequence[ContactRow]) -> ContactRow | None:
    """The survey that was answered last, by a score or by its completion; None without an answer."""
    answered = (row for row in rows if row.nps_score or row.completed_at)
    return max(answered, key=lambda row: (answered_at(row), row.pk), default=None)


def answered_at(row: ContactRow) -> datetime:
    """The time of a survey's answer: its completion, or when it was sent."""
    return row.completed_at or row.occurred_at


def _survey(row: ContactRow, zone: ZoneInfo) -> dict[str, str]:
    return {
        "name": row.survey_name,
        "nps_score": row.nps_score,
        "sent_by": row.sent_by,
        "response_url": row.response_url,
        "sent_time": write_moment(row.occurred_at, zone),
        "completion_time": _moment(row.completed_at, zone),
    }


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return write_moment(moment, zone) if moment else ""
