//! The sentence of a message of several paragraphs that names the cause.

/// The headline of an error in `$<…>`.
const IN_EXPRESSION: &str = "Error evaluating generator expression:";
/// Maximum length of a message made of several paragraphs.
pub(super) const LONG: usize = 600;

/// The paragraph that names the cause, with the text that a headline announces.
pub(super) fn sentence(paragraphs: &[String], cause: Option<&str>) -> String {
    // The compiler's own message is far below.
    if paragraphs.iter().any(|text| text.starts_with("is not able to compile a simple test program")) {
        let start = paragraphs.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(" ");
        return match cause {
            Some(cause) => format!("{}: {cause}", start.trim_end_matches('.')),
            None => start,
        };
    }
    // A failed download prints its whole log.
    if let Some(download) = paragraphs.iter().find(|text| text.contains("downloading '")) {
        let what = download.split(" status_code").next().unwrap_or(download);
        let start = if paragraphs[0] == *download { String::new() } else { format!("{} ", paragraphs[0]) };
        return match cause {
            Some(cause) => format!("{start}{what}: {cause}"),
            None => format!("{start}{what}"),
        };
    }
    let named = |text: &&String| {
        text.starts_with("Could not find a package configuration file provided by")
            || text.starts_with("Could NOT find ")
            || text.starts_with("Could not find a configuration file for package")
    };
    let first = paragraphs.iter().position(|text| named(&text)).unwrap_or(0);
    let mut message = paragraphs[first].clone();
    // A headline ends with a colon, or is a few words long.
    let mut rest = paragraphs.iter().skip(first + 1).peekable();
    while let Some(next) = rest.next() {
        let is_lower = |text: &str| text.starts_with(|first: char| first.is_ascii_lowercase());
        let is_name = |text: &str| text.starts_with('"') || !text.contains(' ');
        let is_headline = message.ends_with([':', ',']) && !message.ends_with("Possible reasons include:")
            || message.split(' ').count() < 4
            // `… links to:`, a name, `but the target was not found.`
            || !message.ends_with('.') && is_lower(next)
            // `… includes non-existent path`, the path, `in its …`
            || !message.ends_with('.') && is_name(next) && rest.peek().is_some_and(|after| is_lower(after))
            // `Error evaluating generator expression:`, the expression, what is wrong with it.
            || message.starts_with(IN_EXPRESSION) && message.ends_with('>');
        if !is_headline || message.len() > LONG {
            break;
        }
        message.push(' ');
        message.push_str(next);
    }
    cut(message.trim_end_matches("Possible reasons include:").trim_end()).to_owned()
}

pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONG)]
}
