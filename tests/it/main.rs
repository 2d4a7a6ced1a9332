//! Hermetic tests.

mod monitor;
