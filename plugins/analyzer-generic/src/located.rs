//! Locations in all the formats that tools print before a message.

use crate::describe::{Described, describe};
use grimoire_plugin_sdk::{
    Location, Severity,
    text::{
        Characters, Needle, Place, leading_number, looks_like_path, place_at_start, place_in_parentheses,
    },
};

/// A location with its description.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    pub(crate) path: &'a str,
    pub(crate) location: Location,
    pub(crate) described: Described<'a>,
    /// True if only diagnostics have this format.
    pub(crate) sure: bool,
}

/// Reads one line without prefixes.
pub(crate) fn read(text: &str, characters: Characters) -> Option<Located<'_>> {
    // All formats have a number, and a location's number follows one of these.
    let has_place =
        characters.may_have_digits() && [b':', b'(', b'['].iter().any(|&sign| characters.may_have(sign));
    if !has_place
        || text.starts_with("at ")
        || is_expansion(text)
        || is_native_frame(text, characters)
        || text.len() > 8000 && !text[..200.min(text.floor_char_boundary(200))].contains(':')
    {
        return None;
    }
    kotlin(text)
        .or_else(|| severity_first(text, characters))
        .or_else(|| bracketed_place(text))
        .or_else(|| characters.may_have(b':').then(|| colons(text)).flatten())
        .or_else(|| maven(text, characters))
        .or_else(|| characters.may_have(b'(').then(|| parentheses(text)).flatten())
        .or_else(|| characters.may_have(b'[').then(|| brackets(text)).flatten())
        .or_else(|| without_line(text, characters))
        .or_else(|| after_command(text, characters))
        .or_else(|| docstring(text, characters))
}

/// `configure.ac:3: the top level`, `lib/lid.m4:7: LID_OPEN is expanded from...`: where Autoconf was when it said something.
fn is_expansion(text: &str) -> bool {
    text.ends_with(": the top level") || text.ends_with(" is expanded from...")
}

/// `/src/kettle.zig:3:7: 0x10d819f48 in pour (build)`: a stack frame that a native program printed.
fn is_native_frame(text: &str, characters: Characters) -> bool {
    static ADDRESS: Needle = Needle::new(": 0x");
    ADDRESS.split_among(characters, text).is_some_and(|(_, rest)| {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        digits >= 6 && rest[digits..].starts_with(" in ")
    })
}

fn from_place<'a>(place: Place<'a>, rest: &'a str, sure: bool) -> Located<'a> {
    Located { path: place.path, location: place.location(), described: describe(rest), sure }
}

/// `path:3:7: error: message` and its variations.
fn colons(text: &str) -> Option<Located<'_>> {
    let mut place = place_at_start(text)?;
    let mut rest = place.rest;
    // clang prints ranges in braces, cmake-lint the column after a comma.
    while let Some((range, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        if !range.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'-')) {
            return None;
        }
        rest = after;
    }
    if place.column.is_none()
        && let Some((column, after)) = rest.strip_prefix(',').and_then(leading_number)
    {
        place.column = Some(column);
        rest = after;
    }
    Some(from_place(place, rest, false))
}

/// `path(3,7): error X: message`.
fn parentheses(text: &str) -> Option<Located<'_>> {
    let place = place_in_parentheses(text)?;
    let before = text[..text.len() - place.rest.len()].trim_end();
    (place.rest.starts_with([' ', ':']) || before.ends_with(':'))
        .then(|| from_place(place, place.rest, false))
}

/// `path:[3,7] message`, as printed by Maven.
fn maven(text: &str, characters: Characters) -> Option<Located<'_>> {
    static OPEN: Needle = Needle::new(":[");
    let at = OPEN.find_among(characters, text)?;
    let path = &text[..at];
    let (line, rest) = leading_number(&text[at + 2..])?;
    let (column, rest) = match rest.strip_prefix(',').and_then(leading_number) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    let rest = rest.strip_prefix(']')?;
    looks_like_path(path).then(|| from_place(Place { path, line, column, end: None, rest }, rest, true))
}

/// `[path:3:7] message`.
fn bracketed_place(text: &str) -> Option<Located<'_>> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    let place = place_at_start(inner)?;
    // Cppcheck prints several locations, of which the last one counts.
    (place.rest.is_empty() && rest.starts_with(' ') && !rest.starts_with(" ->"))
        .then(|| from_place(place, rest, true))
}

