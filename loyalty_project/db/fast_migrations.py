"""Migrations of an empty database in a quarter of the processor time, for demos and tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db.migrations.state import ModelState, ProjectState


@contextmanager
def fast_migrations() -> Iterator[None]:
    """Context in which Django renders fewer historical models while it migrates.

    Usually a new model makes Django render every model anew that is related to it, however far: nearly all, a hundred times.
    Here only the new model is rendered. An index or a constraint that is added or removed renders none: the models of the
    states lack it, which no migration looks at. The tables are the same.
    """
    with (
        mock.patch.object(ProjectState, "add_model", _add_model),
        mock.patch.object(ProjectState, "_append_option", _append_option),
        mock.patch.object(ProjectState, "_remove_option", _remove_option),
    ):
        yield


def _add_model(state: Any, model: ModelState) -> None:
    key = model.app_label, model.name_lower
    state.models[key] = model
    if state._relations is not None:
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:
        state.apps.render_multiple([model])


def _append_option(state: Any, app: str, model: str, option: str, added: Any) -> None:
    options = state.models[app, model].options
    options[option] = [*options[option], added]


def _remove_option(state: Any, app: str, model: str, option: str, name: str) -> None:
    options = state.models[app, model].options
    options[option] = [kept for kept in options[option] if kept.name != name]
