//! Grimoire turns a failing pull request into a known fix.
#![forbid(unsafe_code)]
