"""Who people and agents are at GitHub, on the admin's pages."""

from __future__ import annotations

from gate.domain.review import Account
from tests.web.conftest import SignedIn
from tests.web.web_world import World


def test_accounts_at_github_are_shown_with_their_numbers(gate: World, signed_in: SignedIn) -> None:
    with gate.store.transaction() as tx:
        tx.users.set_github(tx.users.get("bob").id, Account(4_100_000_001, "bob\u202ehub"))
        for agent in tx.agents.all():
            tx.agents.set_github(agent.name, Account(7, "codex[bot]"))
    carol = signed_in("carol")

    users, agents = carol.get("/admin/users").text, carol.get("/admin/agents").text

    assert "\u202e" not in users
    assert 'hub <span class="quiet">4100000001</span>' in users
    assert users.count('<span class="quiet">nobody</span>') == 2
    assert 'codex[bot] <span class="quiet">7</span>' in agents
