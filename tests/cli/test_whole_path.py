"""From `init` to the patient and back, by commands alone."""

from __future__ import annotations

import json
from datetime import datetime

from tests.cli.conftest import Terminal, release, to_dose


def test_a_dose_goes_from_donor_to_patient_and_is_traced_both_ways(furnished: Terminal) -> None:
    release(furnished)
    vial = to_dose(furnished)
    furnished.does("hand-over", "DOSE-1", "--to", "carlos.m", by="petra.v carlos.m")
    furnished.does("bedside-check", "DOSE-1", by="carlos.m somchai.k", first="BAND-OF-P1")
    checked = furnished.read("dose", "show", "DOSE-1")["row"]["last_at"]
    furnished.does("complete", "DOSE-1", "--started", checked, "--ended", checked, by="carlos.m somchai.k")
    today = datetime.now().astimezone().date().isoformat()
    for month in (1, 3, 6):
        furnished.does("follow-up", "DOSE-1", "--month", month, "--outcome", "improved", by="carlos.m")
    furnished.does(
        "adverse-event", "DOSE-1", "--severity", "mild", "--kind", "allergy", "--onset-on", today, by="carlos.m"
    )

    chain = ["donor D1", "donation DIN1", "lot L1", f"vial {vial}", "dose DOSE-1", "order O1", "patient P1"]
    for start in ("D1", "DIN1", "L1", vial, "DOSE-1", "O1", "P1"):
        told = furnished.read("trace", start)
        things = [f"{thing['kind']} {thing['code']}" for thing in told["things"]]
        assert [each for each in things if each in chain] == chain, start
    dose = next(thing for thing in told["things"] if thing["kind"] == "dose")
    assert [event["type"] for event in dose["events"]] == [
        "DosePrepared", "DoseHandedOver", "BedsideCheckPassed", "AdministrationCompleted",
        *["FollowUpRecorded"] * 3, "AdverseEventReported",
    ]  # fmt: skip
    check = dose["events"][2]
    assert [(line["full_name"], line["meaning"]) for line in check["signatures"]] == [
        ("Carlos Mendes", "administered"),
        ("Somchai Kittisak", "witnessed"),
    ]
    assert check["signatures"][0]["local"].endswith("+07:00 (Asia/Bangkok)")
    assert "month 3: improved" in dose["outcomes"]
    text = furnished.does("trace", vial).out
    assert "Carlos Mendes (carlos.m), administered, " in text
    assert "BAND-OF-P1" not in text

    assert furnished.read("vial", vial)["row"]["custody"] == "administered"
    recalled = furnished.read("recall", "D1", "--dry-run")
    assert recalled["patients"] == [{"code": "P1", "treated": True}]
    assert recalled["doses"][0]["where"] == "given to patient P1"
    report = furnished.read("verify")
    assert report["ok"], report["findings"]
    assert report["entries"] == len(furnished.does("entries", "--json").out.splitlines())


def test_wrong_things_are_refused_and_leave_a_trace(furnished: Terminal) -> None:
    furnished.does("lot", "fill", "L1", "--count", 1, by="maria.s")
    (vial,) = [row["code"] for row in furnished.read("vial", "list", "--of", "L1")]
    furnished.does("patient", "add", "P1", by="carlos.m", first="BAND")
    furnished.does(
        "order", "add", "O1", "--patient", "P1", "--product", "MSC-1", "--cells", "10M", "--due", "today",
        "--route", "intravenous infusion", by="carlos.m",
    )  # fmt: skip
    refused = furnished.run("reserve", "O1", vial, "--as", "petra.v", stdin="141421\n")
    assert refused.code == 3
    assert "lot L1 is quarantined" in refused.err
    assert not refused.out
    last = json.loads(furnished.does("entries", "--json").out.splitlines()[-1])
    assert '"type":"RequestRefused"' in last["note"]


def test_the_wrong_wristband_stops_the_bedside_check(furnished: Terminal) -> None:
    release(furnished)
    to_dose(furnished)
    furnished.does("hand-over", "DOSE-1", "--to", "carlos.m", by="petra.v carlos.m")
    stopped = furnished.run(
        "bedside-check", "DOSE-1", "--as", "carlos.m", "--with", "somchai.k", stdin="BAND-OF-P2\n173205\n223606\n"
    )
    assert stopped.code == 3
    assert "STOP" in stopped.err
    assert "BAND-OF" not in stopped.err + stopped.out


def test_a_late_entry_carries_its_time_and_reason(furnished: Terminal) -> None:
    furnished.does("lot", "fill", "L1", "--count", 1, by="maria.s")
    (vial,) = [row["code"] for row in furnished.read("vial", "list", "--of", "L1")]
    done = furnished.does("vial", "store", "FRZ-1-R1-B1", vial, "--late", "downtime", "--scanned", by="maria.s")
    assert "late: downtime" in done.out
    assert "typed" not in done.out
    early = furnished.run(
        "vial", "take-out", vial, "--late", "downtime", "--occurred-at", "2025-01-01 10:00", "--as", "maria.s",
        stdin="161803\n",
    )  # fmt: skip
    assert early.code == 3
    assert "would precede" in early.err


def test_a_proposal_waits_for_its_second_person(furnished: Terminal) -> None:
    furnished.does("lot", "fill", "L1", "--count", 1, by="maria.s")
    (vial,) = [row["code"] for row in furnished.read("vial", "list", "--of", "L1")]
    furnished.does("vial", "discard", vial, "--reason", "broken", "--propose", 24, by="maria.s")
    (waiting,) = furnished.read("proposals")
    assert waiting["act"] == "VialsDiscarded"
    again = furnished.run("complete-proposal", waiting["number"], "--as", "maria.s", stdin="161803\n")
    assert again.code == 3
    furnished.does("complete-proposal", waiting["number"], by="petra.v")
    assert furnished.read("vial", vial)["row"]["custody"] == "discarded"
    assert furnished.read("proposals") == []


def test_corrections_stay_beside_what_they_correct(furnished: Terminal) -> None:
    tested = ("--tested-on", "2025-02-03", "--method", "in house")
    number = furnished.does("lot", "test", "L1", "viability=29.5", *tested, "--json", by="maria.s").json["number"]
    furnished.does(
        "correct", "test", "L1", "viability=92.5", *tested, "--entry", number, "--reason", "typed-wrong", by="quinn.o"
    )
    card = furnished.does("lot", "L1").out
    assert "29.5, OUT OF LIMITS" in card
    assert "92.5, within limits" in card
    assert f"corrected by entry {number + 1}" in card
    furnished.does("correct", "attribution", "petra.v", "--entry", number, "--reason", "wrong-person", by="quinn.o")
    assert f"done by petra.v, says entry {number + 2}" in furnished.does("history", "L1").out


def test_a_pin_can_be_changed_and_replaced(lab: Terminal) -> None:
    assert lab.run("person", "pin", "maria.s", stdin="161803\n808017\n").code == 0
    assert lab.run("donor", "add", "D9", "--consent", "therapy", "--given-on", "today", "--as", "maria.s",
                   stdin="161803\n").code == 4  # fmt: skip
    replaced = lab.run(
        "person", "pin", "maria.s", "--replace", "--reason", "locked", "--as", "ines.a", "--with", "quinn.o",
        stdin="271828\n314159\n909017\n",
    )  # fmt: skip
    assert replaced.code == 0, replaced.err
    keys = [row for row in lab.read("keys") if row["name"] == "maria.s"]
    assert [row["revoked"] is None for row in keys] == [False, True]
    assert keys[0]["vkey"].startswith("maria.s+")
