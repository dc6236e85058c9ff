"""The one place that checks input, before anything is compiled.

Every message says what is wrong, where (how many rows or columns, and the first five), and how to mend
it. All problems of one call are reported together (`Problems`), nothing is ever mutated, and where
scikit-learn has words for a fault its first clause is kept, so that people and tools recognise it.

`covariates` reads X, `columns` judges its numbers, `response` reads y, `rows` compares lengths, labels,
weights and offsets, `settings` checks single arguments, `memory` whether an array can be held. This is the lowest
layer: it imports nothing of bayesord.
"""

from bayesord.checks.columns import check_columns, check_rank, check_repeated_names, column_moments
from bayesord.checks.covariates import (
    Covariates,
    check_same_columns,
    column_kind,
    infinity_hint,
    native,
    native_table,
    read_covariates,
    report_not_finite,
    to_float,
)
from bayesord.checks.memory import available_memory, check_memory
from bayesord.checks.numbers import real_numbers
from bayesord.checks.problems import ConvergenceWarning, Problems, did_you_mean, name_list, name_rows
from bayesord.checks.response import COLUMN_VECTOR, Response, read_categories, read_codes, read_response
from bayesord.checks.rows import (
    WEIGHT_KINDS,
    check_index,
    check_lengths,
    check_same_index,
    check_size,
    index_of,
    length_of,
    positive_rows,
    read_offset,
    read_weights,
)
from bayesord.checks.settings import (
    available_cores,
    check_category_values,
    check_choice,
    check_cores,
    check_count,
    check_fitted,
    check_flag,
    check_known_names,
    check_number,
    check_random_seed,
)

__all__ = [
    "COLUMN_VECTOR",
    "ConvergenceWarning",
    "Covariates",
    "Problems",
    "Response",
    "WEIGHT_KINDS",
    "available_cores",
    "available_memory",
    "check_category_values",
    "check_choice",
    "check_columns",
    "check_cores",
    "check_count",
    "check_fitted",
    "check_flag",
    "check_index",
    "check_known_names",
    "check_lengths",
    "check_memory",
    "check_number",
    "check_random_seed",
    "check_rank",
    "check_repeated_names",
    "check_same_columns",
    "check_same_index",
    "check_size",
    "column_kind",
    "column_moments",
    "did_you_mean",
    "index_of",
    "infinity_hint",
    "length_of",
    "name_list",
    "name_rows",
    "native",
    "native_table",
    "positive_rows",
    "read_categories",
    "read_codes",
    "read_covariates",
    "read_offset",
    "read_response",
    "read_weights",
    "real_numbers",
    "report_not_finite",
    "to_float",
]
