//! Prefixes that task runners and builders put before each line of a task.

use grimoire_plugin_sdk::text::leading_number;

/// A line without the builder's clock (`#12 3.456 `, `2.044 `), a container's name (`web-1  | `) or a
/// task's number (`[0] `). The indentation of the rest is kept.
pub(crate) fn strip(text: &str) -> &str {
    match text.as_bytes().first() {
        Some(b'#') => after_step_and_clock(text).unwrap_or(text),
        Some(b'0'..=b'9') => after_clock(text).unwrap_or(text),
        Some(b'[') => after_number(text).unwrap_or(text),
        Some(b'.') => after_dependency(text).unwrap_or(text),
        Some(b'r') if text.starts_with(REMOTE) => &text[REMOTE.len()..],
        Some(b'a'..=b'z' | b'A'..=b'Z') => after_container(text).unwrap_or(text),
        _ => text,
    }
}

/// Git's mark of what the other side prints, and an application platform's indentation of a build's output.
const REMOTE: &str = "remote:        ";

/// `#12 3.456 `.
fn after_step_and_clock(text: &str) -> Option<&str> {
    let (_, rest) = leading_number(text.strip_prefix('#')?)?;
    after_clock(rest.strip_prefix(' ')?)
}

/// `3.456 `, `12.34 `, `123.4 `: the builder prints four digits, which excludes versions.
fn after_clock(text: &str) -> Option<&str> {
    let (_, rest) = leading_number(text)?;
    let whole = text.len() - rest.len();
    let rest = rest.strip_prefix('.')?;
    let decimals = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &rest[decimals..];
    if !(1..=3).contains(&decimals) || whole + decimals < 4 {
        return None;
    }
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

/// `.../lid@2.11.2/node_modules/lid install: ` of pnpm, which builds dependencies with node-gyp.
fn after_dependency(text: &str) -> Option<&str> {
    let (path, rest) = text.strip_prefix(".../")?.split_once(' ')?;
    let (task, rest) = rest.split_once(": ")?;
    (path.contains("/node_modules/") && task.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(rest)
}

/// `[0] `, the number that parallel runners give a command.
fn after_number(text: &str) -> Option<&str> {
    let (_, rest) = leading_number(&text[1..])?;
    rest.strip_prefix("] ")
}

/// `web-1  | `: two or more blanks distinguish it from a table.
fn after_container(text: &str) -> Option<&str> {
    let name = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte)).count();
    let after = text.get(name..)?;
    let rest = after.trim_start_matches(' ').strip_prefix('|')?;
    // `stderr | test` has one blank and no number.
    let padded = after.starts_with("  ")
        || after.starts_with(' ') && text[..name].ends_with(|c: char| c.is_ascii_digit());
    // Source lines in compiler excerpts start with a number, not with a name. Robot Framework's
    // tests end like this.
    let is_outcome = matches!(rest, " FAIL |" | " PASS |" | " SKIP |");
    (name > 1 && padded && !is_outcome).then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

/// Removes the logger's prefix from a line if it equals the prefix of the header; digits may differ.
pub(crate) fn without_same_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    let Some(start) = text.get(..prefix.len()) else { return text };
    let same = start
        .bytes()
        .zip(prefix.bytes())
        .all(|(one, other)| one == other || one.is_ascii_digit() && other.is_ascii_digit());
    if same { &text[prefix.len()..] } else { text }
}

/// Returns whether a line has the bars of an exception group, and the line without them.
pub(crate) fn without_bars(text: &str) -> (bool, &str) {
    let start = text.trim_start();
    if start.len() == text.len() {
        return (false, text);
    }
    match start.as_bytes() {
        [b'|', b' ', ..] => (true, &start[2..]),
        [b'|'] => (true, ""),
        [b'+', b'-', b'+', b'-', ..] => (true, &start[3..]),
        [b'+', b'-', b'-', ..] => (true, &start[1..]),
        [b'+', b' ', b'E', ..] if start.ends_with("Traceback (most recent call last):") => {
            (true, &start[2..])
        }
        _ => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn prefixes_go_and_indents_stay() {
        for (text, rest) in [
            ("#11 2.044 poetry.lock", "poetry.lock"),
            ("#11 2.044", ""),
            ("2.044   File", "  File"),
            ("[0]   x", "  x"),
            ("web-1  |   File \"a.py\"", "  File \"a.py\""),
            ("Lid      | FAIL |", "Lid      | FAIL |"),
            ("3.11 is required", "3.11 is required"),
            ("123.4 x", "x"),
            ("[error] x", "[error] x"),
            ("a.py:1: x", "a.py:1: x"),
        ] {
            assert_eq!(strip(text), rest);
        }
    }
}
