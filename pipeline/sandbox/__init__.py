"""An invented company behind a faithful TLM API on a real socket: what the demo, the tests and the benchmarks run against."""
