//! How much the words of a line look like the cause of a failure.

use crate::{
    LEAST,
    signs::{is_banner, is_count, names_something},
};
use grimoire_plugin_sdk::{
    Marker,
    text::{Beginnings, cut, is_generic_closing_line},
};

/// Beginnings of words, in lower case, with their weights. Only separate words count, not parts of names,
/// flags and paths. If one is a prefix of another, the longer one comes first.
const WORDS: &[(&str, f32)] = &[
    ("abort", 5.0),
    ("assert", 5.0),
    ("bad", 3.0),
    ("broken", 4.0),
    ("cannot", 7.0),
    ("can't", 7.0),
    ("conflict", 4.0),
    ("corrupt", 5.0),
    ("could", 2.0),
    ("couldn't", 6.0),
    ("crash", 5.0),
    ("denied", 7.0),
    ("didn't", 3.5),
    ("doesn't", 3.5),
    ("dumped", 6.0),
    ("error", 6.0),
    ("exception", 6.0),
    ("exceed", 5.0),
    ("expected", 3.0),
    ("expired", 6.0),
    ("fail", 6.0),
    ("fatal", 8.0),
    ("fault", 5.0),
    ("forbidden", 6.0),
    ("illegal", 5.0),
    ("incompatible", 6.0),
    ("invalid", 6.0),
    ("isn't", 3.5),
    ("killed", 6.0),
    ("mismatch", 6.0),
    ("missing", 5.0),
    ("must", 4.0),
    ("no", 2.0),
    ("not", 3.5),
    ("panic", 7.0),
    ("refus", 6.0),
    ("reject", 6.0),
    ("required", 2.0),
    ("should", 2.5),
    ("stopped", 2.0),
    ("terminated", 4.0),
    ("timed", 5.0),
    ("timeout", 4.0),
    ("unable", 7.0),
    ("unauthorized", 7.0),
    ("undefined", 5.0),
    ("unexpected", 5.0),
    ("unhandled", 6.0),
    ("unknown", 4.0),
    ("unreachable", 6.0),
    ("unrecognized", 6.0),
    ("unresolved", 6.0),
    ("unsupported", 6.0),
    ("violat", 5.0),
    ("vulnerable", 5.0),
    ("wrong", 5.0),
];

/// Words that reduce the weight of others: the line is advice, or about something harmless.
const CALMING: &[&str] = &[
    "warning",
    "warn",
    "deprecat",
    "info",
    "debug",
    "notice",
    "note",
    "hint",
    "skip",
    "retry",
    "repeat",
    "ignor",
    "pass",
    "success",
    "ok",
    "trace",
    "optional",
    "downloading",
    "installing",
    "try",
    "see",
    "learn",
    "using",
    "handl",
];

/// Words that name a level, which is at the start of a line; elsewhere they are ordinary words.
const LEVELS: &[&str] = &["info", "debug", "trace", "notice", "note"];
/// Number of bytes at the start of a line in which a level may occur.
const LEVEL: usize = 40;

/// Beginnings of sentences that state an error.
static STATES: Beginnings = Beginnings::new(&[
    "Cannot ",
    "Can't ",
    "Could not ",
    "Couldn't ",
    "Failed to ",
    "Invalid ",
    "Missing ",
    "Unable to ",
    "Undefined ",
    "Unexpected ",
    "Unknown ",
    "Unrecognized ",
    "Unresolved ",
    "Unsupported ",
]);

/// What a tool says about a command or an option that it had in a former version.
const GONE: &[&str] = &[
    " is no longer available",
    " is no longer supported",
    " are no longer available",
    " are no longer supported",
    " has been removed",
    " was removed in ",
];

/// The first letters of [`WORDS`] and [`CALMING`].
const FIRST: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < WORDS.len() {
        first[WORDS[at].0.as_bytes()[0] as usize] = true;
        at += 1;
    }
    at = 0;
    while at < CALMING.len() {
        first[CALMING[at].as_bytes()[0] as usize] = true;
        at += 1;
    }
    first
};

