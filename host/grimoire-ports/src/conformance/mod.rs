//! Suites that every adapter must pass, whatever it is made of.
//!
//! They panic where an adapter breaks a rule of its port: they are tests.
#![allow(clippy::unwrap_used, reason = "a suite fails by panicking, and the line says enough")]

pub mod store;
