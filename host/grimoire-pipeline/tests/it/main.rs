//! The use cases through their public door, over fakes: no clock but a manual one, no sleeps.
#![forbid(unsafe_code)]

mod annotations;
mod closing;
mod diagnosis;
mod evidence;
mod failure_policy;
mod ingest;
mod merging;
mod order;
mod reports;
mod review_job;
mod runner;
mod spells;
mod world;
