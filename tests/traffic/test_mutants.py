"""Errors for which tests are tried; `make test-traffic` runs the tests that must find them."""

from tests.traffic.mutants import MUTANTS, PACKAGE, ROOT


def test_each_mutant_can_be_made_and_names_a_test_that_exists():
    for mutant, file in MUTANTS:
        source = (PACKAGE / mutant.file).read_text(encoding="utf-8")
        assert mutant.edited(source) != source
        assert f"def {mutant.test}(" in (ROOT / file).read_text(encoding="utf-8")
