"""A whole gate for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate_in_a_box import Box


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)
