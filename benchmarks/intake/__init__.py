"""What it costs to take in what customers say, by each channel that brings many."""
