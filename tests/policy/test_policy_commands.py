import pytest

from gate.domain.policy.commands import Command, Word, parse_command, plain_lines

SHA = "3f9c2ab"
APPROVE = Command(Word.APPROVE, SHA)


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (f"/approve {SHA}", APPROVE),
        (f"/approve\t{SHA}  ", APPROVE),
        (f"Looks good.\n/approve {SHA}\n", APPROVE),
        (f"Looks good.\r\n\r\n/approve {SHA}\r\nThanks!", APPROVE),
        ("/hold", Command(Word.HOLD)),
        ("/hold until Monday", Command(Word.HOLD, "until Monday")),
        ("/unhold", Command(Word.UNHOLD)),
        ("/recheck", Command(Word.RECHECK)),
        ("/reject it drops the table", Command(Word.REJECT, "it drops the table")),
        ("/override production is down", Command(Word.OVERRIDE, "production is down")),
        (f"/hold\n/approve {SHA}", Command(Word.HOLD)),
        (f"> the log says\n> /approve {SHA}\n\n/hold", Command(Word.HOLD)),
        (f"```\n/approve {SHA}\n```\n/hold", Command(Word.HOLD)),
        (f"~~~~ text\n/approve {SHA}\n~~~\n/approve {SHA}\n~~~~\n/hold", Command(Word.HOLD)),
        (f"<!-- say\n/approve {SHA}\n-->\n/hold", Command(Word.HOLD)),
        (f"see <https://example.org/a>\n\n/approve {SHA}", APPROVE),
        (f"`foo` is fine\n/approve {SHA}", APPROVE),
    ],
)
def test_a_command_is_the_first_plain_line_with_a_slash(body: str, command: Command) -> None:
    assert parse_command(body) == command
    assert command.fault is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "LGTM",
        "approve 3f9c2ab",
        f"please /approve {SHA}",
        f" /approve {SHA}",
        f"\t/approve {SHA}",
        f"    /approve {SHA}",
        f"- /approve {SHA}",
        f"**/approve {SHA}**",
        f"/approved {SHA}",
        f"/approve-all {SHA}",
        f"/APPROVE {SHA}",
        f"/usr/bin/true\n/approve {SHA}",
        f"> /approve {SHA}",
        f"> a quote\n/approve {SHA}",
        f">a quote\nthat goes on\n/approve {SHA}",
        f"1. > a quote\n/approve {SHA}",
        f"```\n/approve {SHA}",
        f"```sh\n/approve {SHA}\n```",
        f"````\n```\n/approve {SHA}\n````",
        f"```\n    ```\n/approve {SHA}\n```",
        f"```\n~~~\n/approve {SHA}\n```",
        f"- ```\n/approve {SHA}\n```",
        f"    ```\n```\n/approve {SHA}\n```",
        f"- a\n  ```\n  x\n```\n/approve {SHA}\n```",
        f"> ```\n/approve {SHA}",
        f"`a\n/approve {SHA}\nb`",
        f"<!--\n/approve {SHA}\n-->",
        f"<!-- a\n\n/approve {SHA}\n-->",
        f"a <!-- b\n\n> c\n-->\n/approve {SHA}",
        f"`<!--`\n```\n-->\n/approve {SHA}\n```",
        f"<!-- a --><!-- b\n```\n/approve {SHA}\n-->",
        f"<!-->\n/approve {SHA}\n-->",
        f"<!-->\n```\n-->\n/approve {SHA}\n```",
        f"<pre>\n/approve {SHA}\n</pre>",
        f"<details>\n\n/approve {SHA}",
        f"/approve {SHA} <!-- and nothing else -->",
        f"a\u2028/approve {SHA}",
        f"a\x0b/approve {SHA}",
    ],
)
def test_nothing_else_is_a_command(body: str) -> None:
    assert parse_command(body) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("/approve", "must name the commit"),
        ("/approve 3f9c2a", "7 to 40 digits"),
        (f"/approve {SHA} please", "nothing else"),
        ("/approve HEAD", "must name the commit"),
        (f"/approve {'a' * 41}", "7 to 40 digits"),
        ("/reject", "a reason on the same line"),
        ("/override   ", "a reason on the same line"),
        ("/unhold now", "stand alone"),
        ("/recheck now", "stand alone"),
    ],
)
def test_a_command_that_lacks_something_says_what(body: str, words: str) -> None:
    command = parse_command(body)

    assert command is not None
    assert words in (command.fault or "")


def test_plain_lines_are_what_their_author_wrote_at_the_start_of_a_line() -> None:
    body = "one\n> two\nthree\n\nfour\n```\nfive\n```\n  six\nseven"

    assert list(plain_lines(body)) == ["one", "four", "seven"]
