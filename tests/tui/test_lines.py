"""Lines and texts that cost nothing while they stay as they are, and are never left as they were."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content

from cryoledger.tui.lines import Lines, whole
from cryoledger.tui.text import Text
from cryoledger.tui.themes import DARK, LIGHT


class Few(App[None]):
    """A list above a text that both take as much room as they need."""

    CSS = "Lines { height: auto; } Text { width: 10; height: auto; }"

    def compose(self) -> ComposeResult:
        yield Lines("lines")
        yield Text("text")

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    @property
    def drawn(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


async def test_only_lines_that_differ_are_drawn_anew() -> None:
    app = Few()
    async with app.run_test(size=(20, 6)) as pilot:
        lines = app.query_one(Lines)
        lines.put([whole("one"), whole("two"), whole("three")])
        await pilot.pause()
        made = dict(lines._strips)
        lines.put([whole("one"), whole("2", "bold $strong"), whole("three")])
        assert [region.y for region in lines._repaint_regions] == [1]
        await pilot.pause()
        assert app.drawn[:3] == ["one", "2", "three"]
        assert all(lines._strips[line] is strip for line, strip in made.items())


async def test_more_and_fewer_lines_move_what_stands_below() -> None:
    app = Few()
    async with app.run_test(size=(20, 6)) as pilot:
        lines, text = app.query_one(Lines), app.query_one(Text)
        text.put(Content("below"))
        for count in (3, 0, 1):
            lines.put([whole(f"line {at}") for at in range(count)])
            await pilot.pause()
            assert app.drawn[count] == "below"
        text.put(Content("broken into lines"))
        lines.put([])
        await pilot.pause()
        assert app.drawn[:2] == ["broken", "into lines"]


async def test_what_does_not_fit_ends_in_dots_and_markup_is_text() -> None:
    app = Few()
    async with app.run_test(size=(20, 6)) as pilot:
        app.query_one(Lines).put([whole("[b]x[/b] and far more than fits"), whole("日本語の名前の長いものは切る")])
        await pilot.pause()
        assert app.drawn[0] == "[b]x[/b] and far mo…"
        assert app.drawn[1].startswith("日本語")
        assert app.drawn[1].endswith("…")


async def test_another_theme_colours_lines_that_stayed() -> None:
    app = Few()
    async with app.run_test(size=(20, 6)) as pilot:
        lines = app.query_one(Lines)
        lines.put([whole("held", "bold $on-held on $held")])
        await pilot.pause()
        before = lines.render_line(0)
        app.theme = LIGHT.name
        await pilot.pause()
        styles = [segment.style for segment in lines.render_line(0) if segment.text.strip()]
        assert before.text == lines.render_line(0).text
        assert [style.bgcolor.name for style in styles if style and style.bgcolor] == [LIGHT.variables["held"].lower()]
