//! The embedded store: redb behind the store port.
#![forbid(unsafe_code)]
