"""Shell commands as they are taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.adapters.shell import BashParser
from gate.domain.risk.view import ParsedCommand, Pipeline, Redirect, Simple
from gate.domain.session.model import Command, CommandOutcome

PARSER = BashParser()


def parse(text: str) -> ParsedCommand:
    return PARSER(Command("call", "thread", "turn", text, "/srv/work", CommandOutcome.COMPLETED, 1))


def pipelines(text: str) -> tuple[Pipeline, ...]:
    parsed = parse(text)
    assert parsed.is_parsed
    return parsed.pipelines


def one(*words: str, **rest: object) -> Pipeline:
    return Pipeline((Simple(words, **rest),))  # type: ignore[arg-type]


def words(text: str) -> list[list[tuple[str, ...]]]:
    """The words of every pipeline, with nothing else."""
    return [[simple.words for simple in pipeline.commands] for pipeline in parse(text).pipelines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ls -la", [[("ls", "-la")]]),
        ("a; b && c || d &", [[("a",)], [("b",)], [("c",)], [("d",)]]),
        ("a | b |& c", [[("a",), ("b",), ("c",)]]),
        ("(a; b) | c", [[("a",), ("b",), ("c",)]]),
        ("! a | { b; c; }", [[("a",), ("b",), ("c",)]]),
        ("if a; then b; else c; fi", [[("a",)], [("b",)], [("c",)]]),
        ("for i in 1 2; do a $i; done", [[("a", "$i")]]),
        ("while a; do b; done", [[("a",)], [("b",)]]),
        ("case $x in a) b;; *) c;; esac", [[("b",)], [("c",)]]),
        ('f() { rm -r "$1"; }; f x', [[("rm", "-r", "$1")], [("f", "x")]]),
        ("# a comment; rm x\nls", [[("ls",)]]),
        ("a \\\n b", [[("a", "b")]]),
        ("", []),
    ],
)
def test_commands_stand_in_pipelines_in_their_order(text: str, expected: list[object]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("""r"m" 'a b' c\\ d""", ("rm", "a b", "c d")),
        ("""echo 'it'\\''s'""", ("echo", "it's")),
        ("""echo $'\\x41\\n' "a\\"b" """, ("echo", "A\n", 'a"b')),
        ('git commit -m "do not rm -rf / | sh"', ("git", "commit", "-m", "do not rm -rf / | sh")),
        ("git commit -m 'a; curl x | sh'", ("git", "commit", "-m", "a; curl x | sh")),
        ('curl "http://h/?a=1&b=2"', ("curl", "http://h/?a=1&b=2")),
        ("rm -r ~ ~/x *.py", ("rm", "-r", "~", "~/x", "*.py")),
    ],
)
def test_quoted_text_is_data(text: str, expected: tuple[str, ...]) -> None:
    assert pipelines(text) == (one(*expected),)


@pytest.mark.parametrize("text", ['rm "$HOME/x"', "rm ${x:-y}", "rm $(a)", "rm `a`", "rm {a,b}/c", "rm <(a)"])
def test_a_word_that_only_the_shell_knows_is_kept_as_written(text: str) -> None:
    simple = pipelines(text)[0].commands[0]

    assert (simple.words[1], simple.is_exact) == (text[3:].strip('"'), False)


def test_assignments_and_redirects_stand_apart_from_words() -> None:
    assert pipelines("A=1 B='x y' cmd > out 2>&1 < in arg >> log") == (
        one(
            "cmd",
            "arg",
            assignments=(("A", "1"), ("B", "x y")),
            redirects=(Redirect(">", "out"), Redirect(">&", "1"), Redirect("<", "in"), Redirect(">>", "log")),
        ),
    )
    assert pipelines("export A='x y'; A=1") == (one("export", "A=x y"), one(assignments=(("A", "1"),)))


def test_a_redirect_belongs_to_the_end_of_a_chain_and_to_every_part_of_a_group() -> None:
    out = (Redirect(">", "f"),)

    assert pipelines("a && b > f") == (one("a"), one("b", redirects=out))
    assert pipelines("{ a; b; } > f") == (one("a", redirects=out), one("b", redirects=out))


def test_a_heredoc_is_the_input_of_its_command_and_the_rest_of_its_line_goes_on() -> None:
    assert pipelines("cat <<'E' | tee f && ls\nrm -r x\nE\nnext") == (
        Pipeline((Simple(("cat",), stdin="rm -r x\n"), Simple(("tee", "f")))),
        one("ls"),
        one("next"),
    )
    assert pipelines("cat <<< 'a b'") == (one("cat", stdin="a b"),)


def test_a_substitution_feeds_the_pipeline_that_it_stands_in() -> None:
    fetch = one("curl", "-s", "u")

    assert pipelines('echo "$(curl -s u)"') == (
        Pipeline((Simple(("echo", "$(curl -s u)"), is_exact=False),), (fetch,)),
    )
    assert pipelines("cat <(curl -s u)")[0].fed_by == (fetch,)
    assert pipelines("x=$(curl -s u)")[0].fed_by == (fetch,)
    assert pipelines("cat <<E\n$(curl -s u)\nE")[0].fed_by == (fetch,)
    assert pipelines("a > $(curl -s u)")[0].fed_by == (fetch,)


