//! Locations as printed by tools.

use super::{Needle, leading_number};
use crate::{Location, Position, limits};

/// A location found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The path as printed.
    pub path: &'a str,
    /// The line; 0 if the tool printed 0.
    pub line: u32,
    /// The column, if printed.
    pub column: Option<u32>,
    /// The end of the range, if printed.
    pub end: Option<Position>,
    /// The text after the location, without a `:` directly after it.
    pub rest: &'a str,
}

impl Place<'_> {
    /// Converts to a location of a diagnostic.
    pub fn location(&self) -> Location {
        Location { end: self.end, ..Location::at(self.path, self.line, self.column) }
    }
}

/// `path:line`, `path:line:column`, `path:line:column-column` at the start. The path may contain
/// spaces and begin with a drive letter; it must look like a path ([`looks_like_path`]). The end, a
/// space, `:`, `,`, `;` or `)` must follow.
pub fn place_at_start(text: &str) -> Option<Place<'_>> {
    let bytes = text.as_bytes();
    // A colon directly after a single letter belongs to a drive.
    let mut from = match bytes {
        [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic() => 2,
        _ if text.starts_with("file://") => after_file_scheme(text),
        _ => 0,
    };
    let within = &bytes[..bytes.len().min(limits::PATH + 1)];
    while let Some(found) = memchr::memchr(b':', within.get(from..)?) {
        let colon = from + found;
        if bytes.get(colon + 1).is_some_and(u8::is_ascii_digit)
            && let Some((line, rest)) = leading_number(&text[colon + 1..])
            && ends_number(rest)
        {
            let path = text[..colon].trim_end();
            if !looks_like_path(path) {
                return None;
            }
            let (column, end, rest) = column_and_end(line, rest);
            return Some(Place { path, line, column, end, rest });
        }
        from = colon + 1;
    }
    None
}

/// The length of `file://` and a drive letter after it.
fn after_file_scheme(text: &str) -> usize {
    let rest = text["file://".len()..].trim_start_matches('/');
    let at = text.len() - rest.len();
    match rest.as_bytes() {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => at + 2,
        _ => at,
    }
}

/// Returns true if a number may end here: `1.5` and `12abc` are not numbers.
fn ends_number(rest: &str) -> bool {
    match rest.as_bytes() {
        // `7.10:` and `7.10-7.14:` are line and column in the format of some compilers.
        [b'.', next, ..] if next.is_ascii_digit() => {
            rest[1..].trim_start_matches(|c: char| c.is_ascii_digit()).starts_with([':', '-'])
        }
        [] | [b'.' | b':' | b' ' | b'\t' | b',' | b';' | b')' | b']' | b'-' | b'"' | b'\'' | b'`', ..] => {
            true
        }
        _ => false,
    }
}

fn column_and_end(line: u32, rest: &str) -> (Option<u32>, Option<Position>, &str) {
    let after_colon = |rest: &'_ str| rest.strip_prefix(':').map_or(rest.len(), str::len);
    let Some((column, after)) = rest.strip_prefix([':', '.']).and_then(leading_number) else {
        return (None, None, &rest[rest.len() - after_colon(rest)..]);
    };
    if !ends_number(after) {
        return (None, None, &rest[rest.len() - after_colon(rest)..]);
    }
    let mut end = None;
    let mut after = after;
    if let Some((number, rest)) = after.strip_prefix('-').and_then(leading_number) {
        // `3:5-9` is a range of columns; `3:5-4:1` and `3.5-4.1` are ranges of lines.
        (end, after) = match rest.strip_prefix([':', '.']).and_then(leading_number) {
            Some((end_column, rest)) => (Some(Position { line: number, column: Some(end_column) }), rest),
            None => (Some(Position { line, column: Some(number) }), rest),
        };
    }
    (Some(column), end, &after[after.len() - after_colon(after)..])
}

