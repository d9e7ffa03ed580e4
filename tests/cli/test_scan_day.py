"""A whole day at the station, as a file of scans through the line mode; then what the ledger says of it."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cryoledger.cli.sample import story
from cryoledger.cli.scan import run
from cryoledger.custody.proof.auditing import verify_vault
from tests.station import DOSE, PINS, Station, make_station

DAY = Path(__file__).parents[1] / "vectors" / "scan" / "day.txt"
BANDS = ("WB3107770", "WB3108770", "WB4711999")


@dataclass(frozen=True)
class Line:
    """One line of the script: what is scanned, and the outcome and the question that must follow."""

    number: int
    scan: str
    outcome: str
    ask: str


def script() -> list[Line]:
    lines = []
    for number, text in enumerate(DAY.read_text().splitlines(), start=1):
        if text and not text.startswith("#"):
            scan, _, expected = text.partition("=>")
            outcome, _, ask = expected.strip().partition(" ")
            lines.append(Line(number, scan.strip(), outcome, ask.replace("-", "")))
    return lines


class Typist(io.StringIO):
    """A stdin that reads the script, and lets time pass where it says so."""

    def __init__(self, station: Station, lines: list[Line]) -> None:
        super().__init__()
        self.station = station
        self.lines = iter(lines)

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
        for line in self.lines:
            word, _, minutes = line.scan.partition(" ")
            if word != "@wait":
                return self.station.line(line.scan) + "\n"
            self.station.wait(float(minutes))
        return ""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    home = tmp_path_factory.mktemp("clinic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        return home, make_station(home)


@pytest.fixture
def station(made: tuple[Path, datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    station = Station.copy_of(made, tmp_path, monkeypatch)
    yield station
    station.vault.close()


def play(station: Station, *, as_json: bool = True) -> list[str]:
    out = io.StringIO()
    assert run(station.vault, Typist(station, script()), out, as_json, monotonic=station.monotonic) == 0
    return out.getvalue().splitlines()


def test_whole_day_answers_each_line_as_the_script_says(station: Station) -> None:
    answers: list[dict[str, Any]] = [json.loads(line) for line in play(station)]
    expected = [line for line in script() if not line.scan.startswith("@wait")]
    assert len(answers) == len(expected)
    for line, answer in zip(expected, answers, strict=True):
        assert set(answer) == {"scan", "outcome", "message", "ask", "sequence"}
        said = f"line {line.number} {line.scan}: {answer}"
        assert (answer["outcome"], answer["ask"]) == (line.outcome, line.ask), said
        assert (answer["sequence"] is not None) == (line.outcome == "recorded"), said
        assert answer["message"].endswith((".", "?")), said


def test_whole_day_is_in_the_ledger_with_its_signers(station: Station) -> None:
    before = len(station.entries())
    play(station)
    recorded = station.entries()[before:]
    counted = Counter(entry.type for entry in recorded)
    assert counted["VialsStored"] == 22
    assert counted["BedsideCheckPassed"] == counted["AdministrationCompleted"] == 1
    assert counted["StationLocked"] == 1
    assert counted["RequestRefused"] >= 8
    assert counted["ClockStepped"] == 1
    signers = {entry.type: [(line.name, line.meaning) for line in entry.signers] for entry in recorded}
    assert signers["VialsIssued"] == [("pia.n", "issued"), ("maria.s", "witnessed")]
    assert signers["RemaindersWasted"] == [("pia.n", "wasted"), ("tomas.h", "witnessed")]
    assert signers["DoseHandedOver"] == [("pia.n", "handed over"), ("carl.w", "received")]
    assert signers["BedsideCheckPassed"] == [("carl.w", "administered"), ("wanda.z", "witnessed")]
    assert signers["AdministrationCompleted"] == [("carl.w", "administered"), ("wanda.z", "witnessed")]
    assert signers["VialsDiscarded"] == [("tomas.h", "discarded"), ("maria.s", "witnessed")]
    refused = [(entry.event.act, entry.event.rule) for entry in recorded if entry.type == "RequestRefused"]  # type: ignore[attr-defined]
    assert {
        ("VialsReserved", "I7"), ("VialsReserved", "I3.released"), ("VialsReserved", "I3.expired"),
        ("VialsIssued", "I3.reserved"), ("VialsIssued", "I7"), ("BedsideCheckPassed", "I4.patient"),
        ("BedsideCheckPassed", "I4.order"),
    } <= set(refused)  # fmt: skip
    (late,) = [entry for entry in recorded if entry.event.late is not None]
    assert (late.type, late.event.late) == ("VialsTakenOut", "emergency")
    assert late.occurred_at < late.recorded_at
    (frosted,) = [entry for entry in recorded if "vial" in entry.event.typed]
    assert frosted.type == "VialsTakenOut"
    assert verify_vault(station.vault).findings == ()
    assert DOSE in str(next(entry.event for entry in recorded if entry.type == "DosePrepared"))


def test_no_pin_and_no_wristband_is_in_any_answer_or_any_file(
    station: Station, capfd: pytest.CaptureFixture[str]
) -> None:
    out = "\n".join(play(station))
    station.vault.close()
    printed = capfd.readouterr()
    secrets = [*PINS.values(), "482714", *BANDS, *(story.wristband(patient) for patient in story.PATIENTS)]
    places = {str(path): path.read_bytes() for path in station.home.rglob("*") if path.is_file()}
    places["answers"] = (out + printed.out + printed.err).encode()
    for place, content in places.items():
        for secret in secrets:
            assert secret.encode() not in content, (secret, place)


def test_plain_mode_prints_the_messages(station: Station) -> None:
    lines = play(station, as_json=False)
    assert lines[0] == "Nobody is signed in: scan your badge."
    assert any(line.startswith("STOP. ") for line in lines)


def test_endless_and_binary_lines_are_one_broken_scan_each(station: Station) -> None:
    out = io.StringIO()
    lines = io.StringIO("A" * 50_000 + "\n\udcff\x00\nCMD-HELP\nno end")
    assert run(station.vault, lines, out, as_json=True) == 0
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer["outcome"] for answer in answers] == ["broken", "broken", "refused", "refused"]
    assert len(answers[0]["scan"]) < 5_000
