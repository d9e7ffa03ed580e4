"""Text on the screen that costs nothing while it stays as it is."""

from __future__ import annotations

from typing import cast

from textual.content import Content
from textual.css.styles import RulesMap
from textual.widgets import Static


class Text(Static):
    """Drawn anew only where it differs, and laid out anew only where it takes another size.

    `Static.update` lays out the whole screen each time: a scan changes a dozen texts, and hardly ever their sizes.
    """

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(Content(""), id=id, markup=False)

    def put(self, content: Content) -> None:
        """Show a text."""
        shown = cast("Content", self.content)
        if not content.is_same(shown):
            unknown = not self.content_size.width  # it was never laid out
            self.update(content, layout=unknown or self._room(content) != self._room(shown))

    def _room(self, content: Content) -> tuple[int, int]:
        """Columns and lines that a text takes; 0 where the style sheet says how many there are."""
        styles, width, rules = self.styles, self.content_size.width, cast("RulesMap", self.styles)
        auto = styles.width is not None and styles.width.is_auto
        columns = content.get_optimal_width(rules, 0) if auto else 0
        lines = content.get_height(rules, width) if styles.height is not None and styles.height.is_auto else 0
        return columns, lines
