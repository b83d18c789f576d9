"""Static files: collected under names with a hash, and served."""

import gzip
import re
from contextlib import closing
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings
from structlog.testing import capture_logs

from loyalty_project.static_files import HashedFiles, StaticFilesMiddleware, collect_static_files, is_collected

pytestmark = pytest.mark.django_db
STYLE = "back_office/style.css"
CONTENT = "a { color: red; }\n" * 200


@pytest.fixture
def source(settings: Settings, tmp_path: Path) -> Path:
    """A style sheet, which is the only source but for one of the documentation."""
    file = tmp_path / "sources" / STYLE
    for path in (file, tmp_path / "sources" / "docs" / "page.css"):
        path.parent.mkdir(parents=True)
        path.write_text(CONTENT)
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT, settings.STATICFILES_DIRS = tmp_path / "static", [tmp_path / "sources"]
    return file


def served(url: str) -> tuple[str, bytes]:
    """How long a browser keeps the file, and its content as it is sent."""
    middleware = StaticFilesMiddleware(lambda _request: HttpResponse("a page"))
    answer = middleware(RequestFactory().get(url, headers={"accept-encoding": "gzip"}))
    with closing(answer):
        return answer.get("Cache-Control", ""), b"".join(answer)


def test_collected_files_are_kept_for_a_year_and_compressed(source: Path) -> None:
    assert HashedFiles().url(STYLE) == f"/static/{STYLE}"
    collect_static_files(without=["docs"])
    url = HashedFiles().url(STYLE)
    assert re.fullmatch(r"/static/back_office/style\.[0-9a-f]{12}\.css", url)
    kept, content = served(url)
    assert kept == f"max-age={365 * 24 * 3600}, public, immutable"
    assert gzip.decompress(content).decode() == CONTENT
    # A file that was left out has its plain name, and is asked for again after a minute.
    assert HashedFiles().url("docs/page.css") == "/static/docs/page.css"
    assert served("/static/docs/page.css")[0] == "max-age=60, public"
    assert served("/elsewhere") == ("", b"a page")


def test_changed_files_have_plain_names_until_collected_again(source: Path) -> None:
    collect_static_files()
    before = HashedFiles().url(STYLE)
    source.write_text("b { color: blue; }\n")
    assert not is_collected()
    assert HashedFiles().url(STYLE) == f"/static/{STYLE}"
    assert served(f"/static/{STYLE}")[1] == b"b { color: blue; }\n"
    collect_static_files()
    assert HashedFiles().url(STYLE) not in {before, f"/static/{STYLE}"}


def test_files_are_collected_once(source: Path) -> None:
    collect_static_files()
    manifest = source.parents[2] / "static" / "staticfiles.json"
    written = manifest.stat().st_mtime_ns
    collect_static_files()
    assert manifest.stat().st_mtime_ns == written


def test_a_folder_that_cannot_be_written_is_a_warning(source: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = source / "below-a-file"
    with capture_logs() as logs:
        collect_static_files()
    assert [entry["event"] for entry in logs] == ["static_files_not_collected"]
    assert served(f"/static/{STYLE}")[1] == CONTENT.encode()
