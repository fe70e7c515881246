"""What one document knows of other open files, and what they may know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from foreload_analyzers.across import exports_of, seen_from
from foreload_analyzers.exported import NOTHING_AROUND, Abroad, Around, Exported, Exports
from foreload_analyzers.facts import ImportFact, Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.judging import Judged
from foreload_analyzers.needs import Use, joined


class Outside:
    """The other files, as one document sees them.

    Args:
        place: where the document lies; may be empty, then it sees none.
        language: a name of the language table.

    Attributes:
        outgoing: the functions that it calls, by the place of their file.
    """

    def __init__(self, place: str, language: str) -> None:
        self._place, self._language = place, language
        self._around: Around = NOTHING_AROUND
        self._imports: tuple[ImportFact, ...] | None = None
        self._seen: dict[str, Exported] = {}
        self._known: tuple[list[Unit], list[Growth], list[Use]] | None = None
        self._exports: Exports = {}
        self.outgoing: dict[str, frozenset[str]] = {}

    def look(self, around: Around) -> bool:
        """Takes what other files say; True where the report would become another one."""
        if around == self._around:
            return False
        before, self._around = self._around, around
        if self._imports is None:
            return False
        seen = seen_from(self._place, self._language, self._imports, around.tables)
        changed = seen != self._seen or around.called != before.called
        self._seen = seen
        return changed

    def calls(self, judged: Sequence[Judged], imports: tuple[ImportFact, ...]) -> dict[int, list[Abroad]]:
        """The calls of each unit to functions of other files; units without any are left out."""
        if imports != self._imports:
            self._imports = imports
            self._seen = seen_from(self._place, self._language, imports, self._around.tables)
        self.outgoing = {}
        if not self._seen:
            return {}
        found: dict[int, list[Abroad]] = {}
        outgoing: dict[str, set[str]] = {}
        for index, item in enumerate(judged):
            if item.paths.isdisjoint(self._seen):
                continue
            own = f"{self._place}#{item.unit.full_name}"
            row: list[Abroad] = []
            for site in item.judgement.calls:
                other = self._seen.get(site.path)
                if other is None or item.judgement.scope.is_parameter(site.path):
                    continue
                outgoing.setdefault(other.place, set()).add(other.name)
                if own not in other.through:  # else its cost is made of this function's: files that call each other
                    row.append(Abroad(site, other))
            if row:
                found[index] = row
        self.outgoing = {place: frozenset(names) for place, names in outgoing.items()}
        return found

    def called_units(self, units: Sequence[Unit]) -> frozenset[int]:
        """The units that other files call."""
        if not self._around.called:
            return frozenset()
        return frozenset(index for index, unit in enumerate(units) if index and unit.full_name in self._around.called)

    def note(self, units: list[Unit], growths: list[Growth], uses: list[Use]) -> None:
        """Remembers what a report was made of, for `exports`."""
        self._known = (units, growths, uses)

    def exports(self) -> Exports:
        """The document's functions for other files, as of the last report."""
        if self._known is not None:
            self._exports = exports_of(self._place, *self._known)
            self._known = None
        return self._exports


def with_uses(uses: list[Use], abroad: Mapping[int, Sequence[Abroad]]) -> list[Use]:
    """What each unit asks for, with what it calls in other files."""
    if not abroad:
        return uses
    return [
        joined([use], [call.other.use for call in abroad[index]]) if index in abroad else use
        for index, use in enumerate(uses)
    ]
