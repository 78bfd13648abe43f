//! Renders hostile text as Markdown that GitHub displays without side effects.
//!
//! GitHub looks for mentions, references (`#1`, `owner/name#1`, `GH-1`, commit ids), links and
//! emoji in the rendered text, so backslashes do not help against them. It ignores code: everything
//! that is not plainly a word is put into a code span.

use grimoire_domain::{secrets, text};

/// Text that may be quoted: without control and invisible characters, without secrets, at most
/// `limit` characters. Secrets are masked before the cut, which might leave half of one, and after
/// removing the characters that might hide in one.
pub(super) fn quotable(text: &str, limit: usize) -> String {
    let clean = secrets::mask(&text::displayable(text)).into_owned();
    match clean.char_indices().nth(limit) {
        None => clean,
        Some((end, _)) => format!("{}…", &clean[..end]),
    }
}

/// `text` on one line as code; empty for blank text.
pub(super) fn code_span(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() {
        return line;
    }
    let ticks = "`".repeat(longest_run(&line) + 1);
    // A space on both sides is not displayed, and separates outer backticks from the delimiters.
    let space = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{line}{space}{ticks}")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` as a code block in `language`, with a fence that nothing inside can close.
pub(super) fn fence(language: &str, text: &str) -> String {
    let ticks = "`".repeat((longest_run(text) + 1).max(3));
    format!("{ticks}{language}\n{}\n{ticks}\n", text.trim_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// `text` as part of one line: plain words are kept, everything else becomes code.
pub(super) fn phrase(text: &str) -> String {
    as_markdown(&pieces(&one_line(text)))
}

/// `text` as a table cell: a phrase whose `|` characters do not end the cell.
pub(super) fn cell(text: &str) -> String {
    phrase(text).replace('|', "\\|")
}

/// `text` as part of one line inside an HTML element, where Markdown has no effect.
pub(super) fn html(text: &str) -> String {
    let mut line = String::new();
    for piece in pieces(&one_line(text)) {
        if piece.spaced && !line.is_empty() {
            line.push(' ');
        }
        let escaped = piece.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        if piece.code {
            line.push_str(&format!("<code>{escaped}</code>"));
        } else {
            line.push_str(&escaped);
        }
    }
    line
}

/// `text` as paragraphs: plain words are kept, everything else becomes code. Code blocks and code
/// spans of the text are kept.
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
            paragraphs.push(fence("text", &code.join("\n")).trim_end().to_owned());
        } else if line.is_empty() {
            end_paragraph(&mut paragraphs, &mut words);
        } else {
            words.push(as_markdown(&pieces(line)));
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

/// A part of a line.
struct Piece<'t> {
    text: &'t str,
    /// True if the piece goes into a code span: it was in one, or is not plainly a word.
    code: bool,
    /// True if white space precedes the piece.
    spaced: bool,
}

/// Splits a line into its code spans and the words between them.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    let mut spaced = false;
    while let Some(start) = rest.find('`') {
        let after = &rest[start..];
        let run = after.len() - after.trim_start_matches('`').len();
        let inner = &after[run..];
        spaced = words(&rest[..start], spaced, &mut pieces);
        let (text, remaining) = match closing_run(inner, run) {
            Some(end) => (&inner[..end], &inner[end + run..]),
            None => (&after[..run], inner),
        };
        if !text.trim().is_empty() {
            pieces.push(Piece { text, code: true, spaced });
            spaced = false;
        }
        rest = remaining;
    }
    words(rest, spaced, &mut pieces);
    pieces
}

/// Adds the words of a text; returns whether white space precedes whatever follows.
fn words<'t>(text: &'t str, mut spaced: bool, pieces: &mut Vec<Piece<'t>>) -> bool {
    spaced |= text.starts_with(char::is_whitespace);
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let quoted = quotation(rest).unwrap_or_default();
        let end = rest[quoted..].find(char::is_whitespace).map_or(rest.len(), |end| quoted + end);
        let (token, after) = rest.split_at(end);
        if is_word(token) {
            pieces.push(Piece { text: token, code: false, spaced });
        } else {
            let (code, mark) = token.split_at(token.len() - sentence_mark(token));
            pieces.push(Piece { text: code, code: true, spaced });
            if !mark.is_empty() {
                pieces.push(Piece { text: mark, code: false, spaced: false });
            }
        }
        spaced = true;
        rest = after.trim_start();
    }
    if text.trim().is_empty() { spaced } else { text.ends_with(char::is_whitespace) }
}

