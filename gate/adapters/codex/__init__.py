"""What the Codex CLI leaves behind: the records of its threads, and the log of `codex exec --json`."""

from gate.adapters.codex.exec_json import read_exec_head as read_exec_head
from gate.adapters.codex.exec_json import read_exec_json as read_exec_json
from gate.adapters.codex.head import read_head as read_head
from gate.adapters.codex.rollout import read_rollout as read_rollout
from gate.adapters.codex.state import read_thread_index as read_thread_index
