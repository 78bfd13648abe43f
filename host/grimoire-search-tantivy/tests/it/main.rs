//! The search through its port, with real files on disk.
#![forbid(unsafe_code)]

mod finding;
mod following;
mod properties;
mod repair;
mod starter;
mod support;