/// `path(line)`, `path(line,column)`, `path(line,column,line,column)`, `path(line-line)` at the start.
pub fn place_in_parentheses(text: &str) -> Option<Place<'_>> {
    let within = super::cut(text, limits::PATH + 1);
    let mut from = 0;
    while let Some(found) = within[from..].find('(') {
        let open = from + found;
        if let Some((line, rest)) = leading_number(&text[open + 1..])
            && let Some((column, end, rest)) = inside_parentheses(line, rest)
        {
            let path = text[..open].trim_end();
            if !looks_like_path(path) {
                return None;
            }
            let rest =
                rest.strip_prefix(':').or_else(|| rest.trim_start().strip_prefix(": ")).unwrap_or(rest);
            return Some(Place { path, line, column, end, rest });
        }
        from = open + 1;
    }
    None
}

fn inside_parentheses(line: u32, rest: &str) -> Option<(Option<u32>, Option<Position>, &str)> {
    if let Some(rest) = rest.strip_prefix(')') {
        return Some((None, None, rest));
    }
    if let Some((end, rest)) = rest.strip_prefix('-').and_then(leading_number) {
        let (column, rest) = match rest.strip_prefix(',').and_then(leading_number) {
            Some((column, rest)) => (Some(column), rest),
            None => (None, rest),
        };
        return Some((None, Some(Position { line: end, column }), rest.strip_prefix(')')?));
    }
    let (column, rest) = leading_number(rest.strip_prefix([',', ':'])?.trim_start())?;
    if let Some(rest) = rest.strip_prefix(')') {
        return Some((Some(column), None, rest));
    }
    if let Some((end, rest)) = rest.strip_prefix('-').and_then(leading_number) {
        return Some((Some(column), Some(Position { line, column: Some(end) }), rest.strip_prefix(')')?));
    }
    let (end_line, rest) = leading_number(rest.strip_prefix(',')?)?;
    let (end_column, rest) = leading_number(rest.strip_prefix(',')?)?;
    Some((Some(column), Some(Position { line: end_line, column: Some(end_column) }), rest.strip_prefix(')')?))
}

/// `path:line` or `path:line:column` at the end, optionally in parentheses: `at f (path:1:2)`. The path
/// begins after the last `(`, or else after the last space, so a path with spaces needs the
/// parentheses. `rest` is the text before the location.
pub fn place_at_end(text: &str) -> Option<Place<'_>> {
    let text = text.trim_end();
    let (inner, start) = if let Some(inner) = text.strip_suffix(')') {
        let open = inner.rfind('(')?;
        (&inner[open + 1..], open)
    } else {
        let start = text.rfind([' ', '\t', '(']).map_or(0, |blank| blank + 1);
        (&text[start..], start)
    };
    let place = place_at_start(inner)?;
    place.rest.trim().is_empty().then(|| Place { rest: text[..start].trim_end(), ..place })
}

