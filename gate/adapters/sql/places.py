"""Where agents work, in the store."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.schema import agent_places, agents
from gate.domain.agent_place import AgentPlace
from gate.domain.errors import NotFound


class SqlPlaces:
    """Implements `ports.store.Places`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, agent: str) -> AgentPlace | None:
        row = self._connection.execute(_places().where(agents.c.name == agent)).one_or_none()
        return None if row is None else _place(row)

    def put(self, place: AgentPlace) -> None:
        agent_id = self._connection.scalar(select(agents.c.id).where(agents.c.name == place.agent))
        if agent_id is None:
            raise NotFound(f"agent {place.agent}: there is none of this name. `agent list` shows them.")
        values = {"body": json.dumps(asdict(place))}
        row = insert_into(self._connection, agent_places).values(agent_id=agent_id, **values)
        row = row.on_conflict_do_update(index_elements=[agent_places.c.agent_id], set_=values)
        self._connection.execute(row)

    def all(self) -> list[AgentPlace]:
        return [_place(row) for row in self._connection.execute(_places().order_by(agents.c.name))]


def _places() -> Select[tuple[str, str]]:
    return select(agents.c.name, agent_places.c.body).join(agents)


def _place(row: Row[Any]) -> AgentPlace:
    fields = json.loads(row.body)
    folders = {name: tuple(fields.pop(name)) for name in ("work", "recordings")}
    return AgentPlace(**{**fields, **folders, "agent": row.name})
