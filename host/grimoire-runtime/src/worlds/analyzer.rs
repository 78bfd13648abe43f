//! The world of analyzers.

pub(crate) mod v0_1;
