//! Hermetic tests.

mod generated;
mod layers;
mod monitor;
mod output;
mod rules;
mod source;
