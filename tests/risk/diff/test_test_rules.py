"""Rules about tests that went, look at less, or were not written."""

from __future__ import annotations

import pytest

from gate.domain.risk.model import Place, Severity
from tests.risk.diff.pushes import NEW, OLD, File, push

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
SEVEN = "import pytest\n\n" + "".join(f"def test_{name}():\n    assert f('{name}')\n\n" for name in "abcdefg")
FOUR = "import pytest\n\n" + "".join(f"def test_{name}():\n    assert f('{name}')\n\n" for name in "abcd")
OTHERS = "".join(f"def test_{name}():\n    assert f('{name}')\n\n" for name in "efg")


def told(files: dict[str, File], *rules: str) -> list[tuple[str, Severity, str | None, str]]:
    return [
        (one.rule.id, one.severity, one.place.path, one.words)
        for one in push(files).findings()
        if one.rule.id in rules
    ]


def test_tests_that_went_are_counted() -> None:
    (finding,) = push({"tests/test_invoice.py": File(SEVEN, FOUR)}).findings()

    assert (finding.rule.id, finding.severity) == ("D37", MEDIUM)
    assert finding.words == "The file lost 3 of 7 tests"
    assert finding.place == Place(path="tests/test_invoice.py", oid=NEW)


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        (
            "tests/test_a.py",
            "def test_a():\n    assert a\n    assert b\n",
            "def test_a():\n    assert a\n",
            ["The file lost 1 of 2 assertions"],
        ),
        (
            "tests/test_a.py",
            "def test_a(self):\n    self.assertEqual(a, b)\n",
            "def test_a(self):\n    pass\n",
            ["The file lost 1 of 1 assertions"],
        ),
        ("tests/test_a.py", OTHERS, f'"""\n{OTHERS}"""\n', ["The file lost 3 of 3 tests"]),
        ("tests/test_a.py", FOUR, FOUR.replace("test_a", "test_other"), []),
        ("tests/test_a.py", FOUR, SEVEN, []),
        ("tests/test_a.py", FOUR, FOUR.replace("assert f", "assert  f"), []),
        (
            "tests/a.test.js",
            "it('a', () => { expect(a).toBe(1) })\nit('b', () => { expect(b).toBe(1) })\n",
            "it('a', () => { expect(a).toBe(1) })\n",
            ["The file lost 1 of 2 tests"],
        ),
        (
            "a_test.go",
            "func TestA(t *testing.T) {\n\tt.Error(1)\n}\nfunc TestB(t *testing.T) {}\n",
            "func TestA(t *testing.T) {\n\tt.Error(1)\n}\n",
            ["The file lost 1 of 2 tests"],
        ),
        ("src/a.py", OTHERS, "", []),
    ],
)
def test_a_test_file_that_changes(path: str, old: str, new: str, words: list[str]) -> None:
    assert [one[3] for one in told({path: File(old, new)}, "D37")] == words


def test_tests_that_move_to_another_file_are_not_lost() -> None:
    files = {"tests/test_a.py": File(SEVEN, FOUR), "tests/test_b.py": File(None, OTHERS)}

    assert told(files, "D36", "D37") == []


def test_tests_that_move_without_their_assertions_are_weaker() -> None:
    hollow = OTHERS.replace("assert f", "f")
    files = {"tests/test_a.py": File(SEVEN, FOUR), "tests/test_b.py": File(None, hollow)}

    assert told(files, "D36", "D37") == [
        ("D37", MEDIUM, "tests/test_a.py", "The file lost 3 of 7 assertions")
    ]


def test_a_deleted_test_file_fires_and_is_shown_in_the_old_commit() -> None:
    (finding,) = push({"tests/test_a.py": File(SEVEN, None)}).findings()

    assert (finding.rule.id, finding.severity) == ("D36", MEDIUM)
    assert finding.words == "A test file with 7 tests is deleted"
    assert finding.place == Place(path="tests/test_a.py", oid=OLD)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # Its subject is deleted as well.
        ({"tests/test_a.py": File(SEVEN, None), "src/a.py": File("x\n", None)}, [LOW]),
        ({"tests/test_a.py": File(SEVEN, None), "src/b.py": File("x\n", None)}, [MEDIUM]),
        # Its tests are in another file now.
        ({"tests/test_a.py": File(SEVEN, None), "tests/test_b.py": File(None, SEVEN)}, [LOW]),
        ({"tests/test_a.py": File(SEVEN, None), "tests/test_b.py": File(None, FOUR)}, [MEDIUM]),
        # It moved.
        (
            {
                "tests/test_a.py": File(SEVEN, None),
                "tests/x/test_a.py": File(None, SEVEN, renamed_from="tests/test_a.py"),
            },
            [],
        ),
        ({"tests/fixtures/a.json": File("{}\n", None)}, []),
        ({"src/a.py": File("x\n", None)}, []),
    ],
)
def test_a_deleted_file(files: dict[str, File], expected: list[Severity]) -> None:
    assert [one[1] for one in told(files, "D36")] == expected


def test_a_test_file_that_moves_and_loses_tests_is_weaker() -> None:
    files = {
        "tests/test_a.py": File(SEVEN, None),
        "tests/x/test_a.py": File(None, FOUR, renamed_from="tests/test_a.py"),
    }

    assert told(files, "D36", "D37") == [("D37", MEDIUM, "tests/x/test_a.py", "The file lost 3 of 7 tests")]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"src/a.py": File(None, "x = 1\n" * 51)}, [LOW]),
        ({"src/a.py": File(None, "x = 1\n" * 50)}, []),
        ({"src/a.py": File(None, "x = 1\n" * 51), "tests/test_a.py": File("a\n", "b\n")}, []),
        ({"docs/a.md": File(None, "x\n" * 51)}, []),
        ({"config/a.yml": File(None, "x: 1\n" * 51)}, []),
        (
            {"src/a.py": File("x\n" * 60, None), "lib/a.py": File(None, "x\n" * 60, renamed_from="src/a.py")},
            [],
        ),
    ],
)
def test_source_without_tests(files: dict[str, File], expected: list[Severity]) -> None:
    assert [one[1] for one in told(files, "D39")] == expected
