//! The lint of a diagnostic: rustc and Clippy name it in notes, and only the first time.

use std::collections::VecDeque;

/// Lints by message, as named in the log. Bounded: the oldest is dropped.
#[derive(Debug, Default)]
pub(crate) struct Known(VecDeque<(String, String)>);

impl Known {
    const REMEMBERED: usize = 128;

    /// Remembers the lint of a message, or recalls it if none is given.
    pub(crate) fn resolve(&mut self, message: &str, named: Option<String>) -> Option<String> {
        let Some(lint) = named else {
            return self.0.iter().find(|(known, _)| known == message).map(|(_, lint)| lint.clone());
        };
        if !self.0.iter().any(|(known, _)| known == message) {
            if self.0.len() == Self::REMEMBERED {
                self.0.pop_front();
            }
            self.0.push_back((message.to_owned(), lint.clone()));
        }
        Some(lint)
    }
}

/// The lint named in a note or help.
pub(crate) fn named_in(text: &str) -> Option<String> {
    if let Some((_, name)) = text.split_once("index.html#")
        && text.contains("rust-clippy")
    {
        return identifier(name).map(|name| format!("clippy::{name}"));
    }
    if !text.contains("note:") {
        return None;
    }
    for opening in
        ["#[warn(", "#[deny(", "#[forbid(", "`-D ", "`-W ", "`-F ", "`--deny=", "`--warn=", "`--forbid="]
    {
        if let Some((_, name)) = text.split_once(opening)
            && let Some(name) = identifier(name)
            && name != "warnings"
        {
            return Some(name.to_owned());
        }
    }
    None
}

/// The lint underlined with carets in the excerpt after `the lint level is defined here`.
pub(crate) fn underlined(source: &str, carets: &str) -> Option<String> {
    if !source.contains("deny(") && !source.contains("warn(") && !source.contains("forbid(") {
        return None;
    }
    // Both lines have the same margin up to the `|`.
    let (_, source) = source.split_once('|')?;
    let (_, carets) = carets.split_once('|')?;
    let before = carets.chars().take_while(|&c| c != '^').count();
    let rest = source.char_indices().nth(before).map(|(at, _)| &source[at..])?;
    identifier(rest).filter(|name| *name != "warnings").map(str::to_owned)
}

fn identifier(text: &str) -> Option<&str> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':')))
        .unwrap_or(text.len());
    (end > 0).then(|| text[..end].trim_end_matches(':')).filter(|name| !name.is_empty())
}
