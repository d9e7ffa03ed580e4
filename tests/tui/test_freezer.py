"""The freezer: the map from freezers to a box's grid, the pick list with ticks, the box check, boxes as wholes."""

from __future__ import annotations

from cryoledger.cli.sample import stock, story
from cryoledger.codes import position_code
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.tui.box_map import BoxMap
from cryoledger.tui.storage_map import StorageMap
from tests.tui.bench import NEW, Bench, Station

EMPTY = "TANK1-C3-B1"
FULL = "TANK1-C1-B1"
NEARLY_FULL = "CF2-R1-B1"  # but for I9


def storage(bench: Bench) -> str:
    return bench.text("#storage")


async def to_map(bench: Bench) -> None:
    """From wherever the map is to all storage."""
    await bench.press("f5", "f5", "f5", "f5")


async def test_map_leads_from_freezers_to_a_box_and_back(station: Station) -> None:
    async with station((160, 45)) as bench:
        await bench.sign_in()
        await bench.scan(FULL)
        await to_map(bench)
        assert "All storage" in storage(bench)
        assert "TANK1" in storage(bench)
        assert "320/" in storage(bench), storage(bench)
        assert "°C" in storage(bench)
        chosen = bench.app.station.query_one(StorageMap)
        while chosen.chosen is not None and chosen.chosen.code != "TANK1":
            await bench.press("down")
        await bench.press("right", "right")
        assert FULL in storage(bench)
        await bench.press("right")
        assert FULL in bench.map
        await bench.press("down", "right", "right")
        assert "vial" in bench.map
        assert bench.app.station.query_one(BoxMap).cursor is not None
        await bench.press("f5")
        assert FULL in storage(bench)
        await bench.press("left", "left")
        assert "All storage" in storage(bench)
        await bench.scan(bench.vials("stored")[0])
        assert "[" in bench.map


async def test_pick_list_ticks_each_scan_and_shows_what_is_missing(station: Station) -> None:
    async with station((100, 40)) as bench:
        story.reserve_second(bench.vault, {stock.RELEASED: tuple(bench.vials("stored"))})
        order, wanted = story.ORDERS[1], bench.vials("stored")[2:4]
        await bench.sign_in()
        await bench.scan("CMD-PICK", order)
        assert "PICK LIST" in bench.text("#work")
        assert f"▶ {wanted[0]}" in bench.text("#work"), bench.text("#work")
        assert "▸" in bench.map
        await bench.scan(wanted[0])
        assert f"✓ {wanted[0]}" in bench.text("#work")
        assert f"▶ {wanted[1]}" in bench.text("#work")
        stranger = next(code for code in bench.vials("stored") if code not in wanted)
        await bench.scan(stranger)
        assert bench.outcome == "refused"
        assert "NOT ON THE LIST" in bench.answer
        await bench.scan("CMD-DONE")
        assert "STILL MISSING" in bench.answer
        assert bench.vial(wanted[0]).custody == "out"
        assert verify_vault(bench.vault).ok


async def test_typing_a_code_leaves_the_next_pick_in_sight_on_a_small_terminal(station: Station) -> None:
    async with station((80, 24)) as bench:
        story.reserve_second(bench.vault, {stock.RELEASED: tuple(bench.vials("stored"))})
        await bench.sign_in()
        await bench.scan("CMD-PICK", story.ORDERS[1])
        await bench.press("f2")
        assert "TYPE A CODE" in bench.text("#prompt")
        assert "Next: TANK1" in bench.text("#prompt")


async def test_a_slot_whose_storing_was_undone_is_free_and_waits_for_no_vial(station: Station) -> None:
    async with station((160, 45)) as bench:
        await bench.sign_in()
        await bench.scan("CMD-STORE", EMPTY, NEW[0])
        assert bench.vial(NEW[0]).unit == EMPTY
        await bench.scan("CMD-UNDO-LAST")
        assert bench.vial(NEW[0]).custody == "out"
        box = bench.app.station.query_one(BoxMap).box
        assert box is not None
        assert (box.code, box.left) == (EMPTY, frozenset())


async def test_box_check_shows_present_missing_wrong_slot_unknown_and_records_once(station: Station) -> None:
    async with station((100, 40)) as bench:
        await bench.sign_in()
        await bench.scan("CMD-STORE", EMPTY, *NEW[:4], "CMD-DONE", "CMD-BOX-CHECK", EMPTY)
        assert f"▶ {NEW[0]}" in bench.text("#work"), bench.text("#work")
        await bench.scan(NEW[0], "CMD-MISSING", position_code(EMPTY, "A5"), NEW[2], "NOBODYS-CODE", NEW[0])
        work = bench.text("#work")
        assert f"✓ {NEW[0]}" in work
        assert f"✗ {NEW[1]}" in work, work
        assert f"≠ {NEW[2]}" in work
        assert "1 unknown" in work
        assert "duplicate" in bench.answer
        assert all(symbol in bench.map for symbol in "●≠○"), bench.map
        await bench.scan(NEW[3], "CMD-DONE")
        before = bench.recorded.count("BoxChecked")
        await bench.scan("CMD-CONFIRM")
        assert bench.recorded.count("BoxChecked") == before + 1
        assert bench.vial(NEW[1]).custody == "missing"
        assert bench.vial(NEW[2]).position == 4
        assert "BOX CHECK" not in bench.text("#work")
        assert verify_vault(bench.vault).ok


async def test_transfer_shows_first_what_does_not_fit(station: Station) -> None:
    async with station((100, 40)) as bench:
        await bench.sign_in()
        await bench.scan("CMD-STORE", EMPTY, *NEW[:3], "CMD-DONE")
        await bench.scan("CMD-MOVE", NEW[2], position_code(EMPTY, "I9"), "CMD-DONE")
        await bench.scan("CMD-TRANSFER", EMPTY, NEARLY_FULL)
        work = bench.text("#work")
        assert "1 of 3 fit, 2 stay" in work, work
        assert f"✗ {NEW[0]}" in work
        assert f"✓ {NEW[2]}" in work
        assert bench.vial(NEW[2]).unit == EMPTY
