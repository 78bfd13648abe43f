//! Programs that show Grimoire at work.
#![forbid(unsafe_code)]