/// `path[3, 7]: message`.
fn brackets(text: &str) -> Option<Located<'_>> {
    let at = text.find('[').filter(|&at| at > 0)?;
    let path = &text[..at];
    let (line, rest) = leading_number(&text[at + 1..])?;
    let (column, rest) = leading_number(rest.strip_prefix(',')?.trim_start())?;
    let rest = rest.strip_prefix("]: ")?;
    let place = Place { path, line, column: Some(column), end: None, rest };
    looks_like_path(path).then(|| from_place(place, rest, true))
}

/// `e: file:///path:3:7 message` and `e: path: (3, 7): message`.
fn kotlin(text: &str) -> Option<Located<'_>> {
    let (severity, rest) = if let Some(rest) = text.strip_prefix("e: ") {
        (Severity::Error, rest)
    } else {
        (Severity::Warning, text.strip_prefix("w: ")?)
    };
    let (place, rest) = if let Some(at) = rest.find(": (")
        && let Some((line, after)) = leading_number(&rest[at + 3..])
        && let Some((column, after)) = after.strip_prefix(", ").and_then(leading_number)
        && let Some(after) = after.strip_prefix(')')
    {
        (Place { path: &rest[..at], line, column: Some(column), end: None, rest: after }, after)
    } else {
        let place = place_at_start(rest)?;
        (place, place.rest)
    };
    let mut found = from_place(place, rest, true);
    found.described.severity = Some(severity);
    Some(found)
}

/// `error: path:3: message`, `ERROR: path(3): message`, `vet: path:3:7: message`, `[x] path:3: message`.
fn severity_first(text: &str, characters: Characters) -> Option<Located<'_>> {
    let (severity, rest) = if let Some(rest) = text.strip_prefix("vet: ") {
        (Severity::Error, rest)
    } else if let Some(rest) =
        text.strip_prefix("[x] ").or_else(|| text.strip_prefix("[!] ")).or_else(|| text.strip_prefix("❌ "))
    {
        (Severity::Error, rest.trim_start())
    } else {
        let end = text.bytes().position(|byte| matches!(byte, b':' | b' '))?;
        let is = |word: &str| text[..end].eq_ignore_ascii_case(word);
        let severity = if is("error") || is("fatal") {
            Severity::Error
        } else if is("warning") || is("warn") {
            Severity::Warning
        } else {
            return None;
        };
        (severity, text[end..].trim_start_matches([':', ' ', '-']))
    };
    let mut found = colons(rest).or_else(|| maven(rest, characters)).or_else(|| parentheses(rest))?;
    found.described.severity = found.described.severity.or(Some(severity));
    Some(found)
}

/// `clang-tidy -p=build /src/a.c:3:7: warning: message`: a command's echo before its message.
fn after_command(text: &str, characters: Characters) -> Option<Located<'_>> {
    static PATH: Needle = Needle::new(" /");
    if !characters.may_contain(&PATH) {
        return None;
    }
    let start = PATH.find_all(text).take(16).filter_map(|at| colons(&text[at + 1..])).last()?;
    start.described.severity.is_some().then_some(start)
}

/// `path:docstring of name:26: WARNING: message`, as printed by Sphinx.
fn docstring(text: &str, characters: Characters) -> Option<Located<'_>> {
    static OF: Needle = Needle::new(":docstring of ");
    let (path, rest) = OF.split_among(characters, text)?;
    let (_, rest) = rest.split_once(':')?;
    let (line, rest) = leading_number(rest)?;
    looks_like_path(path).then(|| from_place(Place { path, line, column: None, end: None, rest }, rest, true))
}

/// `path.csproj : error NU1101: message`, `LINK : fatal error LNK1104: message`: a file without a line.
fn without_line(text: &str, characters: Characters) -> Option<Located<'_>> {
    static DIVIDER: Needle = Needle::new(" : ");
    let at = DIVIDER.find_among(characters, text)?;
    let (path, rest) = (&text[..at], &text[at + 3..]);
    let described = describe(rest);
    described.severity?;
    let code = described.code.as_deref()?;
    let numbered =
        code.starts_with(|c: char| c.is_ascii_uppercase()) && code.ends_with(|c: char| c.is_ascii_digit());
    if !numbered || path.len() > 500 {
        return None;
    }
    let location = Location::file(if looks_like_path(path) { path } else { "" });
    Some(Located { path, location, described, sure: true })
}
