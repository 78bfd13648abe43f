//! Analyzer.
#![forbid(unsafe_code)]
