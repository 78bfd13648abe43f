//! Durable jobs: typed kinds, and the runner that executes them.
//!
//! A kind of job implements [`Job`]; [`Registry`] holds the kinds that a process knows. [`Runner`] claims
//! jobs from the store under a lease, with separate workers for each [`Queue`], runs the kind's code, and
//! decides how the job continues: succeeded, retried after a delay, postponed, or a dead letter. Every
//! job may run twice, because a process can die between an action and recording it: kinds write by key.
#![forbid(unsafe_code)]

mod attempt;
mod backoff;
mod context;
mod environment;
mod events;
mod job;
mod outcome;
mod registry;
mod runner;

pub use context::JobContext;
pub use environment::RunnerSettings;
pub use events::{JobEvents, events};
pub use job::{Job, Lane, Queue, new_job};
pub use outcome::{Progress, Stop};
pub use registry::Registry;
pub use runner::{Runner, Tick};