/// Maximum length in bytes of a quotation that becomes one code span.
const QUOTATION: usize = 120;

/// The length of a quotation at the start of a text in which not all words are plain, as `'string | undefined'`: it
/// becomes code as a whole.
fn quotation(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let ends = |at: &usize| text[at + 1..].chars().next().is_none_or(|next| !next.is_alphanumeric());
    let end = text.match_indices(quote).map(|(at, _)| at).skip(1).find(ends)? + 1;
    let plain = text[..end].split_whitespace().all(is_word);
    (end <= QUOTATION && !plain).then_some(end)
}

/// The length of the punctuation after a token that belongs to the sentence, not to the code: 1 or 0.
fn sentence_mark(token: &str) -> usize {
    let mut last = token.chars().rev();
    let is_mark = last.next().is_some_and(|mark| matches!(mark, ',' | '.' | ';'));
    let after_code =
        last.next().is_some_and(|before| before.is_alphanumeric() || matches!(before, '"' | '\'' | ')'));
    usize::from(is_mark && after_code)
}

fn as_markdown(pieces: &[Piece<'_>]) -> String {
    let mut line = String::new();
    for piece in pieces {
        // Two code spans without a space in between would become one.
        let apart = piece.spaced || (piece.code && line.ends_with('`'));
        if apart && !line.is_empty() {
            line.push(' ');
        }
        if piece.code {
            line.push_str(&code_span(piece.text));
        } else {
            line.push_str(&escaped(piece.text, line.is_empty()));
        }
    }
    line
}

/// The offset of the next run of exactly `length` backticks.
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

const LEADING: [char; 5] = ['(', '"', '\'', '“', '‘'];
const TRAILING: [char; 13] = [',', '.', ';', ':', '!', '?', ')', '"', '\'', '”', '’', '…', '%'];

/// Returns true if a token is plainly a word with punctuation, or punctuation alone.
fn is_word(token: &str) -> bool {
    let core = token.trim_start_matches(LEADING).trim_end_matches(TRAILING);
    let site = token.to_ascii_lowercase().contains("www.");
    is_punctuation(token) || (!site && is_plain(core))
}

fn is_punctuation(token: &str) -> bool {
    token == "-"
        || token.chars().all(|character| matches!(character, '–' | '—') || TRAILING.contains(&character))
}

/// Escapes a word, so that Markdown does not interpret it at the start of a line.
fn escaped(token: &str, first: bool) -> String {
    if token == "-" {
        return "–".to_owned();
    }
    // In some kinds of Markdown, a colon begins a definition.
    if first && token.starts_with(':') {
        return format!("\\{token}");
    }
    // A number with a full stop or a bracket would begin a list.
    let (head, tail) = token.split_at(token.len() - trailing_length(token));
    let core = head.trim_start_matches(LEADING);
    let numbered = core.bytes().all(|byte| byte.is_ascii_digit()) && tail.starts_with(['.', ')']);
    if numbered && !core.is_empty() { format!("{head}\\{tail}") } else { token.to_owned() }
}

fn trailing_length(token: &str) -> usize {
    token.len() - token.trim_end_matches(TRAILING).len()
}

/// Returns true if neither Markdown nor GitHub interprets a word: letters and digits, joined by
/// single signs that create no links, and not a commit id or an issue.
fn is_plain(core: &str) -> bool {
    let joins = |character: char| matches!(character, '-' | '\'' | '’' | '.' | '/');
    let parts: Vec<&str> = core.split(joins).collect();
    let words = parts.iter().all(|part| !part.is_empty() && part.chars().all(char::is_alphanumeric));
    let lower = core.to_ascii_lowercase();
    // Anywhere in the word: GitHub recognises commit ids and issues after any sign.
    let commit = core.split(|digit: char| !digit.is_ascii_hexdigit()).any(|run| run.len() >= 7);
    let issue = lower.split("gh-").skip(1).any(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
    words && !commit && !issue
}
