//! Text for readers: cleaned, and wrapped with its indent on a terminal.

use std::io::{self, Write};

use anstyle::Style;
use grimoire_domain::text::displayable;

use crate::console;

const DIM: Style = Style::new().dimmed();
/// Text in fewer columns is unreadable.
const LEAST_WIDTH: usize = 40;
/// Text in more columns is hard to read.
const MOST_WIDTH: usize = 110;

/// The first line of a text.
pub(in crate::cli) fn line(text: &str) -> String {
    displayable(text).lines().next().unwrap_or_default().to_owned()
}

/// Writes sentences, each line wrapped with its indent.
pub(in crate::cli) fn write(output: &mut impl Write, text: &str, indent: &str) -> io::Result<()> {
    write_within(output, text, indent, console::width())
}

fn write_within(output: &mut impl Write, text: &str, indent: &str, width: Option<usize>) -> io::Result<()> {
    for line in displayable(text).lines() {
        if line.trim().is_empty() {
            writeln!(output)?;
            continue;
        }
        let Some(width) = width else {
            writeln!(output, "{indent}{line}")?;
            continue;
        };
        // The continuation of a list item is aligned with the item's text.
        let text = line.trim_start();
        let spaces = line.len() - text.len();
        let hanging = spaces + text.strip_prefix("- ").or(text.strip_prefix("* ")).map_or(0, |_| 2);
        let first = format!("{indent}{}", " ".repeat(spaces));
        let further = format!("{indent}{}", " ".repeat(hanging));
        let options = textwrap::Options::new(width.clamp(LEAST_WIDTH, MOST_WIDTH))
            .initial_indent(&first)
            .subsequent_indent(&further)
            .break_words(false);
        for wrapped in textwrap::wrap(text, options) {
            writeln!(output, "{wrapped}")?;
        }
    }
    Ok(())
}

/// Writes the first `most` lines of code unchanged, so that they can be copied.
pub(in crate::cli) fn write_code(
    output: &mut impl Write,
    text: &str,
    indent: &str,
    most: usize,
) -> io::Result<()> {
    let text = displayable(text);
    let count = text.lines().count();
    // One more line takes no more space than saying that it was left out.
    let most = if count == most.saturating_add(1) { count } else { most };
    for line in text.lines().take(most) {
        if line.trim().is_empty() { writeln!(output)? } else { writeln!(output, "{indent}{line}")? }
    }
    if count > most {
        writeln!(output, "{indent}{DIM}… {} more lines (--full){DIM:#}", count - most)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: Option<usize>) -> String {
        let mut output = Vec::new();
        write_within(&mut output, text, "    ", width).expect("memory takes everything");
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn every_line_begins_at_the_indent() {
        let text = "The value was moved into the loop and is used again after it.\n\n- an item that is too long for one line of this width\n  deeper";
        let expected = "    \
    The value was moved into the loop\n    and is used again after it.\n\n    \
    - an item that is too long for one\n      line of this width\n      deeper\n";
        assert_eq!(wrapped(text, Some(40)), expected);
    }

    #[test]
    fn nothing_is_wrapped_where_the_width_is_unknown() {
        let text = "a ".repeat(200);
        assert_eq!(wrapped(&text, None).lines().count(), 1);
    }
}
