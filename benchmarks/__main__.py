"""All benchmarks, one after the other: `python -m benchmarks`."""

from benchmarks import foundation, mailing

foundation.main()
mailing.main()
