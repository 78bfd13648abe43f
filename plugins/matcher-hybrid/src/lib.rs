//! Matcher.
#![forbid(unsafe_code)]
