from __future__ import annotations

import pytest

from gate.domain.risk.path_class import is_code, path_class


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a.py", "source"),
        ("src/latest.java", "source"),
        ("src/contest.py", "source"),
        ("docs/conf.py", "source"),
        ("docs/build.sh", "source"),
        ("i18n/load.py", "source"),
        ("requirements.txt", "source"),
        (".github/workflows/ci.yml", "source"),
        ("tests/data.json", "test"),
        ("src/a_test.go", "test"),
        ("src/a.spec.ts", "test"),
        ("src/test_a.py", "test"),
        ("src/InvoiceTest.java", "test"),
        ("conftest.py", "test"),
        ("README", "docs"),
        ("README.md", "docs"),
        ("docs/a.html", "docs"),
        ("LICENSE", "docs"),
        ("vendor/a/b.go", "vendored"),
        ("web/node_modules/a/index.js", "vendored"),
        ("app.min.js", "generated"),
        ("api_pb2.py", "generated"),
        ("dist/index.js", "generated"),
        ("package-lock.json", "lock"),
        ("a/Cargo.lock", "lock"),
        ("po/fa.po", "locale"),
        ("locales/de.json", "locale"),
    ],
)
def test_the_class_of_a_path(path: str, expected: str) -> None:
    assert path_class(path) == expected


def test_code_is_told_by_the_end_of_its_name() -> None:
    assert is_code("a/B.PY")
    assert not is_code("a/py")
