"""The WSGI callable: `gunicorn --config gunicorn.conf.py app:app`."""

from __future__ import annotations

import os

from gate.adapters.process import begin
from gate.bootstrap import build, build_app
from gate.config import load

settings = load(os.environ)
begin(settings.log_level)
app = build_app(build(settings))
