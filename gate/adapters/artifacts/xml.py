"""XML from an adversary, element by element: no entity, no depth without end, never a tree in memory."""

from __future__ import annotations

from typing import Protocol
from xml.parsers import expat

_MOST_DEPTH = 100

Attributes = dict[str, str]


class Elements(Protocol):
    """What is told of each element; `parents` are the names of those that it stands in, outermost first."""

    def start(self, name: str, attributes: Attributes, parents: list[str]) -> None: ...

    def end(self, name: str) -> None: ...


class BadXml(Exception):
    """No whole XML, or such as no report has. Says so in words."""


class HostileXml(BadXml):
    """XML that is made to do harm: entities, or elements nested without end."""


def read_xml(content: bytes, elements: Elements) -> None:
    """Tell of every element. A document type may be named, as Cobertura does; nothing is fetched, and nothing
    may be declared in it: entities can grow a kilobyte to gigabytes, or name files of this host.
    """
    parser = expat.ParserCreate(namespace_separator=None)
    path: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        local = name.rpartition(":")[2]
        if len(path) >= _MOST_DEPTH:
            raise HostileXml("its elements are nested too deep")
        elements.start(local, attributes, path)
        path.append(local)

    def end(_: str) -> None:
        elements.end(path.pop())

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = _only_named
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as fault:
        # For an encoding that is declared and unknown, expat hands on what Python's codecs raise.
        raise BadXml(f"it is no whole XML: {fault}") from fault


def root_of(content: bytes) -> str:
    """The name of the outermost element, from the first bytes of a file; empty where there is none. Raises
    HostileXml.
    """
    found = _Root()
    try:
        read_xml(content, found)
    except HostileXml:
        raise
    except (BadXml, _Found):
        return found.name
    return found.name


class _Found(Exception):
    """The parser need not go on."""


class _Root:
    name = ""

    def start(self, name: str, attributes: Attributes, parents: list[str]) -> None:
        self.name = name
        raise _Found

    def end(self, name: str) -> None: ...


def _only_named(name: str, system: str | None, public: str | None, has_declarations: int) -> None:
    if has_declarations:
        raise HostileXml("it declares entities or a document type of its own")


def _refuse_entity(*_: object) -> None:
    raise HostileXml("it declares entities")
