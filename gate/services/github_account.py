"""Which GitHub account a login is, for matching it with a person or an agent here."""

from __future__ import annotations

import re

from gate.domain.audit import Detail
from gate.domain.errors import Invalid, Refused
from gate.domain.review import Account
from gate.services.ports.forge import ForgeAdmin

# Underscores are in the logins of enterprises that manage their users; an App's bot ends with [bot].
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?")


def find_account(admin: ForgeAdmin | None, login: str | None) -> Account | None:
    """The account that has this login now, None for no login.

    Raises Invalid for what can be no login, Refused where GitHub is not configured, NotFound where nobody
    has the login, Unavailable. Asks GitHub: never call it inside a transaction.
    """
    if login is None:
        return None
    if not _LOGIN.fullmatch(login):
        raise Invalid(f"GitHub login {login!r}", ["it has only letters, digits, - and _"])
    if admin is None:
        raise Refused(
            "GitHub is not configured, so nobody there can be looked up. "
            "`python -m gate github setup` says how to register the gate there."
        )
    return admin.account(login)


def account_details(account: Account | None) -> dict[str, Detail]:
    """An account on the trail; both None for nobody."""
    if account is None:
        return {"github": None, "account": None}
    return {"github": account.login, "account": str(account.id)}
