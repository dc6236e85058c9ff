"""Every loss as its source defines it, in 150 digits: slow, obvious, and sharing no code with the package.

With so many digits nothing needs to be stable: differences of cdfs, logarithms of 1 - p and products of
probabilities are written down as they stand in the papers. A loss of one row takes the numbers that enter the
last layer, y, K and the cutpoints; a loss of a batch all rows, their answers, K and their weights.
"""

import mpmath as mp

DIGITS = 150


def logistic(x):
    return 1 / (1 + mp.exp(-x))


def softmax(z):
    powers = [mp.exp(v) for v in z]
    return [power / mp.fsum(powers) for power in powers]


# -- groups 1, 3, 9, 12, 13: from softmax probabilities


def cross_entropy(z, y, K, cutpoints=None):
    return -mp.log(softmax(z)[y])


def ordinal_cross_entropy(z, y, K, cutpoints=None):
    best = max(range(K), key=lambda k: z[k])
    return (1 + mp.mpf(abs(best - y)) / (K - 1)) * cross_entropy(z, y, K)


def smooth_ordinal_cross_entropy(z, y, K, cutpoints=None):
    expected = mp.fsum(p * abs(k - y) for k, p in enumerate(softmax(z))) / (K - 1)
    return (1 + expected) * cross_entropy(z, y, K)


def ranked_probability_score(z, y, K, cutpoints=None):
    p = softmax(z)
    return mp.fsum((mp.fsum(p[: k + 1]) - (y <= k)) ** 2 for k in range(K - 1))


def ordinal_log_loss(z, y, K, cutpoints=None, *, alpha):
    return -mp.fsum(mp.mpf(abs(k - y)) ** alpha * mp.log(1 - p) for k, p in enumerate(softmax(z)) if k != y)


def falling_penalty(p, y, margin):
    up = [max(mp.mpf(0), margin + p[k] - p[k + 1]) for k in range(y)]
    down = [max(mp.mpf(0), margin + p[k + 1] - p[k]) for k in range(y, len(p) - 1)]
    return mp.fsum(up + down)


def co(z, y, K, cutpoints=None, *, margin):
    return cross_entropy(z, y, K) + mp.mpf("0.01") * falling_penalty(softmax(z), y, margin)


def ho2(z, y, K, cutpoints=None):
    p = softmax(z)
    return -mp.fsum(v * mp.log(v) for v in p) + 10 * falling_penalty(p, y, mp.mpf("0.05"))


# -- groups 2 and 13: from a score


def squared_error(f, y, K, cutpoints=None):
    return (f[0] - y) ** 2


def absolute_error(f, y, K, cutpoints=None):
    return abs(f[0] - y)


# -- group 5: cumulative links, by differences of cdfs in the nearer tail


def normal_between(a, b):
    if a > 0:
        return normal_between(-b, -a)
    upper = mp.mpf(1) if b == mp.inf else mp.ncdf(b)
    return upper - (mp.mpf(0) if a == -mp.inf else mp.ncdf(a))


def logistic_between(a, b):
    if a > 0:
        return logistic_between(-b, -a)
    return (mp.mpf(1) if b == mp.inf else logistic(b)) - (mp.mpf(0) if a == -mp.inf else logistic(a))


def cloglog_between(a, b):
    beyond_a = mp.mpf(1) if a == -mp.inf else mp.exp(-mp.exp(a))
    return beyond_a - (mp.mpf(0) if b == mp.inf else mp.exp(-mp.exp(b)))


def cauchit_between(a, b):
    if a > 0:
        return cauchit_between(-b, -a)
    return (mp.atan(b) - mp.atan(a)) / mp.pi


def loglog_between(a, b):
    return cloglog_between(-b, -a)


BETWEEN = {
    "logit": logistic_between,
    "probit": normal_between,
    "cloglog": cloglog_between,
    "loglog": loglog_between,
    "cauchit": cauchit_between,
}


def cumulative_link(f, y, K, cutpoints, *, link):
    edges = [-mp.inf, *cutpoints, mp.inf]
    a, b = edges[y] - f[0], edges[y + 1] - f[0]
    far = a if link == "cloglog" else -b
    if link in ("cloglog", "loglog") and far > 40:  # documented: from there on -e^far is its tangent at 40
        return mp.exp(40) * (1 + far - 40)
    return -mp.log(BETWEEN[link](a, b))


# -- groups 6 to 8: binary questions


def binary(target, logit):
    return -mp.log(logistic(logit)) if target else -mp.log(1 - logistic(logit))


def cumulative_bits(g, y, K, cutpoints=None):
    return mp.fsum(binary(y > k, g[k]) for k in range(K - 1))


def leading_bits(g, y, K, cutpoints=None):
    return mp.fsum(binary(y >= k, g[k]) for k in range(K))


def coral(f, y, K, cutpoints):
    return mp.fsum(binary(y > k, f[0] - c) for k, c in enumerate(cutpoints))


def condor(c, y, K, cutpoints=None):
    """-log p_y from P(y > k) = Π_{j<=k} s(c_j)."""
    above = [mp.mpf(1)]
    for logit in c:
        above.append(above[-1] * logistic(logit))
    above.append(mp.mpf(0))
    return -mp.log(above[y] - above[y + 1])


def corn(rows, ys, K, weights, cutpoints=None):
    """Task by task over its conditional training set, as in the paper."""
    total = examples = mp.mpf(0)
    for task in range(K - 1):
        for c, y, w in zip(rows, ys, weights, strict=True):
            if y >= task:
                total += w * binary(y > task, c[task])
                examples += w
    return total / examples


# -- group 4: weighted kappa, from the observed and the expected table


