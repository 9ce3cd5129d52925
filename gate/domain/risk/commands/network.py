"""C06 and C17: what was sent out, and what was opened to the outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.commands.arguments import CURL_VALUES, WGET_VALUES, arguments
from gate.domain.risk.commands.credentials import reads_credential
from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.commands.programs import NETCATS, is_fetcher, is_python
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import Pipeline, Simple

C06 = Rule(
    id="C06",
    name="send-out",
    severity=Severity.HIGH,
    why="What was sent out cannot be taken back: code, logs, or credentials that were read before.",
    check="See what was sent, whom the host belongs to, and what the session had read before.",
)
C17 = Rule(
    id="C17",
    name="listen-or-tunnel",
    severity=Severity.HIGH,
    why="A listener or a tunnel lets others reach the agent's host past the network's own protection.",
    check="See whether it still runs, who could reach it, and what it gave access to.",
)
_HOST = re.compile(r"\A(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(\[[0-9a-fA-F:.]+\]|[^/:\s?#]+)", re.IGNORECASE)
_LOCAL = re.compile(
    r"localhost|127(?:\.\d+){3}|\[?::1\]?|0\.0\.0\.0|[\w-]+\.(?:local|localhost|test|internal\.test)"
)
_DROP = re.compile(
    r"(?:\A|[/.@])(?:pastebin\.com|transfer\.sh|webhook\.site|requestbin\.\w+|0x0\.st|ix\.io|termbin\.com|file\.io"
    r"|hastebin\.com|paste\.rs|dpaste\.\w+|sprunge\.us|gofile\.io|anonfiles\.com|pipedream\.net|m\.pipedream\.net"
    r"|beeceptor\.com|interact\.sh|oast\.\w+|burpcollaborator\.net|ngrok(?:-free)?\.(?:io|app|dev)|trycloudflare\.com"
    r"|discord(?:app)?\.com/api/webhooks|hooks\.slack\.com|api\.telegram\.org|gist\.github\.com)",
    re.IGNORECASE,
)
_REMOTE_PATH = re.compile(r"\A(?:[\w.-]+@)?[\w.-]{2,}:(?!//)|\A(?:rsync|sftp|scp)://|::")
_CLOUD_PATH = re.compile(r"\A(?:s3|gs|az|r2|b2)://|\A[\w-]+:(?!//)")
_TUNNELS = frozenset(
    {"ngrok", "cloudflared", "localtunnel", "lt", "bore", "frpc", "zrok", "chisel", "inlets", "pagekite"}
)
_EVERYWHERE = ("0.0.0.0", "::", "[::]", "*")  # noqa: S104 (looked for, not bound to)
_SSH_VALUES = "-b -B -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w"
_DATA_FILE = re.compile(r"[\w-]*@")
_OUTPUT = re.compile(r"\$\(|`")
_BIND_OPTIONS = ("--host", "--bind", "-b", "--address", "--listen", "-S", "-H")


def send_out(look: Look) -> Iterator[Hit]:
    """Files, input or output of commands that go to a host outside."""
    for place, simple in enumerate(look.commands):
        has_input = place > 0 or any(one.operator == "<" for one in simple.redirects)
        yield from _uploads(look, simple, has_input=has_input)
        if any(one.target.startswith(("/dev/tcp/", "/dev/udp/")) for one in simple.redirects):
            yield Hit(Severity.HIGH, "a connection to a host was opened by the shell itself")
    yield from _in_address(look, look.pipeline)


def listen(look: Look) -> Iterator[Hit]:
    """Ports that were opened, and tunnels."""
    for simple in look.commands:
        words = simple.words[1:]
        if simple.name in ("nc", "ncat", "netcat") and arguments(words, "-p -s -w -q -i").has(
            "-l", "--listen"
        ):
            yield Hit(Severity.HIGH, "a port was opened for anyone to connect to")
        elif simple.name == "socat" and any("LISTEN" in word.upper() for word in words):
            yield Hit(_reach(words), "a port was opened for anyone to connect to")
        elif simple.name in ("ssh", "autossh") and arguments(words, _SSH_VALUES).has("-R", "-D", "-L", "-w"):
            yield Hit(Severity.HIGH, "a tunnel was opened through another host")
        elif simple.name in _TUNNELS and words and words[0] not in ("--version", "version", "--help"):
            yield Hit(Severity.HIGH, "a tunnel from the outside was opened")
        elif is_python(simple) and arguments(words, "-m").value("-m") == "http.server":
            yield Hit(_reach(words, default=Severity.HIGH), "files were served over the network")
        elif any(_is_everywhere(words, place) for place in range(len(words))):
            yield Hit(Severity.HIGH, "a server was bound to every address of the host")


def host_of(address: str) -> str:
    """The host of a URL, or of what `curl` takes for one."""
    found = _HOST.match(address)
    return found[1].lower() if found else ""


def _uploads(look: Look, simple: Simple, *, has_input: bool) -> Iterator[Hit]:
    name, words = simple.name, simple.words[1:]
    if is_fetcher(simple):
        yield from _fetcher(look, simple, has_input=has_input)
    elif name in NETCATS and has_input and not arguments(words, "-p").has("-l", "-z"):
        if not _is_allowed(look, [word for word in words if not word.startswith("-")][:1]):
            yield Hit(Severity.HIGH, "input was sent to a host over a bare connection")
    elif name in ("scp", "rsync", "sftp"):
        operands = arguments(words, "-P -i -o -F -e --rsh -l -c -J -S --exclude --include --filter").operands
        if (
            operands
            and _REMOTE_PATH.search(operands[-1])
            and len(operands) > 1
            and not _is_allowed(look, operands[-1:])
        ):
            yield Hit(Severity.HIGH, "files were copied to another host")
    elif name == "ssh" and has_input:
        yield Hit(Severity.HIGH, "input was sent to another host", Confidence.POSSIBLE)
    elif simple.words[:3] in (("gh", "gist", "create"), ("glab", "snippet", "create")):
        yield Hit(Severity.HIGH, "files were published as a snippet")
    elif _is_cloud_copy(simple):
        yield Hit(Severity.HIGH, "files were copied to a cloud's store")
    elif name in ("mail", "mailx", "sendmail", "mutt", "msmtp") and words:
        yield Hit(Severity.HIGH, "a mail was sent")


def _fetcher(look: Look, simple: Simple, *, has_input: bool) -> Iterator[Hit]:
    words = simple.words[1:]
    addresses = _addresses(simple)
    if any(_DROP.search(address) for address in addresses):
        yield Hit(Severity.HIGH, "a host was used that people drop data at")
        return
    if _is_allowed(look, addresses):
        return
    if simple.name == "curl":
        parts = arguments(words, CURL_VALUES)
        forms = parts.values("-F", "--form")
        data = parts.values("-d", "--data", "--data-binary", "--data-urlencode", "--json")
        texts = [*data, *parts.values("--data-raw"), *forms]
        sends = parts.has("-T", "--upload-file") or any(map(_DATA_FILE.match, data))
        sends = sends or any("=@" in one or "=<" in one for one in forms) or any(map(_OUTPUT.search, texts))
    elif simple.name == "wget":
        parts = arguments(words, WGET_VALUES)
        texts = [*parts.values("--post-data", "--body-data")]
        sends = parts.has("--post-file", "--body-file") or any(map(_OUTPUT.search, texts))
    else:
        has_file = any("@" in word[1:] and "://" not in word for word in words)
        sends = simple.name in ("http", "https", "xh") and (has_input or has_file)
    if sends:
        yield Hit(Severity.HIGH, "a file or the output of a command was sent to a host")


def _in_address(look: Look, pipeline: Pipeline) -> Iterator[Hit]:
    """What a command printed goes out inside an address or a name to look up."""
    senders = [
        one for one in pipeline.commands if is_fetcher(one) or one.name in ("dig", "nslookup", "host", "ping")
    ]
    if not senders or not pipeline.fed_by:
        return
    if any(reads_credential(look, one) for fed in pipeline.fed_by for one in fed.commands):
        yield Hit(Severity.HIGH, "what was read from a file with credentials was put into a request")
    elif any(one.name in ("dig", "nslookup") for one in senders):
        yield Hit(
            Severity.HIGH, "the output of a command was put into a name to look up", Confidence.POSSIBLE
        )


def _addresses(simple: Simple) -> list[str]:
    values = CURL_VALUES if simple.name == "curl" else WGET_VALUES if simple.name == "wget" else "-o"
    parts = arguments(simple.words[1:], values)
    plain = [word for word in parts.operands if not (word.isupper() and word.isalpha())]
    return [*parts.values("--url"), *(plain[:1] if simple.name in ("http", "https", "xh") else plain)]


def _is_allowed(look: Look, addresses: list[str] | tuple[str, ...]) -> bool:
    """Whether every address is local, or one that the gate's own configuration lets through."""
    hosts = [host_of(look.expanded(address).rpartition("@")[2]) for address in addresses]
    return bool(hosts) and all(_LOCAL.fullmatch(host) or host in look.context.hosts for host in hosts)


