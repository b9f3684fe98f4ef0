"""`python -m auditor` is the command `auditor`, and so is what pip installs."""

from __future__ import annotations


def main() -> None:
    """Runs the command line. Ctrl-C is answered from the first moment on, while the program itself is still loading."""
    try:
        from auditor.cli import main as command

        command()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    finally:
        # Where Ctrl-C met the exec of a text (so dataclasses and named tuples are made, while modules load), CPython
        # keeps in mind that nobody caught it, whoever did, and `python -m` ends by the signal instead of with the exit
        # code. Any other text that is run makes it forget. Source: CPython, Python/pythonrun.c, run_eval_code_obj.
        exec("")  # noqa: S102 (a text of ours, and an empty one)


if __name__ == "__main__":
    main()
