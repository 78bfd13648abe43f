//! Any text as a pattern: it is compiled or rejected within its limits, and a match is part of the text.
#![no_main]

use grimoire_domain::pattern::ErrorPattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (source, text) = input;
    if let Ok(pattern) = ErrorPattern::parse(source) {
        if let Some(found) = pattern.find(text) {
            assert!(text.contains(found));
        }
        assert!(pattern.find("").is_none());
    }
});
