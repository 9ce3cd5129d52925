"""The rules over the commands of a session: what the agent ran, or asked to run, beside what it pushed."""

from gate.domain.risk.commands.assess import C00, COMMAND_RULES, assess_commands
from gate.domain.risk.commands.look import CommandContext

__all__ = ["C00", "COMMAND_RULES", "CommandContext", "assess_commands"]
