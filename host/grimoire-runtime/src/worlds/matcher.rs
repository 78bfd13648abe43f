//! The world of matchers.

mod facts;
pub(crate) mod v0_1;
