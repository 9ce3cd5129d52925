"""Room on the disk that holds the gate's folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from gate.services.ports.measures import DiskSpace


@dataclass(frozen=True, slots=True)
class Disk:
    """Implements `ports.measures.MeasureDisk`."""

    folder: Path

    def __call__(self) -> DiskSpace:
        usage = shutil.disk_usage(self.folder)
        return DiskSpace(usage.total, usage.free)
