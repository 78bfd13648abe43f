//! Values and pure rules of Grimoire: spells, diagnostics, deliveries, jobs and reviews.
//!
//! This crate performs no input or output, reads no clock and depends on no other Grimoire crate.
//! Constructors check the invariants: a value that exists is valid.
#![forbid(unsafe_code)]

pub mod actor;
pub mod artifact;
pub mod delivery;
pub mod diagnostic;
pub mod error_report;
pub mod event;
pub mod failure_reason;
pub mod installed_plugin;
pub mod job;
pub mod kind;
pub mod page;
pub mod pattern;
pub mod publication;
pub mod ranking;
pub mod repository;
pub mod review;
pub mod routing;
pub mod scope;
pub mod secrets;
pub mod spell;
pub mod text;
pub mod validation;

pub use jiff::Timestamp;
