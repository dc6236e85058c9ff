"""Before anything imports Keras: which backend it uses. One set from outside is respected."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
