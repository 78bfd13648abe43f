//! The forms of tools that need no code of their own, one row each; [`crate::template`] defines the notation. If two
//! forms fit a line, the first one counts.

pub(crate) mod compilers;
pub(crate) mod linters;
pub(crate) mod runners;
