//! The world of matchers.

pub(crate) mod v0_1;
