//! Values and pure rules of Grimoire: spells, diagnostics, diffs, deliveries, jobs and reviews.
//!
//! Nothing here performs input or output, reads a clock or knows another Grimoire crate. Invariants
//! live in constructors: a value that exists is a valid one.
#![forbid(unsafe_code)]

pub mod artifact;
pub mod delivery;
pub mod diagnostic;
pub mod diff;
pub mod error_report;
pub mod event;
pub mod job;
pub mod kind;
pub mod page;
pub mod pattern;
pub mod ranking;
pub mod repository;
pub mod review;
pub mod spell;
pub mod text;
pub mod validation;

pub use jiff::Timestamp;
