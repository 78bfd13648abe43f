//! Tests of the whole product: harness, fake GitHub, stories.
#![forbid(unsafe_code)]

pub mod archive;
pub mod fake_github;
pub mod faults;
pub mod ledger;
mod route;
