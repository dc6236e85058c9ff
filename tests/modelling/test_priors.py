import numpy as np
import pytest

import bayesord as bo
from bayesord.modelling import priors as P

KINDS = [P.Dirichlet(), P.Normal(), P.StudentT(), P.Laplace(), P.Flat(), P.R2(), P.R2D2(), P.Horseshoe()]


@pytest.mark.parametrize("prior", KINDS, ids=lambda prior: prior.call)
def test_text_is_the_call_that_makes_it(prior):
    assert eval(str(prior), {name: getattr(P, name) for name in P.__all__}) == prior


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: P.normal(0, 0), "scale must be positive, got 0"),
        (lambda: P.normal(0, -1), "scale must be positive"),
        (lambda: P.student_t(0, 0, 1), "nu must be positive"),
        (lambda: P.laplace(np.inf), "scale must be finite"),
        (lambda: P.dirichlet((1, 0, 1)), "alpha must be positive"),
        (lambda: P.r2(mean=1.0), "between 0 and 1"),
        (
            lambda: bo.Priors(cutpoints=P.laplace(1)),
            r"not a prior for cutpoints; choose one of \['dirichlet'",
        ),
        (lambda: bo.Priors(beta=P.dirichlet(1)), "not a prior for beta"),
        (lambda: bo.Priors(beta={"x": P.dirichlet(1)}), r"not a prior for beta\[x\]"),
    ],
)
def test_bad_priors_say_what_is_wrong(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_a_prior_must_be_a_prior():
    with pytest.raises(TypeError, match=r"make it with bayesord\.priors"):
        bo.Priors(beta=2.5)


def test_unknown_coefficient_names_the_valid_ones():
    with pytest.raises(ValueError, match=r"\['temp\[wram\]'\].*Did you mean 'temp\[warm\]'.*contact\[yes\]"):
        bo.Priors(beta={"temp[wram]": P.normal(0, 1)}).by_coefficient(("temp[warm]", "contact[yes]"))


def test_named_priors_leave_the_rest_at_the_default():
    priors = bo.Priors(beta={"b": P.normal(1, 0.5)}).by_coefficient(("a", "b", "c"))
    assert priors == (P.R2(), P.Normal(1, 0.5), P.R2())


def test_alpha_for_another_number_of_categories():
    with pytest.raises(ValueError, match="2 values for 3 categories"):
        P.dirichlet((1, 2)).alphas(3)
