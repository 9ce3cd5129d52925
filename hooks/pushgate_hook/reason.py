"""Why a push is refused."""

from pushgate_hook.git import GitFailed


class Reason:
    """One reason to refuse. `ref` is None for the whole push; `detail` goes into the record only."""

    __slots__ = ("detail", "fix", "ref", "rule", "what")

    def __init__(self, rule: str, ref: str | None, what: str, fix: str, *, detail: str = "") -> None:
        self.rule = rule
        self.ref = ref
        self.what = what
        self.fix = fix
        self.detail = detail


def failure(error: Exception) -> Reason:
    """For a push that the gate could not deal with. The pusher learns only the kind of error."""
    words = error.words if isinstance(error, GitFailed) else str(error)
    return Reason(
        "failure",
        None,
        f"the gate could not deal with this push ({type(error).__name__}), so it refuses it.",
        "nothing in your commits. Tell the people who run this gate.",
        detail=f" Detail: {words}",
    )