def _is_cloud_copy(simple: Simple) -> bool:
    words = [word for word in simple.words if not word.startswith("-")]
    match words[:3]:
        case ["aws", "s3", "cp" | "sync" | "mv"] | ["gcloud", "storage", "cp" | "mv" | "rsync"]:
            return len(words) > 4 and "://" in words[4] and "://" not in words[3]
        case ["gsutil", "cp" | "rsync" | "mv", *_] | ["s3cmd", "put" | "sync", *_] | ["azcopy", "copy", *_]:
            return "://" in words[-1] and "://" not in words[2]
        case ["rclone", "copy" | "sync" | "move", *_]:
            return len(words) > 3 and bool(_CLOUD_PATH.search(words[3])) and not _CLOUD_PATH.search(words[2])
        case _:
            return False


def _reach(words: tuple[str, ...], default: Severity = Severity.HIGH) -> Severity:
    text = " ".join(words)
    return Severity.LOW if "127.0.0.1" in text or "localhost" in text or "[::1]" in text else default


def _is_everywhere(words: tuple[str, ...], place: int) -> bool:
    option, equals, value = words[place].partition("=")
    if option not in _BIND_OPTIONS:
        return False
    given = value if equals else "".join(words[place + 1 : place + 2])
    return given in _EVERYWHERE or given.startswith(("0.0.0.0:", "[::]:"))
