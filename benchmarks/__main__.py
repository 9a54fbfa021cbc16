"""All benchmarks, one after the other: `python -m benchmarks`."""

from benchmarks import foundation, mailing, sweep

foundation.main()
sweep.main()
mailing.main()
