import inspect
import json
from dataclasses import asdict, fields

import numpy as np
import pytest

import maskalign
from maskalign.model.options import ApplyOptions, DriftOptions, MatchOptions, help_for


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (maskalign.register, [MatchOptions]),
        (maskalign.estimate_drift, [DriftOptions]),
        (maskalign.iter_drift, [DriftOptions]),
        (maskalign.apply_drift, [ApplyOptions]),
        (maskalign.align, [DriftOptions, ApplyOptions]),
    ],
)
def test_signatures_are_made_of_the_options(function, options):
    parameters = inspect.signature(function).parameters
    for kind in options:
        defaults = kind()
        for field in fields(kind):
            assert parameters[field.name].default == getattr(defaults, field.name)
            assert parameters[field.name].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("kind", [MatchOptions, DriftOptions, ApplyOptions])
def test_every_option_explains_itself(kind):
    for field in fields(kind):
        assert help_for(kind, field.name).endswith(".")


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: MatchOptions(min_overlap=-0.1), ValueError, "-0.1"),
        (lambda: MatchOptions(min_overlap=True), TypeError, "True"),
        (lambda: MatchOptions(max_shift=float("nan")), ValueError, "nan"),
        (lambda: MatchOptions(max_shift=(3, "x")), TypeError, "'x'"),
        (lambda: DriftOptions(reference="frist"), ValueError, "'frist'"),
        (lambda: DriftOptions(reference=True), ValueError, "True"),
        (lambda: ApplyOptions(interpolation="spline"), ValueError, "'cubic'.*'spline'"),
        (lambda: ApplyOptions(canvas="big"), ValueError, "'union'.*'big'"),
        (lambda: ApplyOptions(fill_value="black"), TypeError, "'black'"),
    ],
)
def test_what_is_not_meant_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_numpy_numbers_become_pythons():
    options = MatchOptions(max_shift=np.array([3, 4.5]), min_overlap=np.float64(0.25))
    assert options == MatchOptions(max_shift=[3, 4.5], min_overlap=0.25)
    plain = DriftOptions(max_shift=np.float32(3), reference=np.int64(2))
    assert json.dumps(asdict(plain))
    assert type(plain.reference) is int
