"""The kinds of prior, each a small frozen record of numbers with its checks; made by the functions of `prior_calls`."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bayesord.checks import real_numbers

__all__ = [
    "LKJ",
    "R2",
    "R2D2",
    "Dirichlet",
    "Exponential",
    "Flat",
    "HalfNormal",
    "HalfStudentT",
    "Horseshoe",
    "Laplace",
    "Normal",
    "Prior",
    "StudentT",
]


@dataclass(frozen=True)
class Prior:
    """Base of all priors. `_positive` names the fields that must be finite and above zero."""

    _positive = ()
    for_cutpoints = for_beta = for_group_sd = for_group_corr = False

    def __post_init__(self):
        for spec in fields(self):
            value = getattr(self, spec.name)
            if spec.name == "autoscale":
                if not isinstance(value, bool):
                    raise TypeError(f"prior {self.call}: autoscale must be True or False, got {value!r}")
                continue
            array = None if isinstance(value, bool | np.bool_) else real_numbers(value)
            if array is None:
                raise TypeError(f"prior {self.call}: {spec.name} must be a number, got {value!r}")
            if array.ndim > (spec.name == "alpha"):
                raise ValueError(f"prior {self.call}: {spec.name} must be one number, got {value!r}")
            if not np.all(np.isfinite(array)):
                raise ValueError(f"prior {self}: {spec.name} must be finite, got {value!r}")
            if spec.name in self._positive and not np.all(array > 0):
                raise ValueError(f"prior {self}: {spec.name} must be positive, got {value!r}")

    def __str__(self):
        said = ", ".join(
            f"{getattr(self, f.name)!r}" if not isinstance(getattr(self, f.name), bool) else f"{f.name}=True"
            for f in fields(self)
            if getattr(self, f.name) is not False
        )
        return f"{self.call}({said})"


@dataclass(frozen=True)
class Dirichlet(Prior):
    alpha: float | tuple[float, ...] = 1.0
    _positive = ("alpha",)
    for_cutpoints = True
    call = "dirichlet"

    def alphas(self, n_categories: int) -> np.ndarray:
        """(K,) concentrations; a single number is repeated."""
        alpha = np.asarray(self.alpha, dtype=float)
        if alpha.ndim and alpha.shape != (n_categories,):
            raise ValueError(
                f"prior {self}: alpha has {alpha.size} values for {n_categories} categories; "
                "give one number, or one for each category in order"
            )
        return np.broadcast_to(alpha, (n_categories,)).copy()


@dataclass(frozen=True)
class Normal(Prior):
    location: float = 0.0
    scale: float = 2.5
    autoscale: bool = False
    _positive = ("scale",)
    for_cutpoints = for_beta = True
    call = "normal"


@dataclass(frozen=True)
class StudentT(Prior):
    nu: float = 3.0
    location: float = 0.0
    scale: float = 2.5
    autoscale: bool = False
    _positive = ("nu", "scale")
    for_cutpoints = for_beta = True
    call = "student_t"


@dataclass(frozen=True)
class Laplace(Prior):
    scale: float = 1.0
    autoscale: bool = False
    _positive = ("scale",)
    for_beta = True
    call = "laplace"


@dataclass(frozen=True)
class Flat(Prior):
    for_cutpoints = for_beta = True
    call = "flat"


@dataclass(frozen=True)
class R2(Prior):
    mean: float = 0.5
    precision: float = 4.0
    _positive = ("mean", "precision")
    for_beta = True
    call = "r2"

    def __post_init__(self):
        super().__post_init__()
        if self.mean >= 1:
            raise ValueError(f"prior {self}: mean is that of R², so it must lie between 0 and 1")

    @property
    def beta_shape(self) -> tuple[float, float]:
        """The two shapes of R² ~ Beta(a, b)."""
        return self.mean * self.precision, (1 - self.mean) * self.precision


@dataclass(frozen=True)
class R2D2(R2):
    concentration: float = 1.0
    _positive = ("mean", "precision", "concentration")
    call = "r2d2"


@dataclass(frozen=True)
class Horseshoe(Prior):
    global_scale: float = 1.0
    slab_scale: float = 2.0
    slab_df: float = 4.0
    _positive = ("global_scale", "slab_scale", "slab_df")
    for_beta = True
    call = "horseshoe"


@dataclass(frozen=True)
class HalfNormal(Prior):
    scale: float = 2.5
    autoscale: bool = False
    _positive = ("scale",)
    for_group_sd = True
    call = "half_normal"


@dataclass(frozen=True)
class HalfStudentT(Prior):
    nu: float = 3.0
    scale: float = 2.5
    autoscale: bool = True
    _positive = ("nu", "scale")
    for_group_sd = True
    call = "half_student_t"


@dataclass(frozen=True)
class Exponential(Prior):
    scale: float = 1.0
    autoscale: bool = False
    _positive = ("scale",)
    for_group_sd = True
    call = "exponential"


@dataclass(frozen=True)
class LKJ(Prior):
    eta: float = 1.0
    _positive = ("eta",)
    for_group_corr = True
    call = "lkj"
