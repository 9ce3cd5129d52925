"""D42: places in the network that the code did not name before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import PathClass

D42 = Rule(
    id="D42",
    name="network-new",
    severity=Severity.LOW,
    why="The program may send something there, or fetch something from there.",
    check="See whose place it is, and what goes there.",
)
_URL = re.compile(
    r"\b(?:https?|wss?|ftp)://(?:[^\s/@\"'`<>]{1,100}@)?(?P<host>[A-Za-z0-9.-]{3,253}|\[[0-9A-Fa-f:.]{2,45}\])"
)
_ADDRESS = re.compile(r"(?<![\w.])(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?![\w.])")
_MEANT_AS_EXAMPLE = re.compile(
    r"(?i)^(?:localhost|.*\.localhost|(?:.*\.)?example\.(?:com|org|net|edu)|.*\.(?:example|test|invalid|local|internal))\.?$"
)
_NAMESPACES = frozenset(
    "www.w3.org w3.org schemas.xmlsoap.org schemas.microsoft.com schemas.android.com json-schema.org"
    " xml.org purl.org www.apache.org apache.org www.gnu.org gnu.org opensource.org"
    " creativecommons.org spdx.org java.sun.com xmlns.jcp.org jakarta.ee maven.apache.org"
    " www.springframework.org".split()
)
_CATCHING = re.compile(
    r"(?i)(?:^|\.)(?:ngrok(?:-free)?\.(?:io|app|dev)|trycloudflare\.com|loca\.lt|localtunnel\.me|serveo\.net|lhr\.life|bore\.pub"
    r"|webhook\.site|requestbin\.(?:com|net)|pipedream\.net|beeceptor\.com|hookbin\.com|requestcatcher\.com|pastebin\.com|paste\.ee"
    r"|hastebin\.com|dpaste\.(?:com|org)|ghostbin\.\w+|rentry\.co|transfer\.sh|file\.io|0x0\.st|temp\.sh|gofile\.io|anonfiles\.com"
    r"|catbox\.moe|interact\.sh|oast\.\w+|burpcollaborator\.net|dnslog\.cn|discord(?:app)?\.com|api\.telegram\.org|hooks\.slack\.com)$"
)


def network_new(look: FileLook) -> Iterator[Hit]:
    if look.path_class is not PathClass.SOURCE or not look.is_code:
        return
    known: str | None = None
    told: set[str] = set()
    for line, match in (*look.finds(_URL, "://"), *look.finds(_ADDRESS)):
        host = match["host"].lower().rstrip(".")
        # Four numbers may be a version.
        is_version = match.re is _ADDRESS and "version" in line.text.lower()
        if host in told or is_version or look.is_comment(line) or not _counts(host):
            continue
        known = look.old.lower() if known is None else known
        if host in known:
            continue
        told.add(host)
        if _CATCHING.search(host):
            yield Hit("A new host, of a service that passes on what it gets", line, Severity.MEDIUM, key=host)
        elif _is_public(host):
            yield Hit("A new public address without a name", line, Severity.MEDIUM, key=host)
        else:
            yield Hit("A new host", line, key=host)


def _counts(host: str) -> bool:
    if _MEANT_AS_EXAMPLE.match(host) or host in _NAMESPACES:
        return False
    return _is_public(host) or (not _is_address(host) and "." in host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_public(host: str) -> bool:
    return _is_address(host) and ip_address(host.strip("[]")).is_global


RULES = (FileRule(D42, network_new),)
