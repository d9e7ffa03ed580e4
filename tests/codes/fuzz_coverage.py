"""Fuzzes the readers of scans by coverage, for a bounded time: `python -m tests.codes.fuzz_coverage 60`.

atheris (libFuzzer) looks for inputs that reach new lines of `cryoledger.codes`, starting from the test vectors. What
holds is what `test_fuzz.py` says: every input gives a value, or a CodeError that points into the scan. Another
exception ends the run with its traceback, the input that made it, and a status that is not 0. atheris is no
dependency, because it has no wheel for every Python: `pip install 'cryoledger[fuzz]'`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import get_args

import atheris

with atheris.instrument_imports(include=["cryoledger.codes", "biip"]):
    from cryoledger.codes import CodeScheme, Scan, describe, read

from cryoledger.errors import CodeError

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "codes"
SCHEMES: tuple[CodeScheme | None, ...] = (None, *get_args(CodeScheme))
SECONDS = 60


def one(data: bytes) -> None:
    """Read one input: its first byte chooses prefix and scheme, the rest is the scan."""
    if not data:
        return
    prefix, scheme = ("", "BK")[data[0] & 1], SCHEMES[(data[0] >> 1) % len(SCHEMES)]
    text = data[1:].decode("utf-8", "surrogateescape")
    problem = describe(text, prefix, scheme)["error"]
    try:
        answer: Scan | CodeError = read(text, prefix, scheme)
    except CodeError as error:
        answer = error
    if isinstance(answer, CodeError):
        assert problem is not None
        assert answer.message == problem["message"]
        assert answer.at is None or 0 <= answer.at <= len(text)
    else:
        assert problem is None
        assert answer.raw == text


def seeds() -> set[bytes]:
    """Every text of the vectors, as each scheme."""
    found: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                collect(each)

    for path in sorted(VECTORS.glob("*.json")):
        collect(json.loads(path.read_text(encoding="utf-8")))
    choices = range(2 * len(SCHEMES))
    return {bytes([choice]) + text.encode("utf-8", "surrogatepass") for text in found for choice in choices}


def main(seconds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(sorted(seeds())):
            Path(folder, f"{number:05d}").write_bytes(seed)
        limits = [f"-max_total_time={seconds}", "-max_len=1200", "-timeout=5", "-verbosity=1", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", folder], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
