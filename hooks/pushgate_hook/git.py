"""One way to run git: no shell, a clean environment, bytes in and bytes out."""

import posix
import sys

from pushgate_hook.descriptors import read_all, write_all

# `import signal` costs 4 ms, and the number is the same on every system that git runs on.
_SIGPIPE = 13

# git gives a hook the place of the incoming objects in these.
_PASSED_ON = (
    b"PATH",
    b"GIT_QUARANTINE_PATH",
    b"GIT_OBJECT_DIRECTORY",
    b"GIT_ALTERNATE_OBJECT_DIRECTORIES",
)


class GitFailed(Exception):
    """A git command ended with a status that the caller did not expect."""

    def __init__(self, arguments: tuple[str | bytes, ...], status: int, words: str) -> None:
        self.status = status
        self.words = words
        super().__init__(f"git {arguments[0]!r} ended with status {status}: {words}")


class Git:
    """Runs git commands on one repository, by its absolute path."""

    def __init__(self, directory: bytes) -> None:
        self._environment = {name: posix.environ[name] for name in _PASSED_ON if name in posix.environ}
        self._environment |= {
            b"GIT_DIR": directory,
            b"GIT_CONFIG_NOSYSTEM": b"1",
            b"GIT_CONFIG_GLOBAL": b"/dev/null",
            b"LC_ALL": b"C",
        }

    def run(
        self,
        *arguments: str | bytes,
        stdin: bytes = b"",
        expected: tuple[int, ...] = (0,),
        environment: dict[bytes, bytes] | None = None,
    ) -> bytes:
        """Run one command and return its standard output; raise GitFailed for any other status."""
        in_read, in_write = posix.pipe()
        out_read, out_write = posix.pipe()
        error_read, error_write = posix.pipe()
        actions = (
            (posix.POSIX_SPAWN_DUP2, in_read, 0),
            (posix.POSIX_SPAWN_DUP2, out_write, 1),
            (posix.POSIX_SPAWN_DUP2, error_write, 2),
        )
        child = posix.posix_spawnp(
            "git",
            ("git", *arguments),
            self._environment | (environment or {}),
            file_actions=actions,
            setsigdef=(_SIGPIPE,),
        )
        for descriptor in (in_read, out_write, error_write):
            posix.close(descriptor)
        _feed(in_write, stdin)
        output, words = read_all(out_read), read_all(error_read)
        posix.close(out_read)
        posix.close(error_read)
        status = posix.waitstatus_to_exitcode(posix.waitpid(child, 0)[1])
        if status not in expected:
            raise GitFailed(arguments, status, words.decode(errors="backslashreplace").strip())
        return output


def repository_directory() -> bytes:
    """The repository whose `hooks` folder holds the running script; no environment variable can change it."""
    script = sys.argv[0].encode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
    if not script.startswith(b"/"):
        script = posix.getcwdb() + b"/" + script
    return script.rpartition(b"/")[0].rpartition(b"/")[0]


def empty_tree(oid: str) -> str:
    """Git's empty tree in the hash that `oid` is written in."""
    if len(oid) == 40:
        return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"


def _feed(descriptor: int, content: bytes) -> None:
    # A child that ends early says so by its status, which is what the caller gets to see.
    try:
        write_all(descriptor, content)
    except BrokenPipeError:
        pass
    finally:
        posix.close(descriptor)
