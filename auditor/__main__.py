"""`python -m auditor` is the command `auditor`, and so is what pip installs."""

from __future__ import annotations


def main() -> None:
    """Runs the command line. Ctrl-C is answered from the first moment on, while the program itself is still loading."""
    try:
        from auditor.cli import main as command
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    command()


if __name__ == "__main__":
    main()
