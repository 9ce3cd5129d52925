"""The held pushes of one repository, and what the gate tells its hooks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from gate.adapters.git.command import Git
from gate.adapters.git.configuration import write_rules
from gate.adapters.git.files import locked, read_file
from gate.adapters.git.guard import guarded
from gate.adapters.git.receipts import StoredReceipt, held_folder, is_push_id, parse_receipt, parse_refusal
from gate.adapters.git.records import Records
from gate.domain.errors import Tampered
from gate.domain.repository import Receipt, Refusal, RepositoryRules, Standing

_REFS_FORMAT = "--format=%(objectname) %(refname)"


class GitHeldPushes:
    """Reads what the hooks left and writes what they read, under the lock they share."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._folder = git.folder / "pushgate"
        self._records = Records(self._folder)

    def receipt(self, push_id: str) -> Receipt | None:
        stored = self._stored(push_id) if is_push_id(push_id) else None
        return stored.receipt if stored else None

    def receipts(self) -> Iterator[Receipt]:
        """Every receipt, oldest push first. Raises Tampered at a bad one, and can be asked for the next."""
        refs = self._held_refs("refs/quarantine/")
        oids = {ref.split("/")[2]: oid for ref, oid in refs.items() if ref.endswith("/receipt")}
        # A push id starts with its time.
        push_ids = sorted(oids)
        contents = self._contents([oids[push_id] for push_id in push_ids])
        return map(lambda push_id, content: _receipt(push_id, content, refs), push_ids, contents)

    def refusal(self, push_id: str) -> Refusal | None:
        if not is_push_id(push_id):
            return None
        content = read_file(self._folder / "refusals" / push_id)
        return None if content is None else parse_refusal(push_id, content)

    def refusals(self) -> Iterator[Refusal]:
        """Every refusal, oldest push first. Raises Tampered at a bad one, and can be asked for the next."""
        folder = self._folder / "refusals"
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return filter(None, map(self.refusal, names))

    def forget_refusal(self, push_id: str) -> None:
        if is_push_id(push_id):
            (self._folder / "refusals" / push_id).unlink(missing_ok=True)

    def drop(self, push_id: str, numbers: Sequence[int] | None = None) -> None:
        if not is_push_id(push_id):
            return
        with self._locked():
            if numbers is None:
                self._delete(self._held_refs(held_folder(push_id)))
            else:
                self._drop_some(push_id, frozenset(numbers))

    def next_number(self) -> int:
        with self._locked():
            last = self._records.last_number()
            number = 1 + (self._highest_number() if last is None else last)
            self._records.write_last_number(number)
            return number

    def write_standing(self, standing: Standing) -> None:
        with self._locked():
            self._records.write_standing(standing)

    def write_rejected(self, oid: str, number: int, who: str, reason: str) -> None:
        with self._locked():
            self._records.write_rejected(oid, number, who, reason)

    def forget_rejected(self, oid: str) -> None:
        with self._locked():
            self._records.forget_rejected(oid)

    def write_rules(self, rules: RepositoryRules) -> None:
        write_rules(self._git.folder, rules)

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self._folder / "lock")

    def _stored(self, push_id: str) -> StoredReceipt | None:
        refs = self._held_refs(held_folder(push_id))
        oid = refs.get(f"{held_folder(push_id)}receipt")
        if oid is None:
            return None
        (content,) = self._contents([oid])
        return _checked(parse_receipt(push_id, content), refs)

    def _held_refs(self, prefix: str) -> dict[str, str]:
        """Every held ref below a prefix, with the object it holds."""
        lines = self._git.text("for-each-ref", _REFS_FORMAT, prefix).splitlines()
        return {ref: oid for oid, _, ref in (line.partition(" ") for line in lines)}

    def _contents(self, oids: list[str]) -> list[bytes]:
        """The contents of objects that refs hold, in order; empty for what is no blob."""
        output = self._git.output("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
        contents = []
        at = 0
        for _ in oids:
            end = output.index(b"\n", at)
            _, kind, size = output[at:end].split(b" ")
            after = end + 1 + int(size)
            contents.append(output[end + 1 : after] if kind == b"blob" else b"")
            at = after + 1
        return contents

    def _drop_some(self, push_id: str, numbers: frozenset[int]) -> None:
        stored = self._stored(push_id)
        if stored is None:
            return
        left = stored.without(numbers)
        if left.is_spent:
            self._delete(self._held_refs(held_folder(push_id)))
            return
        # A delete has no held ref that could tell that it was dropped, so the receipt does.
        receipt = self._write_blob(json.dumps(left.raw, separators=(",", ":")).encode())
        gone = [held.held_ref for held in stored.receipt.updates if held.number in numbers and held.held_ref]
        commands = [f"update {held_folder(push_id)}receipt {receipt}", *(f"delete {ref}" for ref in gone)]
        self._update_refs(commands)

    def _delete(self, refs: dict[str, str]) -> None:
        if refs:
            self._update_refs([f"delete {ref} {oid}" for ref, oid in refs.items()])

    def _update_refs(self, commands: list[str]) -> None:
        """Move refs in one transaction."""
        guarded(self._git).output(
            "update-ref", "--stdin", stdin="".join(f"{line}\n" for line in commands).encode()
        )

    def _write_blob(self, content: bytes) -> str:
        return self._git.text("hash-object", "-w", "--stdin", stdin=content).strip()

    def _highest_number(self) -> int:
        held = (update.number for receipt in self.receipts() for update in receipt.updates)
        return max(self._records.highest_standing(), max(held, default=0))


def _receipt(push_id: str, content: bytes, refs: dict[str, str]) -> Receipt:
    return _checked(parse_receipt(push_id, content), refs).receipt


def _checked(stored: StoredReceipt, refs: dict[str, str]) -> StoredReceipt:
    """The receipt, whose held refs must hold what it says; those of dropped updates are gone."""
    for held in stored.receipt.updates:
        ref = held.held_ref
        if ref is None or held.number in stored.dropped:
            continue
        if refs.get(ref) != held.update.new:
            raise Tampered(f"{ref} should hold {held.update.new} and holds {refs.get(ref, 'nothing')}.")
    return stored
