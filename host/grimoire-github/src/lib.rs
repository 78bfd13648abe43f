//! GitHub: webhook signatures and payloads, a thin REST client, job logs.
#![forbid(unsafe_code)]

mod conclusion;
pub mod webhook;

pub use webhook::Gate;
