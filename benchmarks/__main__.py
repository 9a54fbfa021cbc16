"""All benchmarks, one after the other: `python -m benchmarks`."""

from benchmarks import foundation, linting, mailing, search, sweep
from benchmarks.intake import __main__ as intake

foundation.main()
sweep.main()
linting.main()
mailing.main()
search.main()
intake.main()
