"""Each mutant still has its line, and its test exists; `make test-traffic` runs them."""

from tests.verdicts.mutants import MUTANTS, ROOT, SEMANTICS, VERDICTS


def test_each_mutant_can_be_applied_and_names_a_test():
    tests = (ROOT / SEMANTICS).read_text(encoding="utf-8")
    for mutant in MUTANTS:
        text = (ROOT / VERDICTS / mutant.module).read_text(encoding="utf-8")
        assert text.count(mutant.before) == 1, mutant
        assert f"def {mutant.test}(" in tests, mutant