/// How much a line looks like the cause of a failure; 0 for nearly all lines.
pub(super) fn weight(text: &str, marker: Option<Marker>, red: bool) -> f32 {
    let is_gone = GONE.iter().any(|sign| text.contains(sign));
    if is_generic_closing_line(text)
        || is_of_another(text)
        || !red && !is_gone && is_command(text)
        || is_no_sentence(text)
    {
        return 0.0;
    }
    // The start of a line decides; data may be arbitrarily long.
    let text = cut(text, 400);
    let bytes = text.as_bytes();
    let (mut strongest, mut others, mut calm) = (0.0_f32, 0.0_f32, 0);
    let mut at = 0;
    let mut before = b' ';
    while at < bytes.len() {
        let byte = bytes[at];
        let begins = byte.is_ascii_alphabetic() && !before.is_ascii_alphanumeric();
        if !begins {
            before = byte;
            at += 1;
            continue;
        }
        let length =
            bytes[at..].iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'\'').count();
        if FIRST[usize::from(byte.to_ascii_lowercase())] && stands_alone(bytes, at, at + length, before) {
            let word = &bytes[at..at + length];
            let is = |start: &str| {
                word.get(..start.len()).is_some_and(|word| word.eq_ignore_ascii_case(start.as_bytes()))
            };
            if let Some((stem, weight)) = WORDS.iter().rfind(|(stem, _)| is(stem) && fits(stem, length)) {
                let weight = if is_negated(bytes, at, stem) { 0.0 } else { *weight };
                others += strongest.min(weight) * 0.3;
                strongest = strongest.max(weight);
            } else if CALMING.iter().any(|stem| is(stem) && is_ending(&word[stem.len()..]))
                && (at < LEVEL || !LEVELS.iter().any(|stem| is(stem)))
            {
                calm += 1;
            }
        }
        at += length;
        before = bytes[at - 1];
    }
    if is_gone || is_exception(text) {
        strongest = strongest.max(6.0);
    } else if is_missing(text) {
        strongest = strongest.max(4.0);
    }
    let mut weight = strongest + others.min(4.0);
    if marker == Some(Marker::Error) {
        weight += 6.0;
    }
    // Colour alone is no reason: whole test names are red.
    if red && weight > 0.0 {
        weight += 3.0;
    }
    if text.starts_with("[ERROR]") {
        weight += 2.0;
    } else if text.starts_with("Err:") {
        // apt could not fetch a file.
        weight += 7.0;
    } else if text.starts_with(['❌', '✗', '✘', '✖', '⨯', '×', '🚨', '💥']) {
        weight += 4.0;
    }
    // A sentence with such a beginning always states an error.
    if strongest > 0.0 && (STATES.begin(text) || after_name(text).is_some_and(|rest| STATES.begin(rest))) {
        weight += 2.5;
    }
    // `Failures [3]` and advice: the cause is elsewhere.
    if text.ends_with(']')
        && text.trim_end_matches([']', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']).ends_with('[')
        || text.starts_with("To ")
    {
        weight *= 0.5;
    }
    // A sentence that names its subject is more informative than a summary.
    if strongest > 0.0 && names_something(text) {
        weight += 2.5;
    }
    if strongest > 0.0 && (is_count(text) || is_banner(text)) {
        weight *= 0.4;
    }
    // `did not exit successfully`: a success word calms, its negation does not.
    if calm > 0 && strongest > 0.0 && text.contains("not ") && text.contains(" successful") {
        weight += 3.0;
        calm -= 1;
    }
    // Sentences are informative, tables and lists of names are not.
    if is_announcement(text) {
        // The lines below say what it is about.
        weight = LEAST;
    } else if !text.contains(' ') {
        weight *= 0.3;
    }
    match calm {
        0 => weight,
        1 => weight * 0.6,
        _ => weight * 0.35,
    }
}

/// `lid.mk:4: recipe for target 'lid' failed`, `Please refer to the dump files`: says that something failed, or where to
/// read why, but not what.
fn is_of_another(text: &str) -> bool {
    static ADVICE: Beginnings = Beginnings::new(&["Please refer to ", "See ", "Refer to ", "For more "]);
    const LEVELS: [&str; 4] = ["[ERROR] ", "Error: ", "error: ", "ERROR: "];
    let text = LEVELS.iter().find_map(|level| text.strip_prefix(level)).unwrap_or(text);
    ADVICE.begin(text) || text.ends_with(" failed") && text.contains(": recipe for target ")
}

/// `lstat lid: no such file or directory`, `the lid was not found`: such words say more together than alone.
fn is_missing(text: &str) -> bool {
    const SIGNS: [&str; 6] =
        [": no such ", ": No such ", " not found", ": Not found", " does not exist", " must not "];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// `kettle.LidError: the lid is lost`: a name of an exception, and what it says.
fn is_exception(text: &str) -> bool {
    text.split_once(": ").is_some_and(|(name, said)| {
        let ends = ["Error", "Exception"].iter().any(|end| name.len() > end.len() && name.ends_with(end));
        ends && !said.is_empty()
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
    })
}

/// `error:` alone: the next line says what failed.
pub(crate) fn is_announcement(text: &str) -> bool {
    ["error:", "fatal:", "fatal error:"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The text after `UnknownLid: `.
fn after_name(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(": ")?;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')).then_some(rest)
}

/// Short stems must be whole words: `not` is not `note`, `no` is not `node`.
fn fits(stem: &str, length: usize) -> bool {
    stem.len() > 3 || stem.len() == length
}

/// Returns true if the rest of a word is an ending of its stem: `passed` is calm, `password` is not.
fn is_ending(rest: &[u8]) -> bool {
    const ENDINGS: [&str; 15] =
        ["", "s", "es", "e", "ed", "d", "er", "ing", "ion", "ions", "ped", "ping", "ful", "fully", "rmation"];
    ENDINGS.iter().any(|ending| rest.eq_ignore_ascii_case(ending.as_bytes()))
}

/// Returns true if a word is part of a sentence and not of a name, flag or path.
fn stands_alone(bytes: &[u8], start: usize, end: usize, before: u8) -> bool {
    let opens = start == 0
        || matches!(
            before,
            b' ' | b'\t' | b'[' | b'(' | b'"' | b'\'' | b':' | b'|' | b'>' | b'*' | b',' | b'!'
        );
    let closes = match bytes.get(end) {
        None | Some(b' ' | b'\t' | b']' | b')' | b'"' | b':' | b',' | b';' | b'!' | b'?') => true,
        Some(b'.') => bytes.get(end + 1).is_none_or(|next| matches!(next, b' ' | b'.')),
        _ => false,
    };
    opens && closes
}

/// `0 errors`, `no errors`, `without failures`, `stop on error`; not `Compilation error`.
fn is_negated(bytes: &[u8], at: usize, stem: &str) -> bool {
    if !matches!(stem, "error" | "fail" | "exception" | "conflict" | "fault" | "violat") {
        return false;
    }
    let before = bytes[..at].trim_ascii_end();
    let word = before.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    matches!(word, b"0" | b"no" | b"No" | b"without" | b"if" | b"on")
}

/// A stack frame, a comment, a row of a table or of a progress display: not a sentence of a tool.
fn is_no_sentence(text: &str) -> bool {
    let is_row_of_error =
        text.starts_with("| Error") || text.starts_with("| error") || text.starts_with("| ERROR");
    text.starts_with("at ")
        || !is_row_of_error
            && !text.starts_with("\"message\": \"")
            && text.starts_with(['#', '|', '│', '%', '*', '{', '}', '"', '<'])
            // An item of a list is often the reason below a headline.
            && (!text.starts_with("* ") || text.ends_with(':'))
        || text.starts_with("FAIL ")
        || text.starts_with("checking ")
        || text.starts_with(|c: char| c.is_ascii_digit()) && text.contains("--:--")
}

/// The echo of a command: `+ make`, `$ make`, `> make`.
fn is_command(text: &str) -> bool {
    ["+ ", "++ ", "$ ", "% ", "> ", "Run "].iter().any(|start| text.starts_with(start))
}
