//! The use cases of Grimoire as verbs, and the durable job runner.
#![forbid(unsafe_code)]
