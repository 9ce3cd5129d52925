"""Made-up secrets of the common kinds, put together here so that no file of ours has one in it."""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Callable

_ALNUM = string.ascii_letters + string.digits


def letters(name: str, count: int, alphabet: str = _ALNUM) -> str:
    """Text that looks random and is the same each time, with letters of every kind in it."""
    digest = hashlib.shake_256(name.encode()).digest(count)
    return "".join(alphabet[byte % len(alphabet)] for byte in digest)


def private_key(name: str = "key") -> str:
    body = base64.b64encode(hashlib.shake_256(name.encode()).digest(1200)).decode()
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{lines}\n-----END RSA {'PRIVATE'} KEY-----\n"


# What must never be published: each is some provider's own form, or a key.
BLOCKING: dict[str, Callable[[], str]] = {
    "github personal token": lambda: "gh" + "p_" + letters("github", 36),
    "github fine-grained": lambda: "github" + "_pat_" + letters("a", 22) + "_" + letters("b", 59),
    "gitlab token": lambda: "glp" + "at-" + letters("gitlab", 20),
    "slack bot token": lambda: (
        "xo"
        + "xb-"
        + letters("s", 12, string.digits)
        + "-"
        + letters("t", 12, string.digits)
        + "-"
        + letters("slack", 24)
    ),
    "stripe live key": lambda: "sk" + "_live_" + letters("stripe", 32),
    "aws secret": lambda: "aws_secret" + "_access_key = " + letters("aws", 40, _ALNUM + "/+"),
    "npm token": lambda: "np" + "m_" + letters("npm", 36),
    "pypi token": lambda: "pypi" + "-AgEIcHlwaS5vcmc" + letters("pypi", 90),
    "openai key": lambda: "sk" + "-" + letters("o", 20) + "T3Blbk" + "FJ" + letters("p", 20),
    "sendgrid key": lambda: "SG" + "." + letters("sg", 22) + "." + letters("sh", 43),
    "private key": private_key,
    "password for curl": lambda: "curl -u deploy:" + letters("curl", 16) + "3 https://example.org/x",
    "telegram token": lambda: letters("tg", 9, "123456789") + ":AA" + letters("bot", 33),
}
# What looks secret and may be an example: worth a look, and no reason to stop.
LIKELY: dict[str, str] = {
    "assigned password": "db_password = '" + letters("pw", 18) + "7b'",
    "password on a command line": "mysqldump --password=" + letters("cli", 16) + "9 shop",
}
# What only looks alike.
HARMLESS = (
    "commit 0f44598f11e5262cf12ea9f613ae91ab6cc30d89\n",
    'integrity = "sha512-' + base64.b64encode(hashlib.sha512(b"x").digest()).decode() + '"\n',
    "password = os.environ['DB_PASSWORD']\n",
    "token: ${{ secrets.GITHUB_TOKEN }}\n",
    "api_key = 'your-api-key-here'\n",
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n",
    "uuid 123e4567-e89b-12d3-a456-426614174000\n",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "def get_password(prompt): return getpass.getpass(prompt)\n",
    "https://example.org/login?next=/secret\n",
)
