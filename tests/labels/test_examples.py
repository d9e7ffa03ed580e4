"""The examples in the package's documentation do what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["", ".content", ".stock", ".printers"])
def test_examples_run(module: str) -> None:
    tried = doctest.testmod(importlib.import_module(f"cryoledger.labels{module}"))
    assert tried.attempted > 0
    assert tried.failed == 0
