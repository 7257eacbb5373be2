"""An error that is put into the source to see that a test finds it."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """A line of a file of the package, what it becomes, and the test that must fail.

    The test is named after the sentence that the error breaks.
    """

    file: str
    before: str
    after: str
    test: str

    def edited(self, source: str) -> str:
        """Return the source with the error, which must be possible once."""
        assert source.count(self.before) == 1, f"{self.file} has not once: {self.before}"
        return source.replace(self.before, self.after)
