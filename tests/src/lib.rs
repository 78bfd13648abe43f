//! The whole product under test: harness, fake GitHub, stories.
#![forbid(unsafe_code)]
