from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.session.shell_words import runs_git_push, simple_commands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cd x && pytest -q; true", ["cd x", "pytest -q", "true"]),
        ("a | b || c & d", ["a", "b", "c", "d"]),
        ("bash -lc 'A=1 pytest -x 2>&1 | tail -5'", ["pytest -x", "tail -5"]),
        ("sh -c \"sh -c 'make test'\"", ["make test"]),
        ("eval 'make' test", ["make test"]),
        ("A=b C='d e' env -u X F=g timeout -k 5 30 nice -n 5 uv run --with x pytest", ["pytest"]),
        ("sudo -u bob -- make", ["make"]),
        ("runuser -u bob -- make; flock /tmp/l make; busybox sh -c make", ["make", "make", "make"]),
        ("npm exec -- jest --ci", ["jest --ci"]),
        ("yarn dlx jest", ["jest"]),
        ("if ! pytest; then exit 1; fi", ["pytest", "exit 1", "fi"]),
        ("(cd a && go test ./...)", ["cd a", "go test ./..."]),
        ("{ make; }", ["make"]),
        ("# pytest\nls a#b # pytest", ["ls a#b"]),
        ("pytest>out 2>&1 <in", ["pytest"]),
        ("pytest &> out", ["pytest"]),
        ("cat > x <<'EOF'\npytest\nEOF\nnpm test", ["cat", "npm test"]),
        ("cat <<-EOF; make\n\tpytest\n\tEOF\nls", ["cat", "make", "ls"]),
        ("cat <<EOF\npytest", ["cat"]),
        (
            'out=$(pytest -q) ; echo "$(npm test)" `make`',
            ["echo $(npm test) `make`", "pytest -q", "npm test", "make"],
        ),
        ("diff <(pytest a) b", ["diff <(pytest a) b", "pytest a"]),
        ("echo 'a && b' \"c; d\" e\\;f", ["echo a && b c; d e;f"]),
        ("echo $'it\\'s; pytest'", ["echo it\\'s; pytest"]),
        ("make \\\n  test", ["make test"]),
        ("for x in pytest make; do npm test; done", ["npm test", "done"]),
        ("echo 'never closed", ["echo never closed"]),
        ("echo $(never closed", ["echo $(never closed", "never closed"]),
        ("", []),
        ("   \n;;&&", []),
    ],
)
def test_a_command_is_taken_apart(text: str, expected: list[str]) -> None:
    assert [" ".join(words) for words in simple_commands(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "git push",
        "cd x && git -C y push origin HEAD",
        "bash -c 'git -c a=b push'",
        "/usr/bin/git --no-pager push -f",
    ],
)
def test_a_push_is_seen(text: str) -> None:
    assert runs_git_push(text)


@pytest.mark.parametrize(
    "text",
    ["echo git push", "git commit -m 'git push'", "git log push", "git stash push", "git push-notes", "git"],
)
def test_what_only_names_a_push_is_none(text: str) -> None:
    assert not runs_git_push(text)


@given(st.text(alphabet="ab '\"\\$()`<>|&;#\n\t-={}EOF!2", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    for words in simple_commands(text):
        assert words


def test_a_text_of_nothing_but_openings_takes_no_long_time() -> None:
    for opening in ("$(", "`", "(", '"', "'", "<(", "{ ", "bash -c '", "env ", "<<E\n", "if "):
        simple_commands(opening * 30_000)
