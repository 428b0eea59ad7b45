"""Which row of a table before is which row now, in time that grows with the rows but for a logarithm."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from framework.browse.render.tables.quantities import is_missing

NEAR_ROWS = 20
MOST_COMPARED = 2_000

Record = tuple[str, ...]
Pair = tuple[int | None, int | None]
"""The place of a row before and now, None where it is absent."""


def match_rows(old: Sequence[Record], new: Sequence[Record]) -> tuple[list[Pair], int]:
    """The rows in the order of now, removed ones where they were, and how many are at another place than before.

    All records have the same columns. Where one of these is a key, it tells which rows are one. Without a key rows
    are one if they are equal, or if half of their cells are and they are near.
    """
    column = _find_key(old, new)
    keys = [[record if column is None else record[column] for record in records] for records in (old, new)]
    twins = _find_twins(*keys)
    anchors = _increasing(twins)
    matcher = _Matcher(old, new, keys, twins, by_content=column is None)
    made, before, now = list[Pair](), 0, 0
    for place, twin in [*anchors, (len(new), len(old))]:
        made += matcher.match_between(range(before, twin), range(now, place))
        if place < len(new):
            made.append((twin, place))
        before, now = twin + 1, place + 1
    return made, len(twins) - len(anchors)


def _find_key(old: Sequence[Record], new: Sequence[Record]) -> int | None:
    """The first column whose values are all there and all different in both, of which half are in both."""
    if not old or not new:
        return None
    for column in range(len(old[0])):
        before, now = ({record[column] for record in records} for records in (old, new))
        is_key = len(before) == len(old) and len(now) == len(new) and not any(map(is_missing, before | now))
        if is_key and len(before & now) * 2 >= min(len(before), len(now)):
            return column
    return None


def _find_twins(old: Sequence[object], new: Sequence[object]) -> dict[int, int]:
    """The place before of each key that both have once, by its place now."""
    counts = Counter(old)
    places = {key: place for place, key in enumerate(old) if counts[key] == 1}
    counts = Counter(new)
    return {place: places[key] for place, key in enumerate(new) if counts[key] == 1 and key in places}


def _increasing(twins: dict[int, int]) -> list[tuple[int, int]]:
    """As many twins as are in the same order before and now: a longest increasing subsequence."""
    tails, ends, previous = list[int](), list[int](), dict[int, int]()
    for place, twin in twins.items():
        at = bisect_left(tails, twin)
        tails[at : at + 1], ends[at : at + 1] = [twin], [place]
        previous[place] = ends[at - 1] if at else -1
    found, place = list[tuple[int, int]](), ends[-1] if ends else -1
    while place >= 0:
        found.append((place, twins[place]))
        place = previous[place]
    return found[::-1]


class _Matcher:
    """Pairs rows between those that are certain."""

    def __init__(
        self,
        old: Sequence[Record],
        new: Sequence[Record],
        keys: Sequence[Sequence[object]],
        twins: dict[int, int],
        *,
        by_content: bool,
    ) -> None:
        self._old, self._new, self._keys, self._twins = old, new, keys, twins
        self._moved = set(twins.values())
        self._room = MOST_COMPARED if by_content else 0

    def match_between(self, before: range, now: range) -> Iterator[Pair]:
        """The pairs of these rows: equal ones from both ends, then those that are alike."""
        first = 0
        while first < min(len(before), len(now)) and self._are_equal(before[first], now[first]):
            yield before[first], now[first]
            first += 1
        before, now = before[first:], now[first:]
        last = 0
        while last < min(len(before), len(now)) and self._are_equal(before[-1 - last], now[-1 - last]):
            last += 1
        yield from self._match_alike(before[: len(before) - last], now[: len(now) - last])
        yield from zip(before[len(before) - last :], now[len(now) - last :], strict=True)

    def _are_equal(self, before: int, now: int) -> bool:
        return before not in self._moved and now not in self._twins and self._keys[0][before] == self._keys[1][now]

    def _match_alike(self, before: range, now: range) -> Iterator[Pair]:
        following = 0
        for place in before:
            if place in self._moved:
                continue
            twin = self._find_alike(place, now[following : following + NEAR_ROWS])
            if twin is None:
                yield place, None
                continue
            yield from self._added(now[following : twin - now.start])
            yield place, twin
            following = twin - now.start + 1
        yield from self._added(now[following:])

    def _find_alike(self, place: int, near: range) -> int | None:
        if self._room <= 0:
            return None
        self._room -= 1
        return next((it for it in near if it not in self._twins and _are_one(self._old[place], self._new[it])), None)

    def _added(self, places: range) -> Iterator[Pair]:
        yield from ((self._twins.get(place), place) for place in places)


def _are_one(old: Record, new: Record) -> bool:
    """Whether at least half of the cells are the same."""
    return sum(before == after for before, after in zip(old, new, strict=True)) * 2 >= len(old)