@pytest.mark.parametrize(
    ("text", "wrappers"),
    [
        ("sudo rm -r x", ("sudo",)),
        ("sudo -u bob -n rm -r x", ("sudo",)),
        ("env -i A=1 rm -r x", ("env",)),
        ("nohup timeout -k 5 10 nice -n 3 rm -r x", ("nohup", "timeout", "nice")),
        ("ls | xargs -n 1 rm -r x", ("xargs",)),
        ("time command exec rm -r x", ("time", "command", "exec")),
        ("ssh -p 22 host rm -r x", ("ssh",)),
        ("uv run --with y rm -r x", ("uv",)),
        ("conda run -n y rm -r x", ("conda",)),
        ("direnv exec . gtimeout 5 rm -r x", ("direnv", "gtimeout")),
        ("chronic xvfb-run -n 7 rm -r x", ("chronic", "xvfb-run")),
        ("find . -exec rm -r x ';'", ("find",)),
    ],
)
def test_what_a_wrapper_runs_is_told_as_if_it_stood_alone(text: str, wrappers: tuple[str, ...]) -> None:
    simple = parse(text).pipelines[-1].commands[-1]

    assert (simple.words, simple.wrappers) == (("rm", "-r", "x"), wrappers)


@pytest.mark.parametrize("text", ["env", "sudo -l", "command -v rm", "exec", "xargs", "timeout 5", "nohup"])
def test_a_wrapper_that_runs_nothing_stays(text: str) -> None:
    assert words(text) == [[tuple(text.split())]]


@pytest.mark.parametrize(
    "text",
    [
        "bash -c 'rm -r x'",
        "bash -lc 'rm -r x'",
        "sh -e -o pipefail -c 'rm -r x' name",
        "/usr/bin/env bash -c 'rm -r x'",
        "sudo sh -c 'rm -r x'",
        "ssh host 'rm -r x'",
        "eval 'rm -r x'",
        "eval rm -r x",
        "watch -n 5 'rm -r x'",
        "su bob -c 'rm -r x'",
        "trap 'rm -r x' EXIT",
        "echo 'rm -r x' | sh",
        "printf 'rm -r x' | sudo bash -s",
        "bash <<'E'\nrm -r x\nE",
        "ssh host <<'E'\nrm -r x\nE",
        "cat <<'E' | sh\nrm -r x\nE",
        "bash <<< 'rm -r x'",
        "env -S 'rm -r x'",
        "a \"$(bash -c 'rm -r x')\"",
        "a ${b#$(rm -r x)}",
        "find . -exec sh -c 'rm -r x' ';'",
    ],
)
def test_text_that_a_shell_is_given_is_taken_apart_as_well(text: str) -> None:
    found = [
        simple
        for pipeline in parse(text).pipelines
        for each in (pipeline, *pipeline.fed_by)
        for simple in each.commands
        if simple.words == ("rm", "-r", "x")
    ]

    assert found
    assert found[0].depth == 1


@pytest.mark.parametrize(
    "text", ["bash x.sh 'rm -r x'", "python -c 'rm -r x'", "echo 'rm -r x' | cat", "grep 'rm -r x' f"]
)
def test_text_that_no_shell_is_given_is_not(text: str) -> None:
    assert ("rm", "-r", "x") not in [simple for pipeline in words(text) for simple in pipeline]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rm -rf ( ; ls", [[("rm", "-rf")], [("ls",)]]),
        ("if then fi (\ncurl u | sh", [[("curl", "u"), ("sh",)]]),
        ("ls ) 'a;b' \"c d\" # it's\nrm x", [[("ls",)], [("a;b", "c d")], [("rm", "x")]]),
        ('x ) "never ends ; rm y', [[("x",)], [("never", "ends")], [("rm", "y")]]),
    ],
)
def test_what_is_no_shell_text_is_guessed_and_says_so(text: str, expected: list[object]) -> None:
    assert not parse(text).is_parsed
    assert words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "$(" * 10_000 + "a" + ")" * 10_000,
        '"$(' * 5000,
        "echo " + "x" * 1_000_000,
        "a|" * 100_000 + "b",
        "a && " * 20_000 + "b",
        "<" * 20_000,
        "cat <<A <<B\n" * 5000,
        "${x:-" * 5000,
        "bash -c x;" * 2000,
        "eval " * 2000 + "x",
        "sudo " * 2000 + "x",
        "'" * 99_999,
        "`" * 9999,
        "\0\udcff\ud800\0",
    ],
)
def test_hostile_text_neither_crashes_nor_hangs(text: str) -> None:
    parse(text)


def test_what_is_hidden_behind_too_much_is_still_guessed() -> None:
    far = parse("echo " + "x" * 300_000 + "\ncurl u | sh")
    deep = parse("a $(" * 500 + "curl u | sh" + ")" * 500)

    for parsed in (far, deep):
        assert not parsed.is_parsed
        assert (("curl", "u"), ("sh",)) in [tuple(s.words for s in p.commands) for p in parsed.pipelines]


@given(st.text(alphabet=st.sampled_from("ab $(){}'\"`|&;<>\\\n#=-~*!\udcff"), max_size=60))
def test_any_text_gives_commands(text: str) -> None:
    assert isinstance(parse(text), ParsedCommand)
