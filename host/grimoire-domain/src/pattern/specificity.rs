//! How specific a text is to one failure. Words that occur in every failure count for little.

/// Common words of error messages, of advice (“use … instead”) and of sentences in general, sorted. A
/// text of these words alone fits any failure.
const COMMON_WORDS: &[&str] = &[
    "a",
    "above",
    "an",
    "and",
    "are",
    "at",
    "avoid",
    "be",
    "been",
    "below",
    "build",
    "builds",
    "but",
    "by",
    "call",
    "called",
    "calling",
    "can",
    "cannot",
    "code",
    "column",
    "command",
    "consider",
    "could",
    "couldn",
    "debug",
    "detected",
    "did",
    "didn",
    "directory",
    "do",
    "does",
    "doesn",
    "don",
    "err",
    "error",
    "errors",
    "exception",
    "exceptions",
    "exit",
    "exited",
    "fail",
    "failed",
    "fails",
    "failure",
    "failures",
    "fatal",
    "favor",
    "file",
    "for",
    "found",
    "from",
    "has",
    "have",
    "help",
    "hint",
    "in",
    "info",
    "instead",
    "invalid",
    "is",
    "it",
    "its",
    "job",
    "line",
    "log",
    "manual",
    "message",
    "missing",
    "must",
    "no",
    "none",
    "not",
    "note",
    "null",
    "of",
    "on",
    "or",
    "output",
    "over",
    "prefer",
    "problem",
    "process",
    "program",
    "redundant",
    "remove",
    "replace",
    "replaced",
    "result",
    "returned",
    "see",
    "should",
    "simplified",
    "status",
    "step",
    "such",
    "t",
    "test",
    "tests",
    "that",
    "the",
    "this",
    "to",
    "trace",
    "unable",
    "unexpected",
    "unknown",
    "unnecessary",
    "unneeded",
    "usage",
    "use",
    "used",
    "using",
    "value",
    "warn",
    "warning",
    "warnings",
    "was",
    "were",
    "when",
    "with",
];

/// How many letters of common words count as one. Many common words in one order are specific all
/// the same, such as `fatal error: …: No such file or directory`.
const COMMON_LETTERS: u32 = 5;

/// The number of letters and digits in specific words, plus a fifth of those in common words. Short
/// numbers do not count, and a code such as `E0382` or `ERR_REQUIRE_ESM` counts twice, because nothing
/// else looks like it.
pub fn specificity(text: &str) -> u32 {
    let words = text.split(|character: char| !(character.is_alphanumeric() || character == '_'));
    let (mut specific, mut common) = (0_u32, 0_u32);
    for word in words {
        if is_common_word(word) {
            common = common.saturating_add(u32::try_from(word.len()).unwrap_or(u32::MAX));
        } else {
            specific = specific.saturating_add(word_specificity(word));
        }
    }
    specific.saturating_add(common / COMMON_LETTERS)
}

/// Minimum number of digits of a number that may be a tool's code, such as 1049 of MySQL.
const LONG_NUMBER: usize = 4;

fn word_specificity(word: &str) -> u32 {
    let letters = word.chars().filter(|character| character.is_alphabetic()).count();
    let is_number = letters == 0 && word.len() < LONG_NUMBER;
    if is_number {
        return 0;
    }
    let length =
        u32::try_from(word.chars().filter(|character| *character != '_').count()).unwrap_or(u32::MAX);
    if is_letters_and_digits(word) || is_capitals(word) { length.saturating_mul(2) } else { length }
}

/// Returns true if a word may occur in any failure, or in any sentence, so that it says nothing.
pub fn is_common_word(word: &str) -> bool {
    let mut lower = [0; 12];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    COMMON_WORDS.binary_search_by(|known| known.as_bytes().cmp(lower)).is_ok()
}

/// `E0382`, `TS2304`: capital letters, then at least three digits.
fn is_letters_and_digits(word: &str) -> bool {
    let digits = word.trim_start_matches(|character: char| character.is_ascii_uppercase());
    digits.len() < word.len() && digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `ERR_REQUIRE_ESM`, `EADDRINUSE`: capital letters joined by `_`, or `E` and capital letters.
fn is_capitals(word: &str) -> bool {
    word.len() >= 5
        && (word.starts_with('E') || word.contains('_'))
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_can_be_searched() {
        assert!(COMMON_WORDS.is_sorted());
    }

    #[test]
    fn what_every_failure_says_tells_little() {
        for text in [
            "",
            "error: ",
            "fatal error",
            "command not found",
            "Error: 42",
            "BUILD FAILED",
            "exit code 1",
            "No such file or directory",
            "Use x instead of y",
            "unnecessary value is used",
        ] {
            assert!(specificity(text) < 5, "{text}");
        }
        assert!(specificity("fatal error: x.h: No such file or directory") >= 5);
        assert_eq!(specificity("import cycle"), 11);
        assert_eq!(specificity("E0382"), 10);
        assert_eq!(specificity("EADDRINUSE"), 20);
        assert_eq!(specificity("élan"), 4);
    }
}
