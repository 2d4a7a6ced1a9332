//! Hermetic tests.

mod generated;
mod layers;
mod monitor;
mod output;
mod paths;
mod rules;
mod source;
