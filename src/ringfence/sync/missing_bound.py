"""How many groups of a tenant may be missing in the cloud at once and be believed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MassRemovalGuard:
    """More groups than `count`, and more than `share` of a tenant's, missing at once: a mistake.

    The comparison then touches nothing until an operator confirms it.
    """

    count: int = 5
    share: float = 0.5

    def is_passed(self, missing: int, known: int) -> bool:
        """Whether so many missing of so many known are not to be believed."""
        return missing > self.count and missing > self.share * known


USUAL_BOUND = MassRemovalGuard()
