"""D03, D04, D17 to D19, D22, D24: what kind of file it is, and what its name is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from gate.domain.hold import ZERO_OID
from gate.domain.risk.diff.look import FileLook, FileRule, Hit, PushLook, PushRule
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.path_class import is_code
from gate.domain.risk.view import PathClass

D03 = Rule(
    id="D03",
    name="secret-file-name",
    severity=Severity.HIGH,
    why="Files of this name hold keys or credentials, and stay in the history for ever.",
    check="Open the file. If it is a credential, revoke it and take the file out of every commit.",
)
D04 = Rule(
    id="D04",
    name="unscannable",
    severity=Severity.HIGH,
    why="The rules did not see all of it, so that they found nothing says little.",
    check="Look at the file yourself, or ask for a push in smaller pieces.",
)
D17 = Rule(
    id="D17",
    name="submodule",
    severity=Severity.HIGH,
    why="What is in the other repository is not in this review, and comes in with it.",
    check="Look at the commits between the two in the other repository, and whose repository it is.",
)
D18 = Rule(
    id="D18",
    name="symlink",
    severity=Severity.HIGH,
    why="What follows the link reads or writes somewhere else, on whatever machine it runs.",
    check="See where the link leads, and whether a copy of the file would do.",
)
D19 = Rule(
    id="D19",
    name="exec-bit",
    severity=Severity.MEDIUM,
    why="The file can be run now, and was not so before.",
    check="See that it is meant to be a program.",
)
D22 = Rule(
    id="D22",
    name="path-trick",
    severity=Severity.HIGH,
    why="The name is another file's on some systems, or looks like another on a screen.",
    check="Check the repository out on nothing you care for before you know what the name is for.",
)
D24 = Rule(
    id="D24",
    name="binary",
    severity=Severity.MEDIUM,
    why="Nobody sees in a review what changed in it.",
    check="Ask how the file was made, and make it again from its source.",
)

KEY_FILES = tuple(
    "id_rsa id_dsa id_ecdsa id_ed25519 *.pem *.p12 *.pfx *.jks *.kdbx *.keystore *.key *.ppk .env"
    " .env.* *.env .npmrc .netrc _netrc .git-credentials .pypirc kubeconfig *.kubeconfig .kube/config"
    " .htpasswd .dockercfg .docker/config.json .aws/credentials credentials.json service-account*.json"
    " .pgpass *.tfstate *.ovpn !.env.example !.env.sample !.env.test !.env.template !.env.dist"
    " !example.env".split()
)
_PUBLIC = re.compile(
    r"-----BEGIN (CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|X509 CRL)|ssh-(rsa|ed25519) |ecdsa-sha2-"
)
_CREDENTIAL = re.compile(r"(?i)(_auth|password|passwd|token|secret|aws_)")
_LFS = "version https://git-lfs.github.com/spec/"

_SCRIPT_FOLDERS = frozenset(
    "bin sbin scripts script tools tool hack ci .githooks .husky hooks libexec".split()
)
_SCRIPT_ENDS = (".sh", ".bash", ".zsh")

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_LIKE_GIT = re.compile(r"(?i)(\.git|git~\d+|\.git[. ]+|\.git::.*|\.git:.*)")
_LONGEST_NAME = 255

_PROGRAMS = (
    (b"\x7fELF", "a Linux program (ELF)"),
    (b"MZ", "a Windows program (PE)"),
    (b"\xfe\xed\xfa\xce", "a macOS program (Mach-O)"),
    (b"\xfe\xed\xfa\xcf", "a macOS program (Mach-O)"),
    (b"\xce\xfa\xed\xfe", "a macOS program (Mach-O)"),
    (b"\xcf\xfa\xed\xfe", "a macOS program (Mach-O)"),
    (b"\xca\xfe\xba\xbe", "a Java class or a macOS program"),
    (b"\x00asm", "WebAssembly"),
    (b"!<arch>\n", "a library of object files"),
    (b"dex\n", "an Android program"),
    (b"#!", "a script"),
)
_PROGRAM_ENDS = tuple(
    ".exe .dll .so .dylib .o .a .lib .node .jar .war .ear .apk .aab .class .pyc .pyo .pyd .whl .egg"
    " .wasm .msi .deb .rpm .appimage .dex .sys .com .scr".split()
)
_HARMLESS = (
    (b"\x89PNG\r\n", (".png",)),
    (b"\xff\xd8\xff", (".jpg", ".jpeg")),
    (b"GIF8", (".gif",)),
    (b"RIFF", (".webp", ".wav")),
    (b"\x00\x00\x01\x00", (".ico",)),
    (b"BM", (".bmp",)),
    (b"wOFF", (".woff",)),
    (b"wOF2", (".woff2",)),
    (b"\x00\x01\x00\x00", (".ttf",)),
    (b"OTTO", (".otf",)),
    (b"%PDF-", (".pdf",)),
    (b"PK\x03\x04", (".docx", ".xlsx", ".pptx", ".odt")),
    (b"ID3", (".mp3",)),
)


def secret_file_name(look: FileLook) -> Iterator[Hit]:
    if look.file.status != "A":
        return
    severity = look.lowered_in(D03.severity, PathClass.TEST)
    first = look.added[0].text if look.added else ""
    is_plain = look.path.endswith(".npmrc") and not _CREDENTIAL.search(look.code)
    if _PUBLIC.match(first) or is_plain:
        severity = Severity.LOW
    yield Hit("The file has a name that keys and credentials have", severity=severity)


def unscannable(look: FileLook) -> Iterator[Hit]:
    severity = look.lowered_in(D04.severity, PathClass.LOCK, PathClass.GENERATED, PathClass.VENDORED)
    if look.text.is_cut:
        count = len(look.text.added) + len(look.text.removed)
        yield Hit(f"Only the first {count} changed lines were looked at", severity=severity, key="cut")
    elif look.first_line is not None and look.first_line.text.startswith(_LFS):
        yield Hit("Its content is in LFS storage, and not in the push", look.first_line)
    elif look.marked("dependencies") and not look.file.is_binary and look.is_unread:
        yield Hit("It is too large for its dependencies to be read", severity=severity, key="size")


def more_files(look: PushLook) -> Iterator[Hit]:
    if look.view.facts.truncated:
        count = len(look.view.facts.files)
        yield Hit(
            f"The push is so large that only {count} files, and not all commits, were looked at", key="push"
        )
    if look.blob.is_spent:
        yield Hit(
            "The push is so large that not all files were compared with what they were before", key="reads"
        )


def submodule(look: FileLook) -> Iterator[Hit]:
    if look.file.new_mode == "160000":
        change = "is new" if look.file.old_mode != "160000" else f"moves from {look.file.old_oid[:12]}"
        words = f"A submodule {change}, and stands at {look.file.new_oid[:12]} of another repository"
        yield Hit(words, seen=f"Subproject commit {look.file.new_oid}")


def symlink(look: FileLook) -> Iterator[Hit]:
    if look.file.new_mode != "120000":
        return
    content = look.push.blob(look.file.new_oid)
    if content is None:
        yield Hit("A symbolic link whose target is too large to be read")
        return
    target = content.decode("utf-8", "surrogateescape")
    where = _leads_out(look.path, target)
    words = f"A symbolic link {where or 'to another place in the repository'}"
    yield Hit(words, severity=None if where else Severity.LOW, seen=target)


def _leads_out(path: str, target: str) -> str:
    """Where the target of a link is, if it is not plainly inside of the repository."""
    # Windows takes a backslash for a slash, and a letter with a colon for a drive.
    parts = target.replace("\\", "/").split("/")
    if parts[0] == "" or parts[0].endswith(":") or parts[0].startswith("~"):
        return "to an absolute place"
    depth = path.count("/")
    for part in parts:
        if _LIKE_GIT.fullmatch(part):
            return "into git's own folder"
        depth += -1 if part == ".." else int(part not in ("", "."))
        if depth < 0:
            return "that leaves the repository"
    return ""


def exec_bit(look: FileLook) -> Iterator[Hit]:
    if look.file.new_mode != "100755" or look.file.old_mode == "100755":
        return
    before = look.push.files.get(look.text.renamed_from or "")
    if before is not None and before.old_mode == "100755":
        return
    has_shebang = look.new.startswith("#!")
    *folders, name = look.path.lower().split("/")
    is_placed = not _SCRIPT_FOLDERS.isdisjoint(folders) or name.endswith(_SCRIPT_ENDS)
    if has_shebang and is_placed:
        yield Hit("The file can be run now", severity=Severity.LOW)
    else:
        what = "is not where scripts are" if has_shebang else "no line names its interpreter"
        yield Hit(f"The file can be run now, and {what}")


def path_trick(look: FileLook) -> Iterator[Hit]:
    if look.is_deleted:
        return
    trick = next((words for part in look.path.split("/") if (words := _trick(part))), "")
    if trick:
        yield Hit(f"The path {trick}", key=trick)


def _trick(name: str) -> str:
    visible = "".join(char for char in name if unicodedata.category(char) not in ("Cf", "Mn"))
    if _LIKE_GIT.fullmatch(name) or _LIKE_GIT.fullmatch(visible):
        return "looks like git's own folder to some systems"
    for char in name:
        category = unicodedata.category(char)
        if category in ("Cc", "Zl", "Zp"):
            return f"has the control character U+{ord(char):04X} in it"
        if category == "Cf":
            return f"has the invisible character U+{ord(char):04X} in it"
        if category == "Cs":
            return "has bytes in it that are no UTF-8"
        if char in "\\:":
            return f"has {char!r} in it, which means something else on Windows"
    if name.endswith((".", " ")) or name.startswith(" "):
        return "begins or ends with a space or ends with a dot, which Windows leaves away"
    if _RESERVED.fullmatch(name):
        return "is the name of a device on Windows"
    if len(name.encode(errors="surrogateescape")) > _LONGEST_NAME:
        return f"has a part of more than {_LONGEST_NAME} bytes"
    return ""


def same_name(look: PushLook) -> Iterator[Hit]:
    """Files of the push that are one file where case, or the way an accent is written, does not count."""
    first: dict[str, str] = {}
    for path, file in look.files.items():
        if file.new_oid == ZERO_OID:
            continue
        other = first.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if other != path:
            yield Hit("The path is the same as another's where case does not count", path=path, seen=other)


def binary(look: FileLook) -> Iterator[Hit]:
    if not look.file.is_binary or look.file.new_oid == ZERO_OID or look.file.new_mode == "160000":
        return
    content = look.push.blob(look.file.new_oid)
    size = "of a size over the limit" if content is None else f"of {len(content)} bytes"
    kind, severity = _kind(look.path.lower(), content)
    yield Hit(f"A binary file {size}, {kind}", severity=severity, key=f"{look.file.new_oid}")


def _kind(path: str, content: bytes | None) -> tuple[str, Severity]:
    start = content or b""
    program = next((words for magic, words in _PROGRAMS if start.startswith(magic)), "")
    if program:
        return program, Severity.HIGH
    if path.endswith(_PROGRAM_ENDS):
        return "with the name of a program", Severity.HIGH
    if is_code(path):
        return "with the name of source text: it hides its lines from a review", Severity.HIGH
    if any(start.startswith(magic) and path.endswith(ends) for magic, ends in _HARMLESS):
        return "an image, font or document by its first bytes", Severity.LOW
    if any(path.endswith(ends) for _, ends in _HARMLESS):
        return "which is not what its name says, or could not be read", Severity.MEDIUM
    return "of no known kind", Severity.MEDIUM


RULES = (
    FileRule(D03, secret_file_name, mark="keys"),
    FileRule(D04, unscannable),
    FileRule(D17, submodule),
    FileRule(D18, symlink),
    FileRule(D19, exec_bit),
    FileRule(D22, path_trick),
    FileRule(D24, binary),
)
PUSH_RULES = (PushRule(D04, more_files), PushRule(D22, same_name))
