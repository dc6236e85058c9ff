"""`METHODS`: every way to train a network for ordered categories, in one list.

To add one: its loss (in the file of its family under `losses/`), its head where none of `HEADS` will do, and one
entry here. Tests walk this list, entry by entry: they ask for the formula, written independently, in
`tests/neural/network_formulas.py`, and for nothing else.
"""

from __future__ import annotations

from bayesord.checks import check_choice
from bayesord.neural import losses
from bayesord.neural.method import Method
from bayesord.neural.soft_targets import SHAPES

__all__ = ["METHODS", "get_method"]

_MCCULLAGH = "McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x"
_KAPPA = "de la Torre, Puig & Valls 2018, doi:10.1016/j.patrec.2017.05.018"
_RENNIE = "Rennie & Srebro 2005, Loss functions for preference levels"
_PEDREGOSA = "Pedregosa, Bach & Gramfort 2017, https://jmlr.org/papers/v18/15-495.html"
_ALBUQUERQUE = "Albuquerque, Cruz & Cardoso 2021, doi:10.7717/peerj-cs.457"


def _cumulative(link: str, more: str) -> Method:
    return Method(
        f"cumulative_{link}",
        5,
        f"cumulative link, {link}: {more}; a likelihood",
        "cumulative_link",
        losses.CumulativeLinkLoss,
        "code",
        _MCCULLAGH,
        head_settings={"link": link},
        likelihood=True,
        proper=True,
    )


def _kappa(name: str, summary: str, **settings) -> Method:
    return Method(
        name, 4, summary, "softmax", losses.KappaLoss, "one_hot", _KAPPA, settings, minimum_batch=64
    )


def _soft(shape) -> Method:
    return Method(
        f"soft_{shape.name}",
        10,
        f"soft labels, {shape.formula}",
        "softmax",
        losses.SoftLabelLoss,
        "soft",
        shape.source,
        {"targets": shape.name},
    )


def _threshold(kind: str, margin: str) -> Method:
    return Method(
        f"{kind}_threshold_{margin}",
        13,
        f"{kind} thresholds, {margin.replace('_', ' ')} margin",
        "thresholds",
        losses.ThresholdLoss,
        "sides",
        _RENNIE,
        {"kind": kind, "margin": margin},
    )


def _count(name: str, summary: str, source: str) -> Method:
    loss, more = losses.NegativeLogLikelihood, f"{summary}; a likelihood"
    return Method(name, 11, more, name, loss, "code", source, likelihood=True, proper=True)


def _unimodal(name: str, loss: type, summary: str) -> Method:
    return Method(name, 13, summary, "softmax", loss, "code", _ALBUQUERQUE)


