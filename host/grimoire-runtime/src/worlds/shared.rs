//! Values and interfaces that all worlds share.

pub(crate) mod v0_1;
