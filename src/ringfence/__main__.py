"""Where the program begins: `ringfence`, and `python -m ringfence`."""

from ringfence import stopping


def main() -> None:
    """Run the program; the entry point of the package."""
    stopping.end_when_asked()
    from ringfence import cli  # noqa: PLC0415 - it takes its time, and may be asked to end meanwhile

    cli.main()


if __name__ == "__main__":
    main()
