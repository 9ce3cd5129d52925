"""D34, and D14 for images: what containers, clusters and services may do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.packages.dependencies import D14
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import PathClass

D34 = Rule(
    id="D34",
    name="infrastructure",
    severity=Severity.MEDIUM,
    why="It decides with which rights the program runs, and who can reach it.",
    check="See whether it needs the right, and what else gets it.",
)

DOCKER_FILES = ("Dockerfile", "Dockerfile.*", "*.dockerfile", "Containerfile")
SERVICE_FILES = ("*.service", "*.socket", "*.timer", "Procfile", "supervisord.conf")
DEPLOY_FILES = (
    *("*.tf", "*.tfvars", "*.hcl", "*.yml", "*.yaml", "*.json", "*.bicep", "*.template", "*.jsonnet"),
    *("Dockerfile*", "*.dockerfile", "Containerfile", "*.service", "Vagrantfile", "*.nomad"),
)

_HIGH = any_of(
    r"\bprivileged['\"]?[ \t]*[:=][ \t]*['\"]?true",
    r"\bhost(?:Network|PID|IPC)['\"]?[ \t]*[:=][ \t]*true",
    r"/var/run/docker\.sock",
    r"\b(?:(?:Not)?Actions?|actions|[Rr]esources?|Principal|verbs|apiGroups)['\"]?[ \t]*[:=][ \t]*"
    r"\[?[ \t]*['\"]\*(?::\*)?['\"]",
    r"\bcluster-admin\b",
    r"\bAdministratorAccess\b",
    r"\ballowPrivilegeEscalation['\"]?[ \t]*:[ \t]*true",
    r"^[ \t]*-[ \t]*['\"]?(?:SYS_ADMIN|SYS_PTRACE|CAP_SYS_ADMIN|NET_ADMIN)['\"]?[ \t]*$",
    r"\bcap_add\b[^\n]{0,100}\bALL\b",
    r"^[ \t]*-[ \t]*['\"]?/:/",
    r"\bseccomp[=:][ \t]*['\"]?unconfined",
    r"\bapparmor[=:][ \t]*['\"]?unconfined",
    flags=re.MULTILINE,
)
_HIGH_HINTS = tuple(
    "privileged hostnetwork hostpid hostipc docker.sock '* \"* cluster-admin administratoraccess"
    " allowprivilege sys_admin sys_ptrace net_admin cap_add /:/ unconfined".split()
)
_MEDIUM = any_of(
    r"\b0\.0\.0\.0/0\b",
    r"(?<![\w:])::/0\b",
    r"\bnetwork_mode['\"]?[ \t]*:[ \t]*['\"]?host",
    r"\brunAsUser['\"]?[ \t]*:[ \t]*0\b",
    r"\brunAsNonRoot['\"]?[ \t]*:[ \t]*false",
    r"\bpublicly_accessible[ \t]*=[ \t]*true",
    r"\bacl[ \t]*=[ \t]*\"public-read",
    r"\bPubliclyAccessible['\"]?[ \t]*:[ \t]*['\"]?true",
    r"\bpid['\"]?[ \t]*:[ \t]*['\"]?host\b",
    r"\bsecurity_opt\b",
)
_MEDIUM_HINTS = tuple(
    "0.0.0.0/0 ::/0 network_mode runasuser runasnonroot publicly public-read host security_opt".split()
)
_ROOT = re.compile(r"^[ \t]*USER[ \t]+(?:root|0)(?::\S+)?[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_ADD = re.compile(r"^[ \t]*ADD[ \t]+(?:--\S+[ \t]+)*https?://", re.MULTILINE | re.IGNORECASE)
_USER = re.compile(r"^[ \t]*USER[ \t]+\S", re.MULTILINE | re.IGNORECASE)
_FROM = re.compile(
    r"^[ \t]*(?:FROM[ \t]+(?:--\S+[ \t]+)?|(?:-[ \t]+)?image['\"]?[ \t]*:[ \t]*['\"]?)"
    r"(?P<image>[\w./-]+(?::\d+/[\w./-]+)?)(?P<tag>:[\w.-]+)?(?P<digest>@sha256:\w+)?(?P<rest>[^\n]*)",
    re.MULTILINE,
)
_STAGE = re.compile(
    r"^[ \t]*FROM[ \t][^\n]{1,300}[ \t]AS[ \t]+(?P<stage>[\w.-]+)", re.MULTILINE | re.IGNORECASE
)


def rights(look: FileLook) -> Iterator[Hit]:
    high = {line.number for line, _ in look.finds(_HIGH, *_HIGH_HINTS)}
    medium = {line.number for line, _ in look.finds(_MEDIUM, *_MEDIUM_HINTS)} - high
    for line in look.added if high or medium else ():
        if look.is_comment(line) or look.was_there(line):
            continue
        if line.number in high:
            words = "It gets rights over the machine or the account that it is on"
            yield Hit(words, line, _in(look, Severity.HIGH))
        elif line.number in medium:
            yield Hit("It can be reached, or can reach, more than before", line, _in(look, Severity.MEDIUM))


def docker_file(look: FileLook) -> Iterator[Hit]:
    if look.is_deleted:
        return
    for line, _ in look.finds(_ROOT):
        yield Hit("The container runs as root", line, _in(look, D34.severity))
    for line, _ in look.finds(_ADD):
        yield Hit("The image takes in a file from the network without a hash", line, _in(look, D34.severity))
    if look.file.status == "A" and not _USER.search(look.new):
        yield Hit(
            "A new image names no user, so that it runs as root",
            look.first_line,
            _in(look, D34.severity),
            key="user",
        )


def service(look: FileLook) -> Iterator[Hit]:
    line = look.first_line or (look.removed[0] if look.removed else None)
    words = "What is run as a service, and how, is another"
    yield Hit(words, line, _in(look, D34.severity), is_old=look.first_line is None, key="service")


def image_unpinned(look: FileLook) -> Iterator[Hit]:
    stages = {match["stage"].lower() for match in _STAGE.finditer(look.new)}
    for line, match in look.finds(_FROM, "from", "image"):
        tag, image = match["tag"], match["image"]
        # What follows may be a variable, which a build decides.
        if (
            match["digest"]
            or match["rest"].startswith(("$", "{", "@"))
            or image.lower() in {*stages, "scratch"}
        ):
            continue
        if (tag is None or tag == ":latest") and not look.was_there(line):
            yield Hit("An image is taken in whichever version it has then", line, _in(look, D14.severity))


def _in(look: FileLook, severity: Severity) -> Severity:
    return look.lowered_in(severity, PathClass.TEST, PathClass.DOCS, PathClass.VENDORED, PathClass.GENERATED)


RULES = (
    FileRule(D34, rights, mark="deploy"),
    FileRule(D34, docker_file, mark="docker"),
    FileRule(D34, service, mark="service"),
    FileRule(D14, image_unpinned, mark="images"),
)
IMAGE_FILES = (
    *DOCKER_FILES,
    "*compose*.y*ml",
    "*.k8s.y*ml",
    "k8s/**/*.y*ml",
    "deploy/**/*.y*ml",
    "charts/**/*.y*ml",
)
