"""Roots and folders that the agent's user has made strange."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.adapters.agent_hosts import local
from gate.adapters.agent_hosts.local import LocalAgentHost
from gate.domain.errors import Refused
from gate.services.ports.evidence import HostFile, Root

CODEX = Root.CODEX_HOME


def listed(folder: Path) -> list[HostFile]:
    return list(LocalAgentHost({CODEX: [folder]}).list(CODEX))


def test_a_root_that_is_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(Refused, match="lead nowhere"):
        listed(tmp_path / "a")


def test_a_root_is_reached_through_links_of_an_admin(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "file").touch()
    (tmp_path / "one").symlink_to("home")
    (tmp_path / "two").symlink_to(tmp_path / "one/../one")

    assert [one.path for one in listed(tmp_path / "two")] == [f"{tmp_path}/home/file"[1:]]


@pytest.mark.parametrize(
    ("link", "target", "is_followed"),
    [(0, 1, True), (7, 1, True), (1, 1, True), (1, 7, False), (1, 0, False), (1, 2, False)],
)
def test_a_link_of_the_agent_to_a_folder_of_others_is_not_followed(
    link: int, target: int, is_followed: bool
) -> None:
    assert local._may_follow(link, target, 7) is is_followed


def test_a_root_behind_a_link_of_the_agent_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gate").mkdir()
    (tmp_path / "link").symlink_to("gate")
    monkeypatch.setattr(local, "_may_follow", lambda link, target, own: False)

    with pytest.raises(Refused, match="a link of another user"):
        listed(tmp_path / "link")


def test_a_folder_that_may_be_listed_but_not_entered_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").touch()
    real = os.stat

    def forbidden(path: str, **more: object) -> os.stat_result:
        if path == "a":
            raise PermissionError(13, "Permission denied")
        return real(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", forbidden)

    with pytest.raises(Refused, match="Permission denied"):
        listed(tmp_path)


def test_a_folder_of_too_many_entries_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / str(number)).touch()

    with pytest.raises(Refused, match="more than 3 entries"):
        listed(tmp_path)


@pytest.mark.parametrize(("seconds", "year"), [(2.0**40, 9999), (-(2.0**40), 1)])
def test_a_time_that_no_calendar_has_is_the_last_or_first(seconds: float, year: int) -> None:
    assert local._time(seconds).year == year
