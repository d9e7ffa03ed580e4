"""python -m tests.tui.snapshots: draw every screen's picture anew."""

from __future__ import annotations

import os
import subprocess
import sys

if __name__ == "__main__":
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "tests/tui/test_snapshots.py"]
    sys.exit(subprocess.run(command, env={**os.environ, "CRYOLEDGER_SNAPSHOTS": "write"}, check=False).returncode)
