//! Hostile text as Markdown that GitHub shows and does nothing else with.
//!
//! GitHub looks for mentions, references (`#1`, `owner/name#1`, `GH-1`, commit names), links and
//! emoji in the rendered text, so that backslashes do not help against them. It looks nowhere
//! inside code: whatever is not plainly a word stands in a code span.

use grimoire_domain::text;

use super::redact::redact;

/// Text that may be quoted: without control and invisible characters, without secrets, at most
/// `limit` characters. Secrets are looked for before the cut, which might hide half of one, and
/// after the characters that might hide in one are gone.
pub(super) fn quotable(text: &str, limit: usize) -> String {
    let clean = redact(&text::displayable(text));
    match clean.char_indices().nth(limit) {
        None => clean,
        Some((end, _)) => format!("{}…", &clean[..end]),
    }
}

/// `text` on one line as code; empty for blank text.
pub(super) fn code_span(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return line;
    }
    let ticks = "`".repeat(longest_run(&line) + 1);
    // A space on both sides is not shown, and keeps outer backticks apart from the delimiters.
    let space = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{line}{space}{ticks}")
}

/// `text` as a code block, with a fence that nothing inside can close.
pub(super) fn fence(text: &str) -> String {
    let ticks = "`".repeat((longest_run(text) + 1).max(3));
    format!("{ticks}text\n{}\n{ticks}\n", text.trim_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// `text` as part of one line: plain words stay words, everything else becomes code.
pub(super) fn phrase(text: &str) -> String {
    defused_line(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `text` as paragraphs: plain words stay words, everything else becomes code. Code blocks and code
/// spans of the text stay what they are.
pub(super) fn prose(text: &str) -> String {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.starts_with("```") {
            let code: Vec<&str> =
                lines.by_ref().take_while(|inner| !inner.trim_start().starts_with("```")).collect();
            end_paragraph(&mut paragraphs, &mut words);
            paragraphs.push(fence(&code.join("\n")).trim_end().to_owned());
        } else if line.is_empty() {
            end_paragraph(&mut paragraphs, &mut words);
        } else {
            words.push(defused_line(line));
        }
    }
    end_paragraph(&mut paragraphs, &mut words);
    paragraphs.join("\n\n")
}

fn end_paragraph(paragraphs: &mut Vec<String>, words: &mut Vec<String>) {
    if !words.is_empty() {
        paragraphs.push(words.join(" "));
        words.clear();
    }
}

/// One line, its own code spans kept and everything between them word by word.
fn defused_line(line: &str) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let after = &rest[start..];
        let run = after.len() - after.trim_start_matches('`').len();
        let inner = &after[run..];
        pieces.extend(rest[..start].split_whitespace().map(word));
        if let Some(end) = closing_run(inner, run) {
            pieces.push(code_span(&inner[..end]));
            rest = &inner[end + run..];
        } else {
            pieces.push(code_span(&after[..run]));
            rest = inner;
        }
    }
    pieces.extend(rest.split_whitespace().map(word));
    pieces.retain(|piece| !piece.is_empty());
    join(&pieces)
}

/// Where the next run of exactly `length` backticks begins.
fn closing_run(text: &str, length: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].find('`') {
        let start = from + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == length {
            return Some(start);
        }
        from = start + run;
    }
    None
}

/// Pieces with spaces between them, but for punctuation that follows code.
fn join(pieces: &[String]) -> String {
    let mut line = String::new();
    for piece in pieces {
        let closes = piece.chars().all(|character| TRAILING.contains(&character));
        if !line.is_empty() && !closes {
            line.push(' ');
        }
        line.push_str(piece);
    }
    line
}

const LEADING: [char; 5] = ['(', '"', '\'', '“', '‘'];
const TRAILING: [char; 13] = [',', '.', ';', ':', '!', '?', ')', '"', '\'', '”', '’', '…', '%'];

/// A word as it is when it is plainly one, with its punctuation, and as code when it is not.
fn word(token: &str) -> String {
    if token == "-" {
        return "–".to_owned();
    }
    if token.chars().all(|character| matches!(character, '–' | '—') || TRAILING.contains(&character)) {
        // Some kinds of Markdown begin a definition with a colon.
        return if token.starts_with(':') { format!("\\{token}") } else { token.to_owned() };
    }
    let core = token.trim_start_matches(LEADING).trim_end_matches(TRAILING);
    let site = token.to_ascii_lowercase().contains("www.");
    if site || !is_plain(core) {
        return code_span(token);
    }
    // A number with a full stop or a bracket begins a list where it begins a line.
    let tail = &token[token.len() - trailing_length(token)..];
    let numbered = core.bytes().all(|byte| byte.is_ascii_digit()) && tail.starts_with(['.', ')']);
    if numbered {
        let head = &token[..token.len() - tail.len()];
        return format!("{head}\\{tail}");
    }
    token.to_owned()
}

fn trailing_length(token: &str) -> usize {
    token.len() - token.trim_end_matches(TRAILING).len()
}

/// Whether a word means nothing to Markdown and to GitHub: letters and digits, joined by single
/// signs that link nothing, not the name of a commit or of an issue.
fn is_plain(core: &str) -> bool {
    let joins = |character: char| matches!(character, '-' | '\'' | '’' | '.' | '/');
    let parts: Vec<&str> = core.split(joins).collect();
    let words = parts.iter().all(|part| !part.is_empty() && part.chars().all(char::is_alphanumeric));
    let lower = core.to_ascii_lowercase();
    // Anywhere in the word: GitHub sees commit names and issues after any sign.
    let commit = core.split(|digit: char| !digit.is_ascii_hexdigit()).any(|run| run.len() >= 7);
    let issue = lower.split("gh-").skip(1).any(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
    words && !commit && !issue
}
