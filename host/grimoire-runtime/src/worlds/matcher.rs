//! The world of matchers.

pub(crate) mod facts;
pub(crate) mod v0_1;
