"""Networks in Keras 3: every loss, layer and metric for ordered categories that people are told to try.

`METHODS` is the one list: each entry knows its loss, the head that a network must end with, what the loss
compares with, and how outputs become category probabilities, a score, a label. Written in `keras.ops` alone,
so that any backend runs it.

>>> from bayesord.neural import METHODS, layers, losses, metrics
>>> METHODS["cumulative_logit"].summary
'cumulative link, logit: ordered cutpoints on one score; a likelihood'
"""

from bayesord.neural.backend import choose_backend

choose_backend()
try:
    import keras  # noqa: F401
except ModuleNotFoundError as missing:
    if missing.name == "keras":
        remedy = 'install the extra: pip install "bayesord[keras]"'
    else:  # Keras is there, and looks for a backend that is not
        remedy = (
            f"Keras found no {missing.name!r}. Choose a backend that is installed before anything imports Keras: "
            'set the environment variable KERAS_BACKEND to "jax" (which pip install "bayesord[keras]" brings), '
            '"tensorflow" or "torch"'
        )
    raise ImportError(f"bayesord.neural needs Keras 3 and a backend: {remedy}.") from missing

from bayesord.neural import layers, losses, metrics
from bayesord.neural.features import NeuralFeatures
from bayesord.neural.loss_comparison import compare_losses
from bayesord.neural.registry import METHODS, Method, get_method
from bayesord.neural.training import Budget

__all__ = [
    "METHODS",
    "Budget",
    "Method",
    "NeuralFeatures",
    "compare_losses",
    "get_method",
    "layers",
    "losses",
    "metrics",
]
