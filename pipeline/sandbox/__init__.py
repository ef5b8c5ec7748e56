"""An invented company behind a faithful TLM API on a real socket: for the demo, the tests and the benchmarks."""
