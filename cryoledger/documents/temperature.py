"""A logger's curve with its limit: in the terminal as dots of braille (or letters), on paper as a small SVG.

    print(Curve.of(log.samples, limit, "Asia/Bangkok", title).text(columns=80))

Each column shows everything between its coldest and its warmest reading, so that no peak falls between columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from cryoledger.documents.card_words import centigrade
from cryoledger.exchange.temperature_log import Sample, Warm, spells

__all__ = ["Curve"]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille cell, by row and column
_LEFT = 8
_STEPS_S = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000)
_WIDTH, _HEIGHT = 720, 300
_EDGES = (64, 44, 18, 46)  # of the SVG's drawing: left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Curve:
    """Readings in order, the limit they were not to pass (thousandths of a degree), and the site's zone."""

    samples: tuple[Sample, ...]
    limit: int
    zone: str
    title: str
    void: str = ""

    @property
    def warm(self) -> tuple[Warm, ...]:
        """The times above the limit."""
        return spells(self.samples, self.limit)

    @property
    def worst(self) -> Sample:
        """The warmest reading."""
        return max(self.samples, key=lambda sample: sample.millicelsius)

    def around(self, warm: Warm) -> Curve:
        """The part of the curve about one spell, with as much again on either side."""
        margin = max(warm.ended_at - warm.started_at, 600_000)
        first, last = warm.started_at - margin, warm.ended_at + margin
        inside = tuple(sample for sample in self.samples if first <= sample.at <= last)
        return Curve(inside, self.limit, self.zone, f"{self.title}, closer", self.void)

    # In the terminal

    def text(self, columns: int = 80, rows: int = 12, *, braille: bool = True) -> str:
        """The curve in so many columns and rows of characters, between its axes."""
        width = max(24, columns - _LEFT - 2)
        low, high = self._bounds()
        dots = _Dots(width, rows, braille=braille)
        for column, (coldest, warmest) in self._buckets(dots.columns).items():
            dots.fill(column, dots.row(coldest, low, high), dots.row(warmest, low, high))
        limit_row = dots.row(self.limit, low, high) // dots.tall
        lines = [self.void, self.title] if self.void else [self.title]
        mark = (self._place(self.worst.at, width), dots.row(self.worst.millicelsius, low, high) // dots.tall)
        for row in range(rows):
            level = high - (high - low) * (2 * row + 1) // (2 * rows)
            shown = _degrees(self.limit) if row == limit_row else _degrees(level) if row % 3 == 0 else ""
            line = dots.line(row, limit="─" if braille and row == limit_row else "-" if row == limit_row else " ")
            if row == mark[1] and self.worst.millicelsius > self.limit:
                at = min(mark[0], width - 1)
                line = line[:at] + ("●" if braille else "@") + line[at + 1 :]
            lines.append(f"{shown:>{_LEFT - 1}} {'┤' if braille else '|'}{line}".rstrip())
        lines += self._axis(width, braille=braille)
        return "\n".join([*lines, *self._legend(braille=braille)])

    def _axis(self, width: int, *, braille: bool) -> list[str]:
        """The axis of time, in the site's local time."""
        rule, times = list(("─" if braille else "-") * width), [" "] * (width + 12)
        last = -8
        for at, label in self._ticks(max(2, width // 16)):
            place = min(self._place(at, width), width - 1)
            if place - last >= len(label) + 2:
                rule[place] = "┴" if braille else "+"
                times[place : place + len(label)] = label
                last = place
        corner = "└" if braille else "+"
        return [" " * _LEFT + corner + "".join(rule), " " * (_LEFT + 1) + "".join(times).rstrip()]

    def _legend(self, *, braille: bool) -> list[str]:
        first, last = self.samples[0], self.samples[-1]
        dot, dash = ("●", "─") if braille else ("@", "-")
        worst = f"{centigrade(self.worst.millicelsius)} at {self.local(self.worst.at)}"
        return [
            f"{' ' * _LEFT} {self.local(first.at)} to {self.local(last.at)} {self.zone}",
            f"{' ' * _LEFT} {dash} limit {centigrade(self.limit)}   {dot} worst {worst}",
        ]

    # On paper

    def svg(self, note: str = "") -> str:
        """The curve as an SVG of its own, times above the limit shaded; `note` stands below."""
        low, high = self._bounds()
        left, top, right, bottom = _EDGES
        wide, tall = _WIDTH - left - right, _HEIGHT - top - bottom
        span = max(1, self.samples[-1].at - self.samples[0].at)

        def x(at: int) -> float:
            return left + wide * (at - self.samples[0].at) / span

        def y(value: int) -> float:
            return top + tall * (high - value) / (high - low)

        def shade(start: float, end: float) -> str:
            return f'<rect class="warm" x="{start:.1f}" y="{top}" width="{end - start:.1f}" height="{tall}"/>'

        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in self._thinned(wide))
        worst, line = self.worst, y(self.limit)
        late = x(worst.at) > _WIDTH * 0.7
        at_worst = (x(worst.at) + (-8 if late else 8), y(worst.millicelsius) - 6)
        told = f"{centigrade(worst.millicelsius)} at {self.local(worst.at)}"
        parts = [
            *(shade(x(each.started_at), x(each.ended_at)) for each in self.warm),
            *(self._level(y(value), value) for value in self._levels(low, high)),
            *(self._tick(x(at), label) for at, label in self._ticks(6)),
            f'<polyline class="curve" points="{path}"/>',
            f'<line class="limit" x1="{left}" x2="{_WIDTH - right}" y1="{line:.1f}" y2="{line:.1f}"/>',
            _label(_WIDTH - right - 2, line - 4, f"limit {centigrade(self.limit)}", "limit-text", end=True),
            f'<circle cx="{x(worst.at):.1f}" cy="{y(worst.millicelsius):.1f}" r="3.5"/>',
            _label(*at_worst, told, "worst", end=late),
            f'<rect class="frame" x="{left}" y="{top}" width="{wide}" height="{tall}"/>',
            _label(left, 20, self.title, "title"),
            _label(_WIDTH - right, 36, self.void, "void", end=True),
            _label(left, _HEIGHT - 6, f"{note} Times: {self.zone}", "note"),
        ]
        return _SVG.format(width=_WIDTH, height=_HEIGHT, body="\n".join(parts))

    def _level(self, at: float, value: int) -> str:
        left, _, right, _ = _EDGES
        return (
            f'<line class="grid" x1="{left}" x2="{_WIDTH - right}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{_degrees(value)}</text>'
        )

    def _tick(self, at: float, label: str) -> str:
        _, top, _, bottom = _EDGES
        base = _HEIGHT - bottom
        return (
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{base}"/>'
            f'<text x="{at:.1f}" y="{base + 15}" text-anchor="middle">{escape(label)}</text>'
        )

    # What both share

    def _bounds(self) -> tuple[int, int]:
        """The coldest and warmest that are drawn: of the readings and the limit, with a little air."""
        low = min(self.limit, *(sample.millicelsius for sample in self.samples))
        high = max(self.limit, self.worst.millicelsius)
        air = max(500, (high - low) // 12)
        return low - air, high + air

    def _levels(self, low: int, high: int) -> list[int]:
        """Round temperatures for the axis."""
        step = next(s for s in (500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000) if (high - low) // s <= 7)
        return list(range(-(-low // step) * step, high, step))

    def _place(self, at: int, width: int) -> int:
        span = max(1, self.samples[-1].at - self.samples[0].at)
        return (at - self.samples[0].at) * (width - 1) // span

    def _buckets(self, columns: int) -> dict[int, tuple[int, int]]:
        """By column, the coldest and the warmest, with straight lines from each reading to the next."""
        found: dict[int, tuple[int, int]] = {}

        def cover(column: int, *values: int) -> None:
            low, high = found.get(column, (values[0], values[0]))
            found[column] = (min(low, *values), max(high, *values))

        for one, other in zip(self.samples, self.samples[1:] or self.samples, strict=False):
            start, end = self._place(one.at, columns), self._place(other.at, columns)
            steps, rise = max(1, end - start), other.millicelsius - one.millicelsius
            cover(start, one.millicelsius)
            for step in range(1, steps + 1):
                levels = (one.millicelsius + rise * (step - 1) // steps, one.millicelsius + rise * step // steps)
                cover(start + step if end > start else end, *levels)
        return found

    def _thinned(self, columns: int) -> list[tuple[int, int]]:
        """Readings for a line of so many columns: all of them, or each column's coldest and warmest."""
        if len(self.samples) <= 2 * columns:
            return [(sample.at, sample.millicelsius) for sample in self.samples]
        kept: dict[int, tuple[Sample, Sample]] = {}
        for sample in self.samples:
            column = self._place(sample.at, columns)
            cold, hot = kept.get(column, (sample, sample))
            kept[column] = (
                min(cold, sample, key=lambda each: each.millicelsius),
                max(hot, sample, key=lambda each: each.millicelsius),
            )
        return [(each.at, each.millicelsius) for pair in kept.values() for each in sorted(pair, key=lambda s: s.at)]

    def _ticks(self, most: int) -> list[tuple[int, str]]:
        """Round local times along the axis, at most so many."""
        first, last = self.samples[0].at // 1000, self.samples[-1].at // 1000
        step = next((s for s in _STEPS_S if (last - first) // s < most), _STEPS_S[-1])
        zone = ZoneInfo(self.zone)
        start = datetime.fromtimestamp(first, UTC).astimezone(zone)
        at = start.replace(hour=0, minute=0, second=0, microsecond=0)
        found = []
        while at.timestamp() <= last:
            if at.timestamp() >= first:
                day = step >= 86400 or (at.hour, at.minute) == (0, 0)
                found.append((int(at.timestamp()) * 1000, f"{at:%d %b}" if day else f"{at:%H:%M}"))
            at += timedelta(seconds=step)
        return found

    def local(self, at: int) -> str:
        """An instant as people of the site read it."""
        return f"{datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"


class _Dots:
    """Rows of characters made of dots: two by four a character in braille, one a character without."""

    def __init__(self, width: int, rows: int, *, braille: bool) -> None:
        self.wide, self.tall = (2, 4) if braille else (1, 1)
        self.columns, self.rows = width * self.wide, rows * self.tall
        self._width = width
        self._set: set[tuple[int, int]] = set()

    def row(self, value: int, low: int, high: int) -> int:
        """The row of dots, from the top, of a value."""
        return min(self.rows - 1, (high - value) * self.rows // max(1, high - low))

    def fill(self, column: int, one: int, other: int) -> None:
        """Set all dots of a column between two rows."""
        for row in range(min(one, other), max(one, other) + 1):
            self._set.add((column, row))

    def line(self, row: int, limit: str) -> str:
        """One row of characters; `limit` stands where there is no dot."""
        return "".join(self._cell(column, row, limit) for column in range(self._width))

    def _cell(self, column: int, row: int, empty: str) -> str:
        bits = 0
        for down in range(self.tall):
            for right in range(self.wide):
                if (column * self.wide + right, row * self.tall + down) in self._set:
                    bits |= _DOTS[down][right]
        if not bits:
            return empty
        return chr(0x2800 + bits) if self.tall > 1 else "*"


def _label(x: float, y: float, text: str, kind: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{anchor}>{escape(text)}</text>'


def _degrees(milli: int) -> str:
    return f"{milli / 1000:.1f}"


_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<style>
text {{ font: 11px sans-serif; fill: #222; }}
.title {{ font-size: 14px; font-weight: bold; }} .void {{ font-weight: bold; fill: #b00; }} .note {{ font-size: 9px; }}
.grid {{ stroke: #ddd; }} .frame {{ fill: none; stroke: #555; }} .warm {{ fill: #f6c4b4; }}
.curve {{ fill: none; stroke: #00467f; stroke-width: 1.4; }}
.limit {{ stroke: #b00; stroke-dasharray: 6 4; }} .limit-text {{ fill: #b00; }} circle {{ fill: #b00; }}
</style>
<rect width="100%" height="100%" fill="#fff"/>
{body}
</svg>
"""
