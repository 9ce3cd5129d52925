"""C02, C13 and C14: other users' rights, what stays when the session is over, and other processes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.commands.arguments import arguments, written
from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Simple

C02 = Rule(
    id="C02",
    name="privilege",
    severity=Severity.HIGH,
    why="With another user's rights the agent can change what is to watch it.",
    check="See what ran with those rights, and ask why the agent's user has them at all.",
)
C13 = Rule(
    id="C13",
    name="persistence",
    severity=Severity.HIGH,
    why="What runs by itself later runs without a session, a log or a review.",
    check="Look at the file or the schedule on the agent's host, and take out what the task did not ask for.",
)
C14 = Rule(
    id="C14",
    name="other-processes",
    severity=Severity.MEDIUM,
    why="A process that the session did not start belongs to somebody else, or to what guards the host.",
    check="See what was stopped, and whether it runs again.",
)
_RAISING = frozenset({"sudo", "su", "doas", "pkexec", "runuser"})
_ACCOUNTS = frozenset(
    "setcap usermod useradd adduser userdel groupadd gpasswd visudo passwd chpasswd newgrp"
    " groupmod vipw".split()
)
_PROBES = frozenset({"true", "id", "whoami", "echo", ":"})
_STARTED_LATER = re.compile(
    r"(?:\A|/)(?:\.bashrc|\.bash_profile|\.bash_login|\.bash_logout|\.profile|\.zshrc|\.zprofile|\.zshenv|\.zlogin"
    r"|\.kshrc|\.inputrc|\.tmux\.conf|\.config/fish/.*|\.config/systemd/.*|\.config/autostart/.*"
    r"|\.xprofile|\.pam_environment"
    r"|\.ssh/rc|\.ssh/config|\.ssh/environment|Library/LaunchAgents/.*"
    r"|\.pythonrc|usercustomize\.py)\Z"
    r"|\A/etc/(?:cron[^/]*(?:/.*)?|anacrontab|profile(?:\.d/.*)?|bash\.bashrc|zsh/.*|rc\.local|systemd/.*|init\.d/.*"
    r"|ld\.so\.preload|ld\.so\.conf.*|environment|pam\.d/.*|sudoers(?:\.d/.*)?|passwd|shadow|hosts|udev/.*)\Z"
    r"|\A/(?:var/spool/cron|usr/lib/systemd|lib/systemd|usr/local/s?bin|usr/s?bin)/"
)
_DOWN = frozenset({"shutdown", "reboot", "halt", "poweroff"})
_KILLERS = frozenset({"kill", "pkill", "killall", "xkill", "skill"})
_GUARDS = re.compile(
    r"pushgate|gunicorn|\brq\b|redis|valkey|sshd?\b|auditd|journald|rsyslog|systemd|dockerd|postgres|script\b"
)
_STOPPING = frozenset({"stop", "restart", "disable", "mask", "kill"})
_OWN_JOB = re.compile(r"%\d*|\$!|\$\{?\w*(?:PID|pid|JOB|job|SERVER|server)\w*\}?")


def privilege(look: Look) -> Iterator[Hit]:
    """Programs that run others with more rights, and accounts that were changed."""
    for simple in look.commands:
        raising = _RAISING.intersection((simple.name, *simple.wrappers))
        if raising:
            yield Hit(
                Severity.LOW if _is_probe(simple) else Severity.HIGH,
                "a command was run with another user's rights",
            )
        elif simple.name in _ACCOUNTS:
            yield Hit(Severity.HIGH, "accounts or capabilities were changed")


def persistence(look: Look) -> Iterator[Hit]:
    """What makes something run after the session."""
    for simple in look.commands:
        words = simple.words[1:]
        for word in written(simple):
            path = look.path(word) or word
            if path.endswith((".ssh/authorized_keys", ".ssh/authorized_keys2")):
                yield Hit(Severity.CRITICAL, "a key was let in to the host")
            elif _STARTED_LATER.search(path):
                yield Hit(
                    Severity.HIGH, "a file was written that runs, or decides what runs, at a later time"
                )
        if simple.name == "ssh-copy-id":
            yield Hit(Severity.CRITICAL, "a key was let in to a host")
        elif simple.name == "crontab" and not arguments(words, "-u").has("-l"):
            yield Hit(Severity.HIGH, "the schedule of the agent's user was changed")
        elif simple.name in ("at", "batch") and not arguments(words).has("-l", "-V"):
            yield Hit(Severity.HIGH, "a command was scheduled for later")
        elif simple.name == "systemctl" and "enable" in words:
            yield Hit(Severity.HIGH, "a service was set to start by itself")
        elif simple.name in ("loginctl", "launchctl") and {"enable-linger", "load", "bootstrap"}.intersection(
            words
        ):
            yield Hit(Severity.HIGH, "the user's services were set to run without a login")


def processes(look: Look) -> Iterator[Hit]:
    """Processes, services and containers that were stopped."""
    for simple in look.commands:
        name, words = simple.name, simple.words[1:]
        if name in _DOWN or (name == "init" and words[:1] in (("0",), ("6",))):
            yield Hit(Severity.HIGH, "the host was shut down or restarted")
        elif name in _KILLERS:
            yield from _kill(look, simple)
        elif name == "fuser" and arguments(words).has("-k", "--kill"):
            yield Hit(Severity.MEDIUM, "whatever uses a file or a port was ended")
        elif name in ("systemctl", "service") and _STOPPING.intersection(words):
            yield Hit(_weight(words), "a service was stopped")
        elif name in ("docker", "podman") and _stops_container(words):
            yield Hit(_weight(words), "containers were stopped or removed")


def _is_probe(simple: Simple) -> bool:
    """Whether it only asks what would be allowed."""
    words = simple.words[1:]
    if simple.name in _RAISING:
        return bool(words) and words[0] in ("-l", "--list", "-v", "-k", "-K", "-V", "--version")
    return simple.name in _PROBES


def _kill(look: Look, simple: Simple) -> Iterator[Hit]:
    parts = arguments(simple.words[1:], "-s --signal -u --uid -U -g -G -P -t")
    signals = {name for name, _ in parts.options}
    if signals & {"-0", "-l", "-L", "--list"}:
        return
    targets = parts.operands
    if "-1" in simple.words[2:] or parts.has("-u", "--uid", "-U") or any(map(_GUARDS.search, targets)):
        yield Hit(Severity.HIGH, "processes of others, or of what guards the host, were ended")
    elif targets and all(_is_own(look, target) for target in targets):
        yield Hit(Severity.LOW, "a process of the session's own was ended")
    elif targets or "xargs" in simple.wrappers:
        yield Hit(Severity.MEDIUM, "processes were ended")


def _is_own(look: Look, target: str) -> bool:
    if _OWN_JOB.fullmatch(target):
        return True
    words = target.split()
    return bool(words) and not target.isdigit() and all(word in look.past.started for word in words)


def _weight(words: tuple[str, ...]) -> Severity:
    return Severity.HIGH if any(map(_GUARDS.search, words)) else Severity.MEDIUM


def _stops_container(words: tuple[str, ...]) -> bool:
    plain = [word for word in words if not word.startswith("-")]
    if plain[:1] in (["rm"], ["kill"], ["stop"], ["rmi"]):
        return True
    return plain[:2] in (
        ["container", "rm"],
        ["container", "stop"],
        ["system", "prune"],
        ["volume", "rm"],
        ["volume", "prune"],
        ["compose", "down"],
    )
