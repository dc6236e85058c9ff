"""Which backend Keras runs on, where nobody has said."""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["choose_backend"]


def choose_backend() -> None:
    """Let Keras use a backend that is installed, where neither KERAS_BACKEND nor an earlier import has chosen one.

    Keras itself takes TensorFlow, installed or not, and writes that into its file of settings on its first import:
    what stands there counts only if it can be imported.
    """
    if "KERAS_BACKEND" in os.environ or "keras" in sys.modules:
        return
    settings = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "keras.json"
    try:
        configured = json.loads(settings.read_text(encoding="utf-8")).get("backend", "tensorflow")
    except (OSError, ValueError, AttributeError):
        configured = "tensorflow"
    if configured not in ("tensorflow", "jax", "torch") or find_spec(configured):
        return
    installed = [name for name in ("jax", "tensorflow", "torch") if find_spec(name)]
    if installed:
        os.environ["KERAS_BACKEND"] = installed[0]
