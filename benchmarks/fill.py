"""Fill an empty, migrated database: `python -m benchmarks.fill 100000 --database postgres://user@host/name`."""

import argparse
import sys
from datetime import UTC, datetime
from time import perf_counter

from benchmarks import desk


def main() -> None:
    arguments = _arguments()
    desk.start(arguments.database)
    from django.db import connection

    from benchmarks.filling import NotEmpty, fill, loading, sanity

    begun = perf_counter()
    try:
        fill(connection, arguments.count, now=arguments.now, seed=arguments.seed)
    except NotEmpty as error:
        sys.exit(str(error))
    loading.vacuum(connection)
    print(f"{arguments.count} complaints in {perf_counter() - begun:.0f} s")
    for table, rows in sanity.counts(connection).items():
        print(f"  {table:12} {rows:>12,}")
    if found := sanity.problems(connection, now=arguments.now):
        sys.exit("\n".join(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fill", description=__doc__)
    parser.add_argument("count", type=int, help="number of complaints")
    parser.add_argument("--database", default="", metavar="URL", help="instead of DATABASE_URL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--now", type=_moment, default=datetime.now(UTC), metavar="ISO", help="the moment at which the desk stands"
    )
    return parser.parse_args()


def _moment(text: str) -> datetime:
    """An ISO moment; without an offset it is UTC. Whole seconds."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0)


if __name__ == "__main__":
    main()
