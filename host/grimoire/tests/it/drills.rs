//! Drills: what takes minutes, and what measures. `.ci/full` runs them, one after the other:
//! `cargo test -p grimoire --test it -- --ignored drill --test-threads 1 --nocapture`.

mod crowd;
mod full_disk;
