//! Errors of linkers, in lines of any program.

use grimoire_plugin_sdk::text::{Characters, Needle};

/// A linker's error, whatever precedes it: object, section, source.
pub(crate) fn read(text: &str, characters: Characters) -> Option<(&'static str, &'static str, &str)> {
    static SIGNS: [Needle; 7] = [
        Needle::new("undefined reference to "),
        Needle::new("multiple definition of "),
        Needle::new("cannot find -l"),
        Needle::new("unable to find library -l"),
        Needle::new("library not found for -l"),
        Needle::new("symbol(s) not found for architecture"),
        Needle::new("Undefined symbols for architecture"),
    ];
    let at = SIGNS.iter().filter_map(|sign| sign.find_among(characters, text)).min()?;
    // In prose, the sign follows a word; in a linker's line, it is at the start or after a colon.
    let before = text[..at].trim_end();
    (before.is_empty() || before.ends_with(':')).then(|| ("ld", "linker", &text[at..]))
}
