"""proc-receive: hold every update, and tell git and the pusher so."""

import posix

from pushgate_hook import words
from pushgate_hook.fail_point import stop_at
from pushgate_hook.git import Git, repository_directory
from pushgate_hook.hold import Held, Moved, Push, hold
from pushgate_hook.identity import Identity, new_push_id, read_identity
from pushgate_hook.pktline import PacketReader, write_packets
from pushgate_hook.reason import Reason, failure
from pushgate_hook.records import Records
from pushgate_hook.refs import Update, parse_update, ref_fault
from pushgate_hook.refusals import refuse
from pushgate_hook.scan import scan
from pushgate_hook.settings import Settings, read_settings

_SIBLINGS = (b"pre-receive", b"reference-transaction")


class Unsafe(Exception):
    """The repository is not set up in a way that lets it hold a push."""


def main() -> int:
    """Speak git's proc-receive protocol, version 1 (githooks(5)), on standard input and output."""
    try:
        conversation = Conversation()
    except (EOFError, ValueError) as error:
        words.say([f"Pushgate held nothing: git's hook protocol broke off ({type(error).__name__})."])
        return 1
    directory = repository_directory()
    try:
        identity, updates = _checked(directory, conversation.refs)
        git = Git(directory)
        settings = read_settings(git, directory)
        push = Push(identity, updates, conversation.options, is_atomic=conversation.is_atomic)
        outcome = hold(push, records=Records(directory), git=git, settings=settings)
    except Moved as error:
        words.say(words.moved(error.refs))
        conversation.refuse("not held: upstream moved, fetch and push again")
        return 0
    except Exception as error:  # a hook that cannot hold refuses
        _refuse(conversation, directory, failure(error))
        return 0
    # From here on the push is held, whether or not the pusher can still be told.
    try:
        _tell(conversation, outcome, push, settings)
    except OSError:
        return 1
    stop_at("proc-receive:answered", settings.fail_point)
    return 0


class Conversation:
    """The two-way talk with receive-pack. `refs` are its lines as they came."""

    def __init__(self) -> None:
        reader = PacketReader(0)
        offered = _features(reader.until_flush())
        self.is_atomic = b"atomic" in offered
        takes_options = b"push-options" in offered
        write_packets(1, [b"version=1\0push-options\n" if takes_options else b"version=1\n"])
        self.refs = reader.until_flush()
        options = reader.until_flush() if takes_options else []
        self.options = [option.decode(errors="backslashreplace") for option in options]

    def hold(self, answers: list[tuple[str, str]]) -> None:
        write_packets(1, [f"ng {ref} {reason}".encode() for ref, reason in answers])

    def accept(self, answers: list[tuple[str, str]]) -> None:
        """Answer ok under another name, so that the client does not take the branch itself for moved."""
        packets = []
        for ref, held_as in answers:
            packets += [f"ok {ref}".encode(), f"option refname {held_as}".encode()]
        write_packets(1, packets)

    def refuse(self, reason: str) -> None:
        names = [line.split(b" ", 2)[2] for line in self.refs]
        write_packets(1, [b"ng %s %s" % (name, reason.encode()) for name in names])


def _tell(conversation: Conversation, outcome: list[Held], push: Push, settings: Settings) -> None:
    accepts = settings.accepts
    found = scan(settings.scan_socket, settings.repository, push.identity.push)
    report = words.report(outcome, push=push.identity.push, url=settings.url, accepts=accepts)
    words.say([*report, *map(words.shown, found)])
    if accepts:
        conversation.accept([(held.update.ref, f"refs/held/{held.number}") for held in outcome])
    else:
        conversation.hold([(held.update.ref, words.answer(held)) for held in outcome])


def _features(packets: list[bytes]) -> list[bytes]:
    version, _, features = packets[0].partition(b"\0") if packets else (b"", b"", b"")
    if version != b"version=1":
        raise ValueError("git speaks another version of the proc-receive protocol than 1")
    return features.split()


def _checked(directory: bytes, lines: list[bytes]) -> tuple[Identity, list[Update]]:
    """Who pushes what; raise Unsafe where pre-receive did not or could not keep this push out."""
    for name in _SIBLINGS:
        if not posix.access(b"%s/hooks/%s" % (directory, name), posix.X_OK):
            raise Unsafe(f"the hook {name.decode()} is missing or cannot be run")
    identity = read_identity()
    if not identity.agent:
        raise Unsafe("nobody said who pushes")
    updates = [parse_update(line) for line in lines]
    # pre-receive reads one line for each update, so a line break inside a name shows only here.
    if any(ref_fault(update.ref) for update in updates):
        raise Unsafe("a ref has a name that git does not allow")
    return identity, updates


def _refuse(conversation: Conversation, directory: bytes, reason: Reason) -> None:
    try:
        identity = read_identity()
        updates = [parse_update(line) for line in conversation.refs]
    except ValueError:
        identity, updates = Identity("", new_push_id(), ""), []
    refuse(Records(directory), identity, updates, [reason])
    conversation.refuse("not held: the gate could not deal with this push")
