//! The world of embedders.

pub(crate) mod v0_1;