/// Returns true if a text can be the path of a source file: it has a folder or an extension or is the
/// name of a well-known file, and contains nothing that paths do not contain. URLs, times and class
/// names with arguments are not paths.
pub fn looks_like_path(text: &str) -> bool {
    static DOUBLE_COLON: Needle = Needle::new("::");
    static SCHEME: Needle = Needle::new("://");
    static PROSE: Needle = Needle::new(": ");
    static BLANKS: Needle = Needle::new("  ");
    // Logs may use a variable in place of the folder to be comparable.
    if let Some(rest) = text.strip_prefix("${")
        && let Some((name, path)) = rest.split_once('}')
    {
        let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        return is_name && !name.is_empty() && path.starts_with('/') && looks_like_path(path);
    }
    // Names of compilers and linkers for standard input.
    if matches!(text, "-" | "stdin" | "(stdin)" | "standard input" | "{standard input}" | "{standard_input}")
    {
        return true;
    }
    if text.is_empty()
        || text.len() > limits::PATH
        || text.starts_with([' ', '-', '=', '+', '|', '#', '$', '@']) && !text.starts_with("@/")
    {
        return false;
    }
    if has_foreign(text.as_bytes()) || DOUBLE_COLON.is_in(text) {
        // Frameworks name files after routes: `[id].tsx` and `(group)` are paths, these are not.
        return text.starts_with('<') && text.ends_with('>') && text.len() > 2 && !text[1..].contains('<');
    }
    // `[id].tsx` is a file, `[main.c` is half of something else.
    if text.starts_with('[') && !text.contains(']') {
        return false;
    }
    let path = text.strip_prefix("file://").unwrap_or(text);
    if SCHEME.is_in(path) || PROSE.is_in(path) || path.ends_with([' ', ':', ',']) {
        return false;
    }
    // A path after a space is a command's argument: `rspec ./spec/pot_spec.rb`.
    if [" ./", " /", " ../", " ("].iter().any(|start| path.contains(start)) && !path.contains(')') {
        return false;
    }
    // A colon separates a logger's name from a file, or belongs to a drive.
    if path.trim_start_matches('/').bytes().skip(2).any(|byte| byte == b':') {
        return false;
    }
    let (folder, name) = match path.bytes().rposition(|byte| matches!(byte, b'/' | b'\\')) {
        Some(at) => (Some(&path[..at]), &path[at + 1..]),
        None => (None, path),
    };
    if name.is_empty() {
        return false;
    }
    if folder.is_some_and(|folder| folder.starts_with(' ') || BLANKS.is_in(folder)) {
        return false;
    }
    let has_extension = name.rfind('.').is_some_and(|dot| {
        let extension = &name[dot + 1..];
        (1..=12).contains(&extension.len())
            && extension
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
            && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
    });
    if has_extension {
        // Prose that ends in a file name is not a path: spaces require a folder around them.
        return !name.contains(' ') || (folder.is_some() && name.split(' ').count() <= 4);
    }
    if name.contains(' ') {
        return false;
    }
    folder.is_some_and(|folder| !folder.contains(' ') || starts_like_root(folder))
        || matches!(
            name,
            "Makefile"
                | "makefile"
                | "GNUmakefile"
                | "Dockerfile"
                | "Containerfile"
                | "Rakefile"
                | "Gemfile"
                | "Jenkinsfile"
                | "Vagrantfile"
                | "Justfile"
                | "justfile"
                | "Procfile"
                | "Brewfile"
                | "Podfile"
                | "Fastfile"
                | "BUILD"
                | "WORKSPACE"
                | "Kconfig"
        )
        || name.starts_with("Dockerfile")
}

/// Returns true if any byte cannot occur in a path.
fn has_foreign(bytes: &[u8]) -> bool {
    const FOREIGN: [bool; 256] = {
        let signs = b"\"<>|*?\t`{};";
        let (mut foreign, mut at) = ([false; 256], 0);
        while at < signs.len() {
            foreign[signs[at] as usize] = true;
            at += 1;
        }
        foreign
    };
    let among = |bytes: &[u8]| bytes.iter().fold(false, |found, &byte| found | FOREIGN[usize::from(byte)]);
    // In blocks, of which the last one may overlap the previous one.
    match bytes.last_chunk::<8>() {
        Some(last) => bytes.as_chunks::<8>().0.iter().any(|block| among(block)) || among(last),
        None => among(bytes),
    }
}

fn starts_like_root(folder: &str) -> bool {
    folder.starts_with('/') || matches!(folder.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// The extension of a path's file name, without the dot; empty if there is none.
pub fn extension(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The path in the form of the contract: `/` between folders, no `file://`.
pub fn normal_path(path: &str) -> String {
    let path = path.trim();
    let path = match path.strip_prefix("file://") {
        Some(rest) => match rest.trim_start_matches('/').as_bytes() {
            [letter, b':', ..] if letter.is_ascii_alphabetic() => rest.trim_start_matches('/'),
            _ => rest,
        },
        None => path,
    };
    path.replace('\\', "/")
}
