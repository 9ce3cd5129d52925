"""Where all tests keep the compiled rules of the scan for secrets: compiling them takes seconds."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

RULE_CACHE = Path(tempfile.gettempdir()) / f"pushgate-rules-{os.getuid()}"
