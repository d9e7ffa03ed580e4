"""Independent programs that the tests read labels with: found, or the test is skipped and says how to get them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

DEBIAN = {"zbarimg": "zbar-tools", "dmtxread": "dmtx-utils", "pdftoppm": "poppler-utils"}
_RENDER = """
const { ready } = require("zpl-renderer-js");
const [file, width, height, dots] = process.argv.slice(1);
ready.then(async ({ api }) => {
  const zpl = require("node:fs").readFileSync(file, "utf8");
  console.log(JSON.stringify(await api.zplToBase64MultipleAsync(zpl, +width, +height, +dots)));
});
"""


def program(name: str) -> str:
    """The path of a program of Debian; skips without it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here: apt-get install {DEBIAN[name]}")
    return path


def run(command: list[str], seconds: int = 60) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=seconds, check=False)


def read_by_zbar(path: Path) -> set[str]:
    """What zbar reads in a picture."""
    done = run([program("zbarimg"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Scode128.enable", str(path)])
    return set(done.stdout.decode().split())


def read_by_dmtx(path: Path) -> str:
    """The one Data Matrix that libdmtx reads in a picture."""
    return run([program("dmtxread"), "-N1", "-m2000", str(path)]).stdout.decode("latin-1")


def rasterise(pdf: Path, dpi: int) -> list[Image.Image]:
    """The pages of a PDF as poppler draws them."""
    done = run([program("pdftoppm"), "-r", str(dpi), "-gray", str(pdf), str(pdf.with_suffix(""))])
    assert done.returncode == 0, done.stderr
    return [Image.open(path) for path in sorted(pdf.parent.glob(f"{pdf.stem}-*.pgm"))]


def render_zpl(zpl: bytes, folder: Path, width: float, height: float, dots_per_millimetre: int) -> list[str]:
    """The labels of a ZPL file as the npm package zpl-renderer-js draws them, as PNG in base 64."""
    node = shutil.which("node")
    if node is None or run([node, "-e", 'require.resolve("zpl-renderer-js")']).returncode != 0:
        pytest.skip("zpl-renderer-js is not here: npm install --prefix D zpl-renderer-js; NODE_PATH=D/node_modules")
    path = folder / "labels.zpl"
    path.write_bytes(zpl)
    done = run([node, "-e", _RENDER, str(path), str(width), str(height), str(dots_per_millimetre)], 120)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def read_all(image: Image.Image) -> list[str]:
    """All symbols that zxing finds in a picture, sorted."""
    return sorted(each.bytes.decode("latin-1") for each in zxingcpp.read_barcodes(image.convert("L")))
