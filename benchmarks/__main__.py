"""All benchmarks, one after the other: `python -m benchmarks`."""

from benchmarks import foundation, sweep

foundation.main()
sweep.main()
