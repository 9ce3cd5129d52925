"""A secret of the gate is in its file whole, for its user alone, or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from gate.adapters.secret_files import secret_in
from gate.domain.errors import Invalid


def test_a_secret_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "session.secret"

    first = secret_in(path)

    assert len(first) == 64
    assert (secret_in(path), path.read_text()) == (first, first)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert os.listdir(path.parent) == [path.name]


def test_of_two_that_make_a_secret_at_once_the_first_one_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "session.secret"

    def while_another_is_faster(size: int) -> str:
        monkeypatch.undo()
        path.touch(0o600)
        path.write_text("theirs")
        return "ours"

    monkeypatch.setattr(secrets, "token_urlsafe", while_another_is_faster)

    assert secret_in(path) == "theirs"
    assert os.listdir(tmp_path) == [path.name]


def test_a_secret_that_cannot_be_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_is_full(descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", disk_is_full)

    with pytest.raises(OSError, match="No space left"):
        secret_in(tmp_path / "session.secret")

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_secret_is_refused_with_the_fix(tmp_path: Path, content: str) -> None:
    path = tmp_path / "session.secret"
    path.touch(0o600)
    path.write_text(content)

    with pytest.raises(Invalid) as caught:
        secret_in(path)

    assert caught.value.faults == (f"this secret is empty; run: rm {path} (the gate then makes a new one)",)


def test_a_secret_that_others_can_read_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "session.secret"
    secret_in(path)
    path.chmod(0o640)

    with pytest.raises(Invalid) as caught:
        secret_in(path)

    assert caught.value.faults == (f"others can read this secret; run: chmod 600 {path}",)