_ENTRIES = (
    Method(
        "softmax",
        1,
        "softmax and cross-entropy: no order; a likelihood",
        "softmax",
        losses.CrossEntropyLoss,
        "one_hot",
        "Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
        likelihood=True,
        proper=True,
    ),
    Method(
        "mse",
        2,
        "squared error of a score, categories as numbers",
        "score",
        losses.SquaredErrorLoss,
        "number",
        "least squares on the codes",
    ),
    Method(
        "mae",
        2,
        "absolute error of a score, categories as numbers",
        "score",
        losses.AbsoluteErrorLoss,
        "number",
        "least absolute error on the codes",
    ),
    Method(
        "ordinal_cross_entropy",
        3,
        "cross-entropy times 1 + distance of the argmax",
        "softmax",
        losses.OrdinalCrossEntropyLoss,
        "one_hot",
        "J. Hart 2017, a Keras loss of that name",
    ),
    Method(
        "ordinal_cross_entropy_smooth",
        3,
        "cross-entropy times 1 + expected distance",
        "softmax",
        losses.SmoothOrdinalCrossEntropyLoss,
        "one_hot",
        "this package",
    ),
    _kappa("qwk", "1 - quadratic weighted kappa of the batch", log=False),
    _kappa("qwk_log", "logarithm of 1 - quadratic weighted kappa", log=True),
    _kappa("qwk_cross_entropy", "log(1 - kappa) and cross-entropy, half each", log=True, mix=0.5),
    _cumulative("logit", "ordered cutpoints on one score"),
    _cumulative("probit", "ordered cutpoints on one score"),
    _cumulative("cloglog", "ordered cutpoints on one score"),
    Method(
        "cumulative_bits",
        6,
        "K-1 separate answers to: is y above k?",
        "bits",
        losses.CumulativeBitsLoss,
        "bits",
        "Niu, Zhou, Wang, Gao & Hua 2016, doi:10.1109/CVPR.2016.532",
        proper=True,
    ),
    Method(
        "cumulative_leading_bits",
        6,
        "the same in K bits, the first always 1",
        "leading_bits",
        losses.CumulativeBitsLoss,
        "leading_bits",
        "Cheng, Wang & Pollastri 2008, doi:10.1109/IJCNN.2008.4633963",
        {"leading_bit": True},
        proper=True,
    ),
    Method(
        "coral",
        7,
        "CORAL: K-1 answers with shared weights and ordered biases",
        "coral",
        losses.CoralLoss,
        "bits",
        "Cao, Mirjalili & Raschka 2020, doi:10.1016/j.patrec.2020.11.008",
        proper=True,
    ),
    Method(
        "corn",
        8,
        "CORN: conditional answers, mean over the questions asked",
        "conditional",
        losses.CornLoss,
        "conditional_bits",
        "Shi, Cao & Raschka 2023, doi:10.1007/s10044-023-01181-9",
        proper=True,
    ),
    Method(
        "condor",
        8,
        "CONDOR: conditional answers, mean over rows; a likelihood",
        "conditional",
        losses.CondorLoss,
        "conditional_bits",
        "Jenkinson, Khezeli, Oliver, Kalantari & Klee 2021, arXiv:2110.07470",
        likelihood=True,
        proper=True,
    ),
    Method(
        "emd2",
        9,
        "squared earth mover's distance: the ranked probability score",
        "softmax",
        losses.EMDLoss,
        "at_most",
        "Hou, Yu & Samaras 2016, arXiv:1611.05916",
        proper=True,
    ),
    *(_soft(shape) for shape in SHAPES.values()),
    _count(
        "binomial",
        "a binomial on 0..K-1",
        "da Costa, Alonso & Cardoso 2008, doi:10.1016/j.neunet.2007.10.003",
    ),
    _count("poisson", "a Poisson cut at K-1", "Beckham & Pal 2017, arXiv:1705.05278"),
    _count(
        "stick_breaking",
        "stick-breaking: each category a share of what is left",
        "Liu, Zou, Song, Yang, You & Vijaya Kumar 2018, doi:10.1007/978-3-030-11024-6_23",
    ),
    Method(
        "oll",
        12,
        "ordinal log loss: far probability punished, distance^1.5",
        "softmax",
        losses.OrdinalLogLoss,
        "code",
        "Castagnos, Mihelich & Dognin 2022, https://aclanthology.org/2022.coling-1.407",
        {"alpha": 1.5},
    ),
    Method(
        "cdw",
        12,
        "class distance weighted cross-entropy, distance^5",
        "softmax",
        losses.OrdinalLogLoss,
        "code",
        "Polat, Ergenc, Kani, Alahdab, Atug & Temizel 2022, doi:10.1007/978-3-031-12053-4_12",
        {"alpha": 5.0},
    ),
    *(_threshold("all", margin) for margin in ("logistic", "hinge", "squared_hinge", "smooth_hinge")),
    *(_threshold("immediate", margin) for margin in ("logistic", "hinge", "squared_hinge", "smooth_hinge")),
    Method(
        "all_threshold_squared",
        13,
        "all thresholds, logistic margin, weights of the squared error",
        "thresholds",
        losses.ThresholdLoss,
        "sides",
        _PEDREGOSA,
        {"kind": "all", "margin": "logistic", "weights": "squared"},
    ),
    Method(
        "lad",
        13,
        "least absolute deviation: support vector regression on the codes, Laplace residual",
        "score",
        losses.LeastAbsoluteDeviationLoss,
        "number",
        _PEDREGOSA,
        head_settings={"l2": 1e-3},
        residual="laplace",
    ),
    Method(
        "ordinal_ridge",
        13,
        "ordinal ridge: squared error with penalised weights",
        "score",
        losses.SquaredErrorLoss,
        "number",
        _PEDREGOSA,
        head_settings={"l2": 1e-3},
    ),
    _unimodal("co", losses.COLoss, "cross-entropy, and probabilities that fall on both sides"),
    _unimodal("co2", losses.CO2Loss, "cross-entropy, and probabilities that fall by a margin"),
    _unimodal("ho2", losses.HO2Loss, "entropy, and probabilities that fall by a margin"),
)

METHODS: dict[str, Method] = {method.name: method for method in _ENTRIES}


def get_method(method: str | Method) -> Method:
    """The method of that name; a `Method` is returned as it is.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.

    Examples
    --------
    >>> get_method("coral").head.summary
    'CoralHead(K): logits of P(y > k) with shared weights, ordered'
    >>> get_method("coralle")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: method='coralle' is unknown: ... Did you mean 'coral'?
    """
    if isinstance(method, Method):
        return method
    return METHODS[check_choice("method", method, METHODS)]
