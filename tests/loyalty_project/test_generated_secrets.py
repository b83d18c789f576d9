"""Secrets that nobody configured."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loyalty_project.generated_secrets import generated_secret


def test_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "data" / "secret-key"
    secret = generated_secret(path)
    assert len(secret) >= 50
    assert generated_secret(path) == secret
    assert path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in path.parent.iterdir()] == ["secret-key"]


def test_secrets_of_two_folders_differ(tmp_path):
    assert generated_secret(tmp_path / "one") != generated_secret(tmp_path / "two")


def test_the_first_of_two_drafts_wins(tmp_path, monkeypatch):
    """Another process makes the secret between the look and the link."""
    path = tmp_path / "secret-key"
    link = Path.hardlink_to

    def overtaken(self: Path, target: Path) -> None:
        if not path.exists():
            path.write_text("theirs")
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", overtaken)
    assert generated_secret(path) == "theirs"


def test_many_at_once_agree(tmp_path):
    path = tmp_path / "secret-key"
    generated_secret(path)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: generated_secret(path), range(32)))) == 1
