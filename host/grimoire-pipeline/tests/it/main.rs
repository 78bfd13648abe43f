//! The use cases through their public API, with fakes: a manual clock, no sleeps.
#![forbid(unsafe_code)]

mod annotations;
mod closing;
mod diagnosis;
mod evidence;
mod failure_policy;
mod general;
mod generations;
mod guessing;
mod ingest;
mod merging;
mod order;
mod panels;
mod plugin_golden;
mod plugin_record;
mod plugin_replay;
mod plugin_watch;
mod plugins;
mod prepared;
mod publishing;
mod reports;
mod review_job;
mod routing;
mod runner;
mod scope;
mod spells;
mod vectors;
mod world;
