//! Tests of whole shards: through the public face, over real and simulated logs and trees.

mod basics;
mod concurrency;
mod disk;
mod faulty_log;
mod files;
mod journal;
mod simulation;
mod support;
mod validation;
