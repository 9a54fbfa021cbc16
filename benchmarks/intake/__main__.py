"""Figures of intake, each channel in a process of its own: `python -m benchmarks.intake [api mail files] [--write P]`.

Needs a PostgreSQL server on which it may create databases, and Redis.
"""

import argparse
import subprocess
import sys

PARTS = ("api", "mail", "files")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--write", metavar="PAGE", help="put the figures into this page")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    kept = ["--write", arguments.write] if arguments.write else []
    ended = [
        subprocess.run([sys.executable, "-m", f"benchmarks.intake.{part}", *kept], check=False).returncode
        for part in arguments.parts or PARTS
    ]
    sys.exit(max(ended))


if __name__ == "__main__":
    main()
