//! The output of a command run by an operations tool.

use grimoire_plugin_sdk::text::is_generic_closing_line;

/// The line that most likely explains why a command failed: the last one that sounds like an error,
/// otherwise the last one. Lines that only close the output of package managers and make do not count.
pub(crate) fn telling<'a>(lines: impl DoubleEndedIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    const NOISE: [&str; 9] = [
        "in \"",
        "npm ERR! A complete log",
        "npm error A complete log",
        "make: ***",
        "make[",
        "The command '",
        "exit status ",
        "+ exit ",
        "See above",
    ];
    let lines = lines
        .map(str::trim)
        .filter(|line| line.len() > 2 && !NOISE.iter().any(|noise| line.starts_with(noise)))
        .filter(|line| !is_generic_closing_line(line));
    lines.clone().rfind(|line| sounds_like_an_error(line)).or_else(|| lines.clone().next_back())
}

/// Returns true if a line has a word that is common in errors and rare in other output.
pub(crate) fn sounds_like_an_error(line: &str) -> bool {
    const WORDS: [&str; 18] = [
        "error",
        "fail",
        "not found",
        "no such",
        "denied",
        "cannot",
        "can't",
        "unable",
        "fatal",
        "refused",
        "invalid",
        "could not",
        "couldn't",
        "missing",
        "duplicate",
        "unexpected",
        "unknown option",
        "unrecognized",
    ];
    // Short lines only: long ones are data.
    if line.len() > 2000 {
        return false;
    }
    let lower = line.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
        && !lower.contains("0 error")
        && !lower.contains("no error")
        && !lower.contains("0 fail")
}
