from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gate.config import GitHubSettings, NotifySettings, load
from gate.domain.errors import Invalid

SECRET = "a-webhook-secret-of-enough-length"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of secrets as an admin would make it."""
    texts = {
        "key.pem": "-----BEGIN RSA PRIVATE KEY-----\n",
        "token": "github_pat_alice\n",
        "webhook": f"{SECRET}\n",
        "smtp": "hunter2\n",
        "slack": "https://hooks.example.org/services/T0/B0/x\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path


def environment(files: Path, **more: str) -> dict[str, str]:
    return {"PUSHGATE_HOME": str(files / "home"), **more}


def app(files: Path, **more: str) -> dict[str, str]:
    return environment(
        files,
        PUSHGATE_GITHUB_APP_ID="123",
        PUSHGATE_GITHUB_PRIVATE_KEY_FILE=str(files / "key.pem"),
        PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE=str(files / "webhook"),
        **more,
    )


def faults(given: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(Invalid) as raised:
        load(given)
    return raised.value.faults


def test_github_and_notifications_are_off_by_default(files: Path) -> None:
    settings = load(environment(files))

    assert settings.github is None
    assert settings.notify is None
    assert settings.github_url == "https://github.com"


def test_an_app_is_read(files: Path) -> None:
    settings = load(app(files))

    assert settings.github == GitHubSettings(
        url="https://github.com",
        app_id=123,
        private_key_file=files / "key.pem",
        token_file=None,
        webhook_secrets=(SECRET,),
        review_branches="same",
        fork_owner=None,
        is_draft=False,
    )


def test_a_token_of_an_enterprise_is_read_from_a_table_of_the_file(files: Path) -> None:
    (files / "home").mkdir()
    (files / "webhook").write_text(f"\n{SECRET}\n\n{SECRET[::-1]}\n")
    (files / "home" / "pushgate.toml").write_text(
        f'github_draft = true\n[github]\nurl = "https://git.example.org/"\ntoken_file = "{files}/token"\n'
        f'webhook_secret_file = "{files}/webhook"\nreview_branches = "fork"\nfork_owner = "acme-reviews"\n'
    )

    settings = load(environment(files))

    assert settings.github == GitHubSettings(
        url="https://git.example.org",
        app_id=None,
        private_key_file=None,
        token_file=files / "token",
        webhook_secrets=(SECRET, SECRET[::-1]),
        review_branches="fork",
        fork_owner="acme-reviews",
        is_draft=True,
    )


def test_the_environment_wins_over_the_table(files: Path) -> None:
    (files / "home").mkdir()
    (files / "home" / "pushgate.toml").write_text('[github]\nurl = "https://git.example.org"\n')

    assert load(environment(files)).github_url == "https://git.example.org"
    given = environment(files, PUSHGATE_GITHUB_URL="https://github.com")
    assert load(given).github_url == "https://github.com"


def test_a_key_of_the_table_that_is_no_setting_is_a_fault(files: Path) -> None:
    (files / "home").mkdir()
    (files / "home" / "pushgate.toml").write_text("[github]\napp = 1\n[other]\nx = 1\n")

    found = faults(environment(files))

    assert [fault.split(":")[1].split()[0] for fault in found] == ["github_app", "other"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"PUSHGATE_GITHUB_PRIVATE_KEY_FILE": ""}, "PUSHGATE_GITHUB_PRIVATE_KEY_FILE is not set"),
        ({"PUSHGATE_GITHUB_APP_ID": ""}, "PUSHGATE_GITHUB_APP_ID is not set"),
        ({"PUSHGATE_GITHUB_APP_ID": "pushgate"}, "PUSHGATE_GITHUB_APP_ID is 'pushgate'"),
        ({"PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE": ""}, "refuses to start"),
        ({"PUSHGATE_GITHUB_URL": "http://git.example.org"}, "it begins with https://"),
        ({"PUSHGATE_GITHUB_URL": "https://git.example.org/api/v3"}, "the web address alone"),
        ({"PUSHGATE_GITHUB_URL": "https://alice@git.example.org"}, "the web address alone"),
        ({"PUSHGATE_GITHUB_URL": "ftp://git.example.org"}, "PUSHGATE_GITHUB_URL is"),
        ({"PUSHGATE_GITHUB_REVIEW_BRANCHES": "elsewhere"}, "it is one of same, fork"),
        ({"PUSHGATE_GITHUB_REVIEW_BRANCHES": "fork"}, "PUSHGATE_GITHUB_FORK_OWNER is not set"),
        ({"PUSHGATE_GITHUB_DRAFT": "perhaps"}, "it is true or false"),
        ({"PUSHGATE_GITHUB_PRIVATE_KEY_FILE": "/nowhere"}, "/nowhere cannot be read: No such file"),
    ],
)
def test_a_fault_says_what_to_mend(files: Path, change: dict[str, str], words: str) -> None:
    [fault] = faults({**app(files), **change})

    assert words in fault


def test_an_app_and_a_token_are_one_too_many(files: Path) -> None:
    [fault] = faults(app(files, PUSHGATE_GITHUB_TOKEN_FILE=str(files / "token")))

    assert "one of the two" in fault


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"])
def test_without_encryption_github_is_on_this_machine(files: Path, url: str) -> None:
    settings = load(app(files, PUSHGATE_GITHUB_URL=url))

    assert settings.github is not None
    assert settings.github.url == url


@pytest.mark.parametrize("name", ["key.pem", "webhook"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secret_that_others_can_read_is_a_fault(files: Path, name: str, mode: int) -> None:
    (files / name).chmod(mode)

    [fault] = faults(app(files))

    assert fault.endswith(f"others can read {files / name}; run: chmod 600 {files / name}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("short\n", "fewer than 16 characters"),
        (f"{SECRET}\nshort\n", "fewer than 16 characters"),
        (f"{SECRET}\n" * 3, "3 secrets"),
    ],
)
def test_a_webhook_secret_that_is_easy_to_guess_is_a_fault(files: Path, text: str, words: str) -> None:
    (files / "webhook").write_text(text)

    [fault] = faults(app(files))

    assert words in fault
    assert SECRET not in fault


def test_all_faults_are_told_at_once(files: Path) -> None:
    (files / "token").chmod(0o644)
    (files / "webhook").write_text("short")
    given = app(
        files,
        PUSHGATE_GITHUB_TOKEN_FILE=str(files / "token"),
        PUSHGATE_GITHUB_REVIEW_BRANCHES="fork",
        PUSHGATE_SMTP_URL="smtp://mail.example.org",
        PORT="0",
    )

    assert [fault.split()[0].rstrip(":") for fault in faults(given)] == [
        "PORT",
        "PUSHGATE_GITHUB_TOKEN_FILE",
        "PUSHGATE_GITHUB_TOKEN_FILE",
        "PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE",
        "PUSHGATE_GITHUB_FORK_OWNER",
        "PUSHGATE_NOTIFY_FROM",
        "PUSHGATE_NOTIFY_TO",
    ]


def test_notifications_are_read(files: Path) -> None:
    settings = load(
        environment(
            files,
            PUSHGATE_SMTP_URL="smtps://gate@mail.example.org:465",
            PUSHGATE_SMTP_PASSWORD_FILE=str(files / "smtp"),
            PUSHGATE_NOTIFY_FROM="gate@example.org",
            PUSHGATE_NOTIFY_TO="alice@example.org, bob@example.org",
            PUSHGATE_NOTIFY_SLACK_URL_FILE=str(files / "slack"),
            PUSHGATE_NOTIFY_SECONDS="60",
        )
    )

    assert settings.notify == NotifySettings(
        smtp_url="smtps://gate@mail.example.org:465",
        smtp_password="hunter2",
        sender="gate@example.org",
        recipients=("alice@example.org", "bob@example.org"),
        slack_url="https://hooks.example.org/services/T0/B0/x",
        every=timedelta(seconds=60),
    )


def test_recipients_may_be_a_list_in_the_file(files: Path) -> None:
    (files / "home").mkdir()
    (files / "home" / "pushgate.toml").write_text(
        'smtp_url = "smtp://mail.example.org"\n[notify]\nfrom = "gate@example.org"\n'
        'to = ["alice@example.org", "bob@example.org"]\n'
    )

    notify = load(environment(files)).notify

    assert notify is not None
    assert notify.recipients == ("alice@example.org", "bob@example.org")


def test_a_mail_password_in_the_address_is_a_fault_that_does_not_repeat_it(files: Path) -> None:
    [fault] = faults(environment(files, PUSHGATE_SMTP_URL="smtp://gate:hunter2@mail.example.org"))

    assert "PUSHGATE_SMTP_PASSWORD_FILE" in fault
    assert "hunter2" not in fault


def test_e_mails_need_a_sender_and_somebody_to_go_to(files: Path) -> None:
    found = faults(environment(files, PUSHGATE_SMTP_URL="smtp://mail.example.org"))

    assert [fault.split()[0] for fault in found] == ["PUSHGATE_NOTIFY_FROM", "PUSHGATE_NOTIFY_TO"]


def test_no_secret_shows_in_how_settings_look(files: Path) -> None:
    settings = load(
        app(
            files,
            PUSHGATE_SMTP_URL="smtp://mail.example.org",
            PUSHGATE_SMTP_PASSWORD_FILE=str(files / "smtp"),
            PUSHGATE_NOTIFY_FROM="gate@example.org",
            PUSHGATE_NOTIFY_TO="alice@example.org",
            PUSHGATE_NOTIFY_SLACK_URL_FILE=str(files / "slack"),
        )
    )

    for secret in (SECRET, "hunter2", "services/T0"):
        assert secret not in repr(settings)
