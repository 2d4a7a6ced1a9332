//! The `coracle-monitor` command: one small process beside each container.

fn main() {}
