"""The entry point of `ringfence` and `python -m ringfence`."""

from ringfence.service import signals


def main() -> None:
    signals.exit_on_sigterm()
    # Imports take time, and SIGTERM may arrive meanwhile.
    from ringfence.cli.main import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
