"""Which test runners a command runs, and what their output says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.session.model import TestCounts, TestRun
from gate.domain.session.test_counts import READ, all_counts_in, counts_in
from gate.domain.session.test_runs import find_test_runs


def runners(text: str) -> list[str]:
    return [run.runner for run in find_test_runs(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pytest", "pytest"),
        ("python3 -m pytest -q", "pytest"),
        ("python3.11 -W error -m pytest tests", "pytest"),
        (".venv/bin/pytest -x", "pytest"),
        ("uv run --with x pytest", "pytest"),
        ("poetry run python -m unittest discover", "unittest"),
        ("coverage run -m pytest", "pytest"),
        ("python -m coverage run -m unittest", "unittest"),
        ("python manage.py test app", "django"),
        ("nosetests", "nose"),
        ("tox -e py311", "tox"),
        ("nox", "nox"),
        ("npm test -- payment", "npm test"),
        ("npm t", "npm test"),
        ("npm --prefix web run test:unit", "npm test"),
        ("pnpm -r test", "pnpm test"),
        ("pnpm --filter web run test", "pnpm test"),
        ("yarn test", "yarn test"),
        ("yarn workspace web test", "yarn test"),
        ("yarn jest", "jest"),
        ("npx --yes jest --ci", "jest"),
        ("node_modules/.bin/vitest run", "vitest"),
        ("npx mocha", "mocha"),
        ("npx playwright test", "playwright"),
        ("bun test", "bun test"),
        ("node --test", "node --test"),
        ("deno test -A", "deno test"),
        ("go test ./...", "go test"),
        ("go -C web test ./...", "go test"),
        ("gotestsum -- ./...", "go test"),
        ("cargo +nightly test --all", "cargo test"),
        ("cargo nextest run", "cargo nextest"),
        ("make -C web -j4 test", "make"),
        ("make check", "make"),
        ("just test", "just"),
        ("mvn -q -Dtest=A test", "maven"),
        ("./mvnw -B verify", "maven"),
        ("./gradlew :app:testDebugUnitTest", "gradle"),
        ("bundle exec rspec", "rspec"),
        ("bin/rails test", "rails test"),
        ("bundle exec rake test", "rake test"),
        ("ruby -Itest test/models/user_test.rb", "minitest"),
        ("vendor/bin/phpunit", "phpunit"),
        ("php artisan test", "artisan test"),
        ("composer test", "composer test"),
        ("dotnet test --no-build", "dotnet test"),
        ("ctest --output-on-failure", "ctest"),
        ("cmake --build . --target test", "ctest"),
        ("meson test -C build", "meson test"),
        ("prove -r t", "prove"),
        ("bats tests", "bats"),
        ("swift test", "swift test"),
        ("mix test", "mix test"),
        ("sbt test", "sbt test"),
        ("flutter test", "flutter test"),
        ("bazel test //...", "bazel test"),
        ("for part in 1 2 3; do python3 -m pytest -q && echo $part; done", "pytest"),
        ("cd web && CI=1 bash -lc 'npm test 2>&1 | tail'", "npm test"),
        ("pytest || true", "pytest"),
        ("out=$(timeout 60 pytest -q)", "pytest"),
        ("git diff --name-only | xargs pytest", "pytest"),
    ],
)
def test_a_test_runner_is_recognised(text: str, expected: str) -> None:
    assert runners(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "echo pytest",
        "git commit -m 'run pytest'",
        'git commit -m "fix; pytest"',
        "grep -r pytest .",
        "pip install pytest",
        "python3 -m pip install pytest",
        "npm install jest",
        "npm run lint",
        "npm run latest",
        "npm run build -- test",
        "yarn add jest",
        "pytest --version",
        "pytest --collect-only",
        "cat tests/test_a.py",
        "cat > run.sh <<'EOF'\npytest\nEOF",
        "# pytest",
        "make latest",
        "make TEST=1 all",
        "go build ./...",
        "go vet test",
        "cargo build --tests",
        "mvn -DskipTests verify",
        "gradle build -x test",
        "which pytest",
        "python3 -c 'import pytest'",
        "python test.py",
        "node test.js",
        "test -f x",
        "composer require phpunit/test",
        "docker build -t test .",
    ],
)
def test_what_only_names_a_runner_runs_no_tests(text: str) -> None:
    assert runners(text) == []


def test_each_runner_of_a_chain_is_told_once() -> None:
    assert runners("pytest a && npm test; pytest b") == ["pytest", "npm test"]


OUTPUTS = {
    "pytest": (
        "pytest",
        "FF.                                                              [100%]\n"
        "=========================== short test summary info ============================\n"
        "FAILED tests/test_invoice.py::InvoiceTest::test_total - AssertionError\n"
        "============ \x1b[31m\x1b[1m2 failed\x1b[0m, \x1b[32m1 passed\x1b[0m, \x1b[33m1 skipped\x1b[0m,"
        " 1 xfailed, 3 warnings in 0.12s\x1b[0m =============\n",
        TestCounts(1, 2, 0, 2),
    ),
    "pytest quiet": ("pytest -q", "...   [100%]\n3 passed in 0.03s\n", TestCounts(3)),
    "pytest long": ("pytest", "=== 3 passed, 1 rerun in 75.20s (0:01:15) ===", TestCounts(3)),
    "pytest that cannot import": (
        "pytest",
        "ERROR tests/test_a.py\n!!!!! Interrupted: 1 error during collection !!!!!\n"
        "=== 1 error in 0.20s ===\n",
        TestCounts(errors=1),
    ),
    "pytest without tests": ("pytest", "==== no tests ran in 0.01s ====", TestCounts()),
    "pytest with subtests": ("pytest", "1 failed, 2 passed, 3 subtests passed in 0.01s", TestCounts(2, 1)),
    "unittest": (
        "python -m unittest",
        "F.E.s\n======\nFAIL: test_a (tests.A)\n------\nRan 5 tests in 0.003s\n\n"
        "FAILED (failures=1, errors=1, skipped=1)\n",
        TestCounts(2, 1, 1, 1),
    ),
    "unittest passed": (
        "python -m unittest",
        "...\nRan 3 tests in 0.001s\n\nOK (skipped=1)\n",
        TestCounts(2, skipped=1),
    ),
    "django": (
        "python manage.py test",
        "Found 2 test(s).\n..\nRan 2 tests in 1.2s\n\nOK\nDestroying test database\n",
        TestCounts(2),
    ),
    "jest": (
        "npx jest",
        "Test Suites: 1 failed, 1 passed, 2 total\nTests:       1 failed, 1 skipped, 3 passed, 5 total\n"
        "Snapshots:   0 total\nTime:        1.2 s\n",
        TestCounts(3, 1, 0, 1),
    ),
    "jest that cannot load": (
        "npx jest",
        "Test Suites: 1 failed, 1 total\nTests:       0 total\nSnapshots:   0 total\n",
        TestCounts(errors=1),
    ),
    "vitest": (
        "npx vitest run",
        " \x1b[2mTest Files \x1b[22m \x1b[31m1 failed\x1b[39m | 2 passed (3)\n"
        " \x1b[2m     Tests \x1b[22m \x1b[31m1 failed\x1b[39m | 4 passed | 1 skipped (6)\n"
        "   Start at  10:00:00\n",
        TestCounts(4, 1, 0, 1),
    ),
    "mocha": (
        "npx mocha",
        "\n  3 passing (12ms)\n  1 pending\n  1 failing\n\n  1) adds\n",
        TestCounts(3, 1, 0, 1),
    ),
    "npm": (
        "npm test",
        "> billing@1.0.0 test\n> mocha\n\n  3 passing (12ms)\n  2 failing\n",
        TestCounts(3, 2),
    ),
    "playwright": (
        "npx playwright test",
        "  1 failed\n    [chromium] › a.spec.ts:3:1 › adds ───\n  1 flaky\n  2 skipped\n  3 passed (4.2s)\n",
        TestCounts(4, 1, 0, 2),
    ),
    "bun": (
        "bun test",
        "a.test.ts:\n(pass) adds [0.12ms]\n\n 3 pass\n 1 fail\n 4 expect() calls\n"
        "Ran 4 tests across 1 files. [8.00ms]\n",
        TestCounts(3, 1),
    ),
    "node on a terminal": (
        "node --test",
        "✔ adds (0.5ms)\nℹ tests 4\nℹ suites 0\nℹ pass 2\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\n",
        TestCounts(2, 1, 0, 1),
    ),
    "node in TAP": (
        "node --test",
        "TAP version 13\nok 1 - adds\nnot ok 2 - subtracts\n1..2\n# tests 2\n# suites 0\n# pass 1\n# fail 1\n"
        "# cancelled 0\n# skipped 0\n# todo 0\n",
        TestCounts(1, 1),
    ),
    "deno": ("deno test", "FAILED | 2 passed | 1 failed | 1 ignored (15ms)\n", TestCounts(2, 1, 0, 1)),
    "ava": ("npx ava", "  1 test failed\n  3 tests passed\n", TestCounts(3, 1)),
    "go": (
        "go test ./...",
        "--- FAIL: TestTotal (0.00s)\n    invoice_test.go:9: got 1\nFAIL\nFAIL\texample.com/billing\t0.012s\n"
        "ok  \texample.com/tax\t0.004s\n?   \texample.com/cmd\t[no test files]\n"
        "ok  \texample.com/old\t(cached)\nFAIL\n",
        TestCounts(2, 1),
    ),
    "go in words": (
        "go test -v",
        "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n    --- FAIL: TestB/x (0.00s)\n"
        "--- FAIL: TestB (0.00s)\n--- SKIP: TestC (0.00s)\nFAIL\nFAIL\texample.com/a\t0.01s\n",
        TestCounts(1, 1, 0, 1),
    ),
    "go that does not build": (
        "go test ./...",
        "# example.com/a\n./a.go:3:1: syntax error\nFAIL\texample.com/a [build failed]\nFAIL\n",
        TestCounts(errors=1),
    ),
    "go in JSON": (
        "go test -json ./...",
        '{"Action":"run","Package":"a","Test":"TestA"}\n{"Action":"pass","Package":"a","Test":"TestA"}\n'
        '{"Action":"fail","Package":"a","Test":"TestB"}\n{"Action":"fail","Package":"a"}\n',
        TestCounts(1, 1),
    ),
    "gotestsum": ("gotestsum", "DONE 10 tests, 2 skipped, 1 failure in 0.512s\n", TestCounts(7, 1, 0, 2)),
    "cargo": (
        "cargo test",
        "running 4 tests\n"
        "test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in"
        " 0.00s\n\n   Doc-tests a\n"
        "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        TestCounts(3, 1, 0, 1),
    ),
    "cargo that does not build": (
        "cargo test",
        "error[E0425]: cannot find value\nerror: could not compile `a` (lib test) due to 1 previous error\n",
        TestCounts(errors=1),
    ),
    "nextest": (
        "cargo nextest run",
        "     Summary [   0.012s] 4 tests run: 2 passed (1 slow), 1 failed, 1 timed out, 2 skipped\n",
        TestCounts(2, 1, 1, 2),
    ),
    "maven": (
        "mvn test",
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.05 s -- in ATest\n"
        "[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.05 s <<< FAILURE!\n"
        "[INFO] Results:\n[ERROR] Tests run: 4, Failures: 1, Errors: 0, Skipped: 1\n[INFO] BUILD FAILURE\n",
        TestCounts(2, 1, 0, 1),
    ),
    "gradle": (
        "./gradlew test",
        "> Task :test FAILED\n\n4 tests completed, 1 failed, 1 skipped\n",
        TestCounts(2, 1, 0, 1),
    ),
    "rspec": (
        "rspec",
        "Finished in 0.01 seconds\n5 examples, 1 failure, 1 pending\n",
        TestCounts(3, 1, 0, 1),
    ),
    "rspec that cannot load": (
        "rspec",
        "0 examples, 0 failures, 1 error occurred outside of examples\n",
        TestCounts(errors=1),
    ),
    "minitest": (
        "bin/rails test",
        "Finished in 0.1s, 50 runs/s.\n5 runs, 9 assertions, 1 failures, 1 errors, 1 skips\n",
        TestCounts(2, 1, 1, 1),
    ),
    "phpunit": (
        "vendor/bin/phpunit",
        "FAILURES!\nTests: 5, Assertions: 9, Errors: 1, Failures: 1, Skipped: 1.\n",
        TestCounts(2, 1, 1, 1),
    ),
    "phpunit passed": ("phpunit", "OK (5 tests, 9 assertions)\n", TestCounts(5)),
    "artisan": ("php artisan test", "  Tests:    1 failed, 2 passed (4 assertions)\n", TestCounts(2, 1)),
    "dotnet": (
        "dotnet test",
        "Failed!  - Failed:     1, Passed:     3, Skipped:     1, Total:     5, Duration: 12 ms - A.dll\n"
        "Passed!  - Failed:     0, Passed:     2, Skipped:     0, Total:     2, Duration: 3 ms - B.dll\n",
        TestCounts(5, 1, 0, 1),
    ),
    "dotnet of before": (
        "dotnet test",
        "Test Run Failed.\nTotal tests: 4\n     Passed: 3\n     Failed: 1\n Total time: 1.2 Seconds\n",
        TestCounts(3, 1),
    ),
    "ctest": (
        "ctest",
        "75% tests passed, 1 tests failed out of 4\n\nTotal Test time (real) = 0.02 sec\n",
        TestCounts(3, 1),
    ),
    "prove": (
        "prove -r t",
        "t/a.t .. ok\nt/b.t .. Failed 1/5 subtests\nFailed 1/2 test programs. 1/10 subtests failed.\n"
        "Files=2, Tests=10,  0 wallclock secs\nResult: FAIL\n",
        TestCounts(9, 1),
    ),
    "prove passed": (
        "prove t",
        "All tests successful.\nFiles=1, Tests=5,  0 wallclock secs\nResult: PASS\n",
        TestCounts(5),
    ),
    "bats": (
        "bats tests",
        " ✓ adds\n ✗ subtracts\n\n3 tests, 1 failure, 1 skipped\n",
        TestCounts(1, 1, 0, 1),
    ),
    "bats in TAP": (
        "bats tests",
        "1..3\nok 1 adds\nnot ok 2 subtracts\nok 3 later # skip\n",
        TestCounts(1, 1, 0, 1),
    ),
    "mix": (
        "mix test",
        "Finished in 0.03 seconds\n1 doctest, 4 tests, 1 failure, 1 skipped\n",
        TestCounts(3, 1, 0, 1),
    ),
    "swift": (
        "swift test",
        "Executed 2 tests, with 1 failure (0 unexpected) in 0.001 (0.002) seconds\n"
        "\t Executed 4 tests, with 1 failure (0 unexpected) in 0.012 (0.013) seconds\n",
        TestCounts(3, 1),
    ),
    "swift testing": (
        "swift test",
        "✘ Test run with 4 tests failed after 0.01 seconds with 1 issue.\n",
        TestCounts(3, 1),
    ),
    "meson": (
        "meson test",
        "Ok:                 3\nFail:               1\nSkipped:  1\nTimeout:  0\n",
        TestCounts(3, 1, 0, 1),
    ),
    "sbt": ("sbt test", "[error] Failed: Total 4, Failed 1, Errors 0, Passed 3\n", TestCounts(3, 1)),
    "dart": ("dart test", "00:00 +1: a\n00:02 +3 ~1 -1: Some tests failed.\n", TestCounts(3, 1, 0, 1)),
    "make": (
        "make test",
        "python3 -m pytest\n1 failed, 2 passed in 0.1s\nmake: *** [test] Error 1\n",
        TestCounts(2, 1),
    ),
    "tox": (
        "tox",
        "===== 2 passed in 0.1s =====\n===== 1 failed, 1 passed in 0.1s =====\n",
        TestCounts(3, 1),
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_counts_of_a_runner_are_read(name: str) -> None:
    text, output, expected = OUTPUTS[name]

    (run,) = find_test_runs(text, output)

    assert run.counts == expected


def test_every_round_of_a_loop_counts() -> None:
    output = "3 passed in 0.01s\npart 1\n1 failed, 2 passed in 0.02s\npart 2\n3 passed in 0.01s\n"

    assert find_test_runs("for i in 1 2 3; do pytest -q; done; true", output) == (
        TestRun("pytest", TestCounts(passed=8, failed=1)),
    )


@pytest.mark.parametrize("text", ["pytest", "npm test", "go test ./...", "make test"])
def test_an_output_without_a_summary_tells_no_counts(text: str) -> None:
    output = "I passed 3 exams in 2s\nTests: many\n1 failed attempt\nok then\nKilled\n"

    assert find_test_runs(text, output)[0].counts is None


def test_a_task_that_runs_several_runners_counts_them_all() -> None:
    output = "1 failed, 2 passed in 0.1s\n\nTests:       3 passed, 3 total\n"

    assert find_test_runs("make test", output)[0].counts == TestCounts(5, 1)


@given(st.text(alphabet="0123456789 passedfailTs:,.()#=|\n\x1b[m", max_size=300))
def test_no_output_is_too_odd(output: str) -> None:
    all_counts_in(output)
    for name in READ:
        counts_in(output, (name,))


def test_an_output_of_long_lines_takes_no_long_time() -> None:
    for piece in (
        "1 passed, ",
        "Tests: 1 failed, ",
        "1 ",
        "\x1b]",
        "\x1b[",
        "Executed 1 tests, with ",
        "= " * 900 + "\n",
    ):
        all_counts_in(piece * (1_000_000 // len(piece)))
