//! An error in one sentence.

use grimoire_domain::diagnostic::Diagnostic;

/// Maximum length of a sentence in characters.
pub(super) const LIMIT: usize = 240;

/// First words of lines with an expected or an actual value.
const COMPARED: [&str; 10] =
    ["expected", "actual", "got", "received", "found", "left", "right", "want", "have", "but was"];

/// Minimum length in bytes of a sentence that stands for the line, without the advice after it. Below, the full stop may
/// belong to an abbreviation.
const SENTENCE: usize = 40;

/// The first sentence of the message, followed by the compiler's label below the location, or by the values that a
/// test compared, unless the line contains them.
pub(super) fn sentence(diagnostic: &Diagnostic) -> String {
    let mut lines = diagnostic.message.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut sentence = first_sentence(lines.next().unwrap_or_default()).trim_end_matches(':').to_owned();
    let compared: Vec<&str> = lines.filter(|line| is_compared(line)).take(2).collect();
    if !compared.is_empty() {
        sentence.push_str(&format!(" – {}", compared.join(", ")));
    } else if let Some(label) = label(&diagnostic.context)
        && !sentence.contains(label)
    {
        sentence.push_str(&format!(" – {label}"));
    }
    sentence
}

/// A line up to the full stop before a capital letter.
fn first_sentence(line: &str) -> &str {
    let is_end = |at: &usize| line[at + 2..].starts_with(char::is_uppercase) && *at >= SENTENCE;
    line.match_indices(". ").map(|(at, _)| at).find(is_end).map_or(line, |end| &line[..=end])
}

/// `expected: 3`, `left = 1` and the like.
fn is_compared(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    COMPARED.iter().any(|word| {
        lower.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with([':', '=', '<']))
    })
}

/// The text after the carets below a quoted line.
fn label(context: &str) -> Option<&str> {
    context.lines().find_map(|line| {
        let (_, below) = line.split_once('|')?;
        let carets = below.trim_start();
        let label = carets.trim_start_matches('^');
        let label = (label.len() < carets.len()).then_some(label)?.trim();
        label.starts_with(|first: char| first.is_alphanumeric() || first == '`').then_some(label)
    })
}
