//! Tests of the store through its public API: on real files, and on a disk in memory that can be
//! stopped.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, and the line says enough")]

mod backup;
mod conformance;
mod crash;
mod damage;
mod disk;
mod full_disk;
mod grouping;
mod migrations;
mod model;
mod opening;
mod payloads;
mod sample;
mod verify;
