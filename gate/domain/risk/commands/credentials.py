"""C04 and C05: credentials that were read, and the service of a cloud that hands them out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.commands.arguments import arguments
from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.commands.programs import NETCATS, inline_code, is_fetcher, is_interpreter
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import Simple

C04 = Rule(
    id="C04",
    name="read-credential",
    severity=Severity.HIGH,
    why="What the agent has read it can repeat, in a file, a message or a request, and the log holds it too.",
    check="See what was in the file, whether the task needed it, and whether it came up again later.",
)
C05 = Rule(
    id="C05",
    name="metadata-service",
    severity=Severity.CRITICAL,
    why="A cloud's metadata service hands out the credentials of the machine to whoever asks from it.",
    check="Take it that the machine's credentials were read: see what they allow, and renew them.",
)
_CREDENTIAL = re.compile(
    r"""(?:\A|/|@|=|:)(?:
      \.ssh/(?!config\Z|known_hosts|authorized_keys|[^/]*\.pub\Z)[^/]+
    | \.ssh/?\Z | \.aws/?\Z | \.gnupg(?:/.*)?\Z
    | \.aws/(?:credentials|config)\Z
    | \.config/(?:gh/hosts\.yml|git/credentials|gcloud/.*|op/.*|hub)\Z
    | \.azure/.* | \.netrc\Z | _netrc\Z | \.git-credentials\Z | \.pgpass\Z | \.my\.cnf\Z | \.pypirc\Z
    | \.npmrc\Z
    | \.codex/auth\.json\Z | \.claude/\.credentials\.json\Z | \.docker/config\.json\Z | \.kube/config\Z
    | \.vault-token\Z | \.terraform\.d/credentials.* | \.cargo/credentials(?:\.toml)?\Z | \.gem/credentials\Z
    | \.password-store(?:/.*)?\Z | \.env(?:rc)?(?:\.\w[\w.-]*)?\Z
    | id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?\Z
    | (?:var/)?run/secrets/.* | etc/g?shadow-?\Z | proc/[^/]+/environ\Z | etc/sudoers(?:\.d/.*)?\Z
    )""",
    re.VERBOSE,
)
_EXAMPLE = re.compile(r"\.(?:example|sample|template|tmpl|test|testing|dist|defaults?|ci|schema)(?:\.\w+)?\Z")
_KEY_FILE = re.compile(r"\.(?:pem|p12|pfx|jks|kdbx|keystore)\Z|(?:\A|[/_.-])private[^/]*\.key\Z")
_IN_CODE = re.compile(
    r"\.ssh/id_|\.aws/credentials|\.codex/auth\.json|\.netrc|\.git-credentials|/etc/shadow|/environ\b"
)
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE|CREDENTIAL|AUTH", re.IGNORECASE
)
_SECRET_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)(?:\}|:?-[^}]*\}|(?![\w:+#]))")
# These name files without printing what is in them; of `ls` it is at least told that it looked.
_NAMING = frozenset(
    "stat test [ [[ file mkdir touch rm rmdir chmod chown echo printf cd pushd basename dirname"
    " realpath readlink"
    " ssh-keygen ssh-add git pgrep true false export unset which type".split()
)
_LISTING = frozenset({"ls", "tree", "find", "fd", "du", "exa", "eza"})
_PATTERN_FIRST = frozenset({"grep", "egrep", "fgrep", "rg", "ag", "sed", "awk", "gawk", "jq", "perl"})
_TO_LAST = frozenset({"cp", "mv", "ln", "install"})
_TELLING = (
    ("git", "credential", "fill"),
    ("gh", "auth", "token"),
    ("glab", "auth", "token"),
    ("security", "find-generic-password"),
    ("security", "find-internet-password"),
    ("secret-tool", "lookup"),
    ("pass", "show"),
    ("op", "read"),
    ("vault", "read"),
    ("vault", "kv", "get"),
    ("aws", "secretsmanager", "get-secret-value"),
    ("aws", "configure", "get"),
    ("aws", "sts", "get-session-token"),
    ("aws", "ssm", "get-parameter"),
    ("gcloud", "auth", "print-access-token"),
    ("gcloud", "auth", "print-identity-token"),
    ("gcloud", "secrets", "versions"),
    ("az", "account", "get-access-token"),
    ("kubectl", "get", "secret"),
    ("kubectl", "get", "secrets"),
    ("npm", "token"),
    ("heroku", "config"),
    ("gpg", "--export-secret-keys"),
)
_METADATA = re.compile(
    r"169\.254\.169\.254|169\.254\.170\.2\b|metadata\.google\.internal|fd00:ec2::254|100\.100\.100\.200"
    r"|\b2852039166\b|0xa9fea9fe|0251\.0376\.0251\.0376|metadata\.azure\.(?:com|internal)",
    re.IGNORECASE,
)


def read_credential(look: Look) -> Iterator[Hit]:
    """Files and programs that hold credentials, and the whole environment."""
    for place, simple in enumerate(look.commands):
        yield from _files(look, simple)
        if any(simple.words[: len(one)] == one for one in _TELLING):
            yield Hit(Severity.HIGH, "a program was asked for a stored credential")
        if _dumps_environment(simple):
            yield Hit(_filtered(look.commands[place + 1 :]), "the whole environment was printed")
        elif _prints_secret(simple):
            yield Hit(Severity.MEDIUM, "an environment variable with a credential's name was printed")
        if _IN_CODE.search(inline_code(simple)):
            yield Hit(
                Severity.HIGH, "code on the command line names a file with credentials", Confidence.LIKELY
            )


def metadata_service(look: Look) -> Iterator[Hit]:
    """A request to the metadata service. To write its address into a file or a message is none."""
    for simple in look.commands:
        reaches = is_fetcher(simple) or simple.name in NETCATS or simple.name in ("ssh", "ping", "openssl")
        texts = [*simple.words[1:]] if reaches else [inline_code(simple)] if is_interpreter(simple) else []
        texts.extend(one.target for one in simple.redirects)
        if any(_METADATA.search(look.expanded(text)) for text in texts):
            yield Hit(Severity.CRITICAL, "the cloud's metadata service was asked")


def is_credential(path: str) -> bool:
    """Whether a path is known for holding credentials; examples are not."""
    return bool(_CREDENTIAL.search(path)) and not _EXAMPLE.search(path)


def reads_credential(look: Look, simple: Simple) -> bool:
    """Whether a command prints or copies credentials."""
    return any(
        hit.severity.rank >= Severity.MEDIUM.rank for hit in _files(look, simple)
    ) or _dumps_environment(simple)


def _files(look: Look, simple: Simple) -> Iterator[Hit]:
    for word in _read(simple):
        path = look.path(word.rstrip("/")) or look.expanded(word)
        if is_credential(path):
            if simple.name in _LISTING:
                yield Hit(Severity.LOW, "a place where credentials are kept was listed")
            else:
                yield Hit(Severity.HIGH, "a file with credentials was read")
        elif _KEY_FILE.search(path) and simple.name not in _LISTING:
            yield Hit(Severity.HIGH, "a file that may be a private key was read", Confidence.POSSIBLE)
        elif _CREDENTIAL.search(path) and simple.name not in _LISTING:
            yield Hit(Severity.INFO, "an example of a file with credentials was read")


def _read(simple: Simple) -> tuple[str, ...]:
    """The words that name what a command reads."""
    sources = tuple(one.target for one in simple.redirects if one.operator == "<")
    if simple.name in _NAMING or not simple.words:
        return sources
    words = simple.words[1:]
    if simple.name in _PATTERN_FIRST:
        parts = arguments(
            words, "-e -f --regexp --file -A -B -C -m -g --glob --include --exclude -t -n -v -F"
        )
        words = parts.operands if parts.has("-e", "-f", "--regexp", "--file") else parts.operands[1:]
    elif simple.name in _TO_LAST:
        words = arguments(words, "-t").operands[:-1]
    elif simple.name in ("tee", "sponge"):
        words = ()
    return (*sources, *(word for word in words if word[:1] != "-" or "=" in word or "/" in word))


def _dumps_environment(simple: Simple) -> bool:
    name, words = simple.name, simple.words[1:]
    if name in ("env", "printenv"):
        return (
            all(word.startswith("-") for word in words) and "--help" not in words and "--version" not in words
        )
    if name == "export":
        return words == ("-p",)
    if name in ("declare", "typeset"):
        return words in (("-x",), ("-p",), ("-xp",), ("-px",))
    return name == "set" and not words and not simple.redirects


def _filtered(after: tuple[Simple, ...]) -> Severity:
    """Low where what follows picks out what has no credential's name, or only counts."""
    for simple in after:
        if simple.name in ("grep", "egrep", "rg") and not arguments(simple.words[1:]).has(
            "-v", "--invert-match"
        ):
            return Severity.MEDIUM if any(map(_SECRET_NAME.search, simple.words[1:])) else Severity.LOW
        if simple.name in ("wc", "cut"):
            return Severity.LOW
    return Severity.MEDIUM


def _prints_secret(simple: Simple) -> bool:
    if simple.name == "printenv":
        return any(map(_SECRET_NAME.search, simple.words[1:]))
    if simple.name not in ("echo", "printf"):
        return False
    names = [name for word in simple.words[1:] for name in _SECRET_VARIABLE.findall(word)]
    return any(map(_SECRET_NAME.search, names))
