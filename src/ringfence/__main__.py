"""Where the program begins: `ringfence`, and `python -m ringfence`."""

from ringfence.service import signals


def main() -> None:
    """Run the program; the entry point of the package."""
    signals.end_when_asked()
    # Loading takes its time, and the program may be asked to end meanwhile.
    from ringfence.cli.main import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
