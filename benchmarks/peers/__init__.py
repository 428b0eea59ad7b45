"""What people would use instead of Holdfast, started by the benchmarks themselves."""
