"""Numbers with their words, for people to read."""


def counted(number: int, word: str) -> str:
    """Return a number with its word in singular or plural, such as `1 group` or `1,803 groups`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
