//! Tells whether a line names its subject, or is only a summary.

use grimoire_plugin_sdk::text::extension;

/// Returns true if a line quotes a name, or has a location or a code: `Wrong attribute "lid"`,
/// `pot.xml:3: `, `(AccessDeniedException)`, `TOOMANYREQUESTS: `.
pub(super) fn names_something(text: &str) -> bool {
    let quoted = |sign: char| {
        text.split_once(sign).and_then(|(before, rest)| {
            let (name, _) = rest.split_once(sign)?;
            // An apostrophe is inside a word.
            Some(!name.is_empty() && !before.ends_with(|c: char| c.is_alphanumeric()))
        }) == Some(true)
    };
    let is_code = |word: &str| {
        word.strip_suffix(':').is_some_and(|code| {
            code.len() >= 8 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        })
    };
    let is_place = |word: &str| {
        word.split_once(':').is_some_and(|(path, rest)| {
            rest.starts_with(|c: char| c.is_ascii_digit()) && !extension(path).is_empty()
        })
    };
    quoted('"')
        || quoted('\'')
        || quoted('`')
        || text.contains("Exception)")
        || text.split(' ').any(|word| is_code(word) || is_place(word))
}

/// `Compilation failed`, `[kettle] [error] Build failed!`, `error in a step: exit status 1`: only says that
/// something failed.
pub(super) fn is_banner(text: &str) -> bool {
    let words = || text.split([' ', '\t']).filter(|word| !word.is_empty() && !word.starts_with('['));
    let failed = ["failed", "failure", "error", "fails"];
    let is_failed = |word: &str| {
        let word = word.trim_end_matches(['.', '!', ':']);
        failed.iter().any(|failed| word.eq_ignore_ascii_case(failed))
    };
    text.contains(": exit status ") || words().count() == 2 && words().next_back().is_some_and(is_failed)
}

/// `2 failing`, `Failed 2/33 test programs`, `1 of 4 tests failed`, `0/0 targets failed`,
/// `test | FAIL |`, `failed after 5 attempts`: how many failed, not what failed.
pub(super) fn is_count(text: &str) -> bool {
    let is_number = |word: &str| {
        let word = word.trim_matches(['(', ')', ',', '.', '[', ']']);
        word.starts_with(|c: char| c.is_ascii_digit())
            && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/')
    };
    let begins =
        |word: &str, stem: &str| word.get(..stem.len()).is_some_and(|start| start.eq_ignore_ascii_case(stem));
    let is_failed = |word: &str| begins(word, "fail");
    let is_bad = |word: &str| is_failed(word) || begins(word, "error");
    if text.ends_with("| FAIL |") {
        return true;
    }
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    let (mut last, mut before) = ("", "");
    words.any(|word| {
        let counts = is_bad(word) && (is_number(last) || is_number(before))
            || is_number(word)
                && (is_failed(last) && last.bytes().all(|byte| byte.is_ascii_alphabetic())
                    || last == "after" && is_failed(before));
        (before, last) = (last, word);
        counts
    })
}
