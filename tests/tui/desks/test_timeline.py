"""A vial's custody as a stair, and a chain as a tree, drawn from a real story."""

from __future__ import annotations

from cryoledger.domain import catalogue, times
from cryoledger.tui.desks.audit import read_timeline, read_tree
from cryoledger.tui.desks.audit_sheet import tree_tab, vial_tab
from cryoledger.tui.desks.timeline import stairs
from tests.tui.desks.conftest import Site


def test_given_vial_goes_down_the_stair_to_its_end(site: Site) -> None:
    with site.store.reading() as now:
        _, story = read_timeline(now, site.vials[0])
        drawn = stairs(story, times.text_of(times.instant(story[-1].occurred_at)))
    moved = [(each.picture.rstrip(), each.custody) for each in drawn if each.custody]
    assert [custody for _, custody in moved] == [
        "expected", "stored", "out", "issued", "thawed", "prepared", "administered",
    ]  # fmt: skip
    assert [picture for picture, _ in moved] == [
        "●", "●", "└───●", "    ●", "    └───●", "        └───●", "            └───●",
    ]  # fmt: skip
    assert all(not each.custody for each in drawn if "·" in each.picture)
    assert [each.warm for each in drawn if each.custody][:4] == [False, False, True, True]
    assert drawn[-1].lasted == ""
    assert vial_tab(drawn).rows[0].cells[1].text.startswith("●")


def test_vial_that_came_back_goes_up_again_and_its_last_step_counts_on(site: Site) -> None:
    site.lab.take_out(site.vials[3])
    placed = [each.model_dump() for each in site.lab.placed(site.vials[3:4], first=40)]
    site.lab.record(catalogue.parse("VialsReturned", {"unit": "BOX-1", "vials": placed}))
    with site.store.reading() as now:
        _, story = read_timeline(now, site.vials[3])
        last = times.instant(story[-1].occurred_at)
        drawn = stairs(story, times.text_of(last.replace(year=last.year + 1)))
    assert [each.picture.rstrip() for each in drawn if each.custody][-2:] == ["└───●", "●───┘"]
    assert drawn[-1].lasted == "365 d"


def test_tree_lines_join_siblings_and_end_with_the_last(site: Site) -> None:
    with site.store.reading() as now:
        rows = [row.cells[0].text for row in tree_tab(read_tree(now, "LOT-1"), "").rows]
    lot = next(at for at, row in enumerate(rows) if "lot LOT-1" in row)
    assert rows[0].startswith("donor ")
    assert rows[lot].lstrip("│ ").startswith("└─ lot LOT-1")
    below = rows[lot + 1 :]
    vials = [row for row in below if "─ vial " in row]
    assert len(vials) == 8
    assert all("├─ vial" in row for row in vials[:-1])
    assert "└─ vial" in vials[-1]
    deeper = [row for row in below[: below.index(vials[-1])] if "─ vial" not in row]
    assert deeper
    assert all("│" in row for row in deeper)
