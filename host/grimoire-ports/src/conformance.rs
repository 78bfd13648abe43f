//! Conformance suites that every adapter of a port must pass.
//!
//! They panic if an adapter breaks a rule of its port: they are tests.
#![allow(clippy::unwrap_used, reason = "a suite fails by panicking, and the line says enough")]

pub mod store;