def kappa_ratio(rows, ys, K, weights):
    total = mp.fsum(weights)
    observed = [[mp.mpf(0)] * K for _ in range(K)]
    for z, y, w in zip(rows, ys, weights, strict=True):
        for k, p in enumerate(softmax(z)):
            observed[y][k] += w * p
    answers = [mp.fsum(row) for row in observed]
    predictions = [mp.fsum(row[k] for row in observed) for k in range(K)]
    cells = [(a, b) for a in range(K) for b in range(K)]
    seen = mp.fsum((a - b) ** 2 * observed[a][b] for a, b in cells)
    return seen / mp.fsum((a - b) ** 2 * answers[a] * predictions[b] / total for a, b in cells)


def qwk(rows, ys, K, weights, cutpoints=None):
    return kappa_ratio(rows, ys, K, weights)


def qwk_log(rows, ys, K, weights, cutpoints=None):
    return mp.log(kappa_ratio(rows, ys, K, weights) + mp.mpf("1e-7"))


def qwk_cross_entropy(rows, ys, K, weights, cutpoints=None):
    entropy = mp.fsum(
        w * cross_entropy(z, y, K) for z, y, w in zip(rows, ys, weights, strict=True)
    ) / mp.fsum(weights)
    return (qwk_log(rows, ys, K, weights) + entropy) / 2


# -- group 10: soft labels


def normalised(masses):
    return [mass / mp.fsum(masses) for mass in masses]


def soft_sord(y, K):
    return normalised([mp.exp(-((y - k) ** 2)) for k in range(K)])


def soft_exponential(y, K):
    return normalised([mp.exp(-abs(y - k)) for k in range(K)])


def soft_binomial(y, K):
    p = mp.mpf(2 * y + 1) / (2 * K)
    return [mp.binomial(K - 1, k) * p**k * (1 - p) ** (K - 1 - k) for k in range(K)]


def soft_poisson(y, K):
    rate = y + mp.mpf(1) / 2
    return normalised([rate**k * mp.exp(-rate) / mp.factorial(k) for k in range(K)])


def soft_beta(y, K):
    a, b = mp.mpf(2 * y + 1), mp.mpf(2 * K - 2 * y - 1)
    return [mp.betainc(a, b, mp.mpf(k) / K, mp.mpf(k + 1) / K, regularized=True) for k in range(K)]


def soft_triangular(y, K):
    """The area of a triangle centred on y, whose half width leaves 0.05 on each neighbour."""
    half = mp.mpf("0.5") / (1 - mp.sqrt(2 * mp.mpf("0.05")))

    def area_left_of(x):
        x = max(-half, min(half, x)) / half
        return (1 + x) ** 2 / 2 if x < 0 else 1 - (1 - x) ** 2 / 2

    middle = mp.mpf("0.5")
    return normalised([area_left_of(k - y + middle) - area_left_of(k - y - middle) for k in range(K)])


def soft_geometric(y, K):
    alpha = mp.mpf("0.1")
    rest = mp.fsum(alpha ** abs(y - k) for k in range(K) if k != y)
    return [1 - alpha if k == y else alpha * alpha ** abs(y - k) / rest for k in range(K)]


SOFT = {
    "sord": soft_sord,
    "exponential": soft_exponential,
    "binomial": soft_binomial,
    "poisson": soft_poisson,
    "beta": soft_beta,
    "triangular": soft_triangular,
    "geometric": soft_geometric,
}


def soft_label(z, y, K, cutpoints=None, *, targets):
    return -mp.fsum(t * mp.log(p) for t, p in zip(SOFT[targets](y, K), softmax(z), strict=True))


# -- group 11: unimodal heads


def binomial(f, y, K, cutpoints=None):
    p = logistic(f[0])
    return -mp.log(mp.binomial(K - 1, y) * p**y * (1 - p) ** (K - 1 - y))


def poisson(f, y, K, cutpoints=None):
    rate = mp.log(1 + mp.exp(f[0]))
    return -mp.log(normalised([rate**k / mp.factorial(k) for k in range(K)])[y])


def stick_breaking(f, y, K, cutpoints=None):
    left = mp.mpf(1)
    for k in range(K - 1):
        taken = left * logistic(f[k])
        if k == y:
            return -mp.log(taken)
        left *= 1 - logistic(f[k])
    return -mp.log(left)


# -- group 13: margins at thresholds

MARGINS = {
    "logistic": lambda m: mp.log(1 + mp.exp(-m)),
    "hinge": lambda m: max(mp.mpf(0), 1 - m),
    "squared_hinge": lambda m: max(mp.mpf(0), 1 - m) ** 2,
    "smooth_hinge": lambda m: mp.mpf(0) if m >= 1 else (1 - m) ** 2 / 2 if m > 0 else mp.mpf("0.5") - m,
}


def all_threshold(f, y, K, cutpoints, *, margin, cost=lambda y, k: 1):
    crossed = [cost(y, k) * MARGINS[margin](f[0] - cutpoints[k]) for k in range(y)]
    ahead = [cost(y, k) * MARGINS[margin](cutpoints[k] - f[0]) for k in range(y, K - 1)]
    return mp.fsum(crossed + ahead)


def immediate_threshold(f, y, K, cutpoints, *, margin):
    total = MARGINS[margin](f[0] - cutpoints[y - 1]) if y > 0 else mp.mpf(0)
    return total + (MARGINS[margin](cutpoints[y] - f[0]) if y < K - 1 else mp.mpf(0))


def squared_step(y, k):
    """How much (y - label)² changes between label k and label k + 1."""
    return abs((y - k) ** 2 - (y - k - 1) ** 2)
