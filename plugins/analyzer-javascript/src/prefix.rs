//! Prefixes that task runners and builders add to each line of a task.
//!
//! | runner | form |
//! | --- | --- |
//! | Turborepo | `@scope/pkg:build: `, `web:test: ` |
//! | Lerna | `@scope/pkg: ` |
//! | pnpm | `packages/web build: `, `. prepare: ` |
//! | Yarn | `[@scope/pkg]: ` |
//! | concurrently | `[0] ` |
//! | Changesets | `🦋  error `, `🦋  ` |
//! | application platforms | `remote:        `, and seven blanks before npm's lines |
//! | Docker | `#12 3.456 `, `12.34 `, `web-1  \| ` |

use grimoire_plugin_sdk::text::{Needle, extension, leading_number};

/// A line without such a prefix. The indentation of the rest is kept.
pub(crate) fn strip(text: &str) -> &str {
    let rest = match text.as_bytes().first() {
        Some(b'#') => leading_number(&text[1..]).and_then(|(_, rest)| after_clock(rest.strip_prefix(' ')?)),
        Some(b'0'..=b'9') => after_clock(text),
        Some(b'[') => after_brackets(text),
        Some(b'r') if text.starts_with(REMOTE) => Some(&text[REMOTE.len()..]),
        Some(b'@' | b'.' | b'a'..=b'z' | b'A'..=b'Z') => after_name(text),
        Some(b' ') => after_blanks(text),
        Some(0xf0) => after_mark(text),
        _ => None,
    };
    rest.unwrap_or(text)
}

/// Git's mark of what the other side prints, and a platform's indentation of a build's output.
const REMOTE: &str = "remote:        ";

/// The same indentation alone; other lines need theirs.
fn after_blanks(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("       ")?;
    ["npm ERR!", "npm error", "error Command "].iter().any(|start| rest.starts_with(start)).then_some(rest)
}

/// `🦋  error `, and the command's output after it.
fn after_mark(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("🦋  ")?;
    Some(rest.strip_prefix("error ").unwrap_or(rest))
}

/// `3.456 `, `12.34 `, `123.4 `: the builder prints four digits, which excludes version numbers.
fn after_clock(text: &str) -> Option<&str> {
    let (_, rest) = leading_number(text)?;
    let whole = text.len() - rest.len();
    let rest = rest.strip_prefix('.')?;
    let decimals = rest.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=3).contains(&decimals) || whole + decimals < 4 {
        return None;
    }
    let rest = &rest[decimals..];
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

/// `[0] `, `[0-0] `, `[@scope/pkg]: `.
fn after_brackets(text: &str) -> Option<&str> {
    if let Some((_, rest)) = leading_number(&text[1..]) {
        // `[0] `, and WebdriverIO's `[0-0] `.
        let rest = rest.strip_prefix('-').and_then(leading_number).map_or(rest, |(_, rest)| rest);
        return rest.strip_prefix("] ");
    }
    let name = text.strip_prefix("[@")?;
    let length = name.bytes().take_while(|byte| is_name(*byte) || *byte == b'/').count();
    name[length..].strip_prefix("]: ")
}

/// A package, a colon and a task; a scoped package alone; a folder and a task; a container.
fn after_name(text: &str) -> Option<&str> {
    static COLON: Needle = Needle::new(": ");
    let scoped = text.starts_with('@');
    let length = text.bytes().take_while(|byte| is_name(*byte) || matches!(byte, b'/' | b'@')).count();
    let (name, rest) = text.split_at(length);
    // pnpm shortens paths to dependencies with versions.
    let (name, rest) = match text.strip_prefix(".../").and_then(|after| after.split_once(' ')) {
        Some((path, after)) if path.contains("/node_modules/") => {
            (&text[..path.len() + 4], &text[text.len() - after.len() - 1..])
        }
        _ => (name, rest),
    };
    // Parcel names its failed component in the same form.
    if name.is_empty() || matches!(extension(name), "ts" | "js") || name.starts_with("@parcel/") {
        return None;
    }
    match rest.as_bytes() {
        [b':', b' ', ..] if scoped && name.contains('/') => Some(&rest[2..]),
        [b':' | b'#', ..] => {
            let task = rest[1..].bytes().take_while(|byte| is_name(*byte) || *byte == b':').count();
            let (task, rest) = rest[1..].split_at(task);
            // The colon before the space belongs to the task.
            let task = task.strip_suffix(':').filter(|_| rest.is_empty() || rest.starts_with(' '))?;
            let is_task = task.starts_with(|c: char| c.is_ascii_lowercase())
                && !matches!(task, "error" | "warning" | "fatal" | "note" | "info" | "debug")
                && (!name.contains('.') || scoped)
                && (!name.contains('/') || scoped);
            is_task.then(|| rest.strip_prefix(' ').unwrap_or(rest))
        }
        [b' ', ..] if name.contains('/') && !scoped || name == "." => {
            let (task, rest) = rest[1..].split_at(COLON.find(&rest[1..])?);
            let is_task = !task.is_empty()
                && task.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b':' | b'-'));
            is_task.then(|| &rest[2..])
        }
        [b' ', ..] => {
            // `stderr | test` has one space and no number.
            let padded = rest.starts_with("  ") || name.ends_with(|c: char| c.is_ascii_digit());
            let rest = rest.trim_start_matches(' ').strip_prefix('|')?;
            (name.len() > 1 && padded).then(|| rest.strip_prefix(' ').unwrap_or(rest))
        }
        _ => None,
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn prefixes_go_and_indents_stay() {
        for (text, rest) in [
            ("@shop/till:build:   ● lid", "  ● lid"),
            ("web:test: FAIL a.test.ts", "FAIL a.test.ts"),
            ("web:test:unit: x", "x"),
            ("web:build:", ""),
            ("@shop/till: x", "x"),
            ("packages/till build: src/a.ts(1,2): error TS1: x", "src/a.ts(1,2): error TS1: x"),
            (". prepare: x", "x"),
            (".../lid@2.11.2/node_modules/lid install: gyp ERR! x", "gyp ERR! x"),
            ("[@shop/till]: x", "x"),
            ("[0]  x", " x"),
            ("[0-1] Error: x", "Error: x"),
            ("#11 2.044 npm ERR! x", "npm ERR! x"),
            ("remote:          at f (/a.js:1:2)", "  at f (/a.js:1:2)"),
            ("       npm ERR! x", "npm ERR! x"),
            ("web-1  |     at f (/a.js:1:2)", "    at f (/a.js:1:2)"),
            ("🦋  error     at f (/a.js:1:2)", "    at f (/a.js:1:2)"),
            ("stderr | a.test.ts > lid", "stderr | a.test.ts > lid"),
            ("a.ts:3:1: x", "a.ts:3:1: x"),
            ("TypeError: x", "TypeError: x"),
            ("npm ERR! code: x", "npm ERR! code: x"),
            ("src/a.ts: x", "src/a.ts: x"),
            ("[error] a.ts: x", "[error] a.ts: x"),
            ("node:internal/modules/cjs/loader:1228", "node:internal/modules/cjs/loader:1228"),
        ] {
            assert_eq!(strip(text), rest, "{text}");
        }
    }
}
