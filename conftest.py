"""Before anything imports Keras: which backend it uses, and how JAX compiles. What is set from outside is respected."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
# The suite compiles hundreds of tiny programs and runs each a few times: optimising them costs more than it saves
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
