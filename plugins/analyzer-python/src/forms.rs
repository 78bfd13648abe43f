//! One-line findings of less common linters.
//!
//! | tool | form |
//! | --- | --- |
//! | pylint | `path(3): [C0114(missing-docstring)f] message` (for Visual Studio) |
//! | mypy | `path: error: message`, `path.ini: [mypy]: message` |
//! | pyflakes | `path:3:1: 'x' imported but unused` |
//! | pylama | `path:3:1: [E] E302 message [pycodestyle]` |
//! | pyre | `path:3:1 Incompatible return type [7]: message` |
//! | pytype | `File "path", line 3, in f: message [attribute-error]` |
//! | refurb | `path:3:1 [FURB123]: message` |
//! | vulture | `path:3: unused function 'x' (60% confidence)` |
//! | codespell | `path:3: teh ==> the` |
//! | fixit | `path@3:1 Rule: message` |
//! | xenon | `ERROR:xenon:block "path:3 f" has a rank of D` |
//! | import-linter | `a.x is not allowed to import b.y:` |
//! | sqlfluff | `L:   3 \| P:   1 \| LT01 \| message [layout.spacing]` below `== [path.sql] FAIL` |
//! | flake8 | `There was a critical error during execution of Flake8:` |

use grimoire_plugin_sdk::text::{
    Characters, Needle, Place, leading_number, place_at_start, trailing_group, trim,
};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::finding::{finding, is_code, is_python, is_rule};

/// The text after a location.
pub(crate) fn read(place: &Place<'_>, rest: &str, span: Span) -> Option<Diagnostic> {
    let make = |tool, code: &str, message: &str, severity| {
        let mut found = finding(tool, code, message, severity, place.location(), span);
        if code.is_empty() {
            "lint".clone_into(&mut found.error_type);
        }
        Some(found)
    };
    if let Some((wrong, right)) = rest.split_once(" ==> ")
        && !wrong.contains(' ')
        && !right.is_empty()
    {
        return make("codespell", "", rest, Severity::Error);
    }
    if !is_python(place.path) {
        return None;
    }
    // `[E] E302 message [pycodestyle]`
    if let Some((level, message)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] "))
        && level.len() == 1
    {
        let (message, _) = trailing_group(message, '[', ']').unwrap_or((message, ""));
        let (code, words) =
            message.split_once(' ').filter(|(code, _)| is_code(code)).unwrap_or(("", message));
        let severity = if matches!(level, "E" | "F") { Severity::Error } else { Severity::Warning };
        return make("pylama", code, words, severity);
    }
    if let Some((code, message)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("]: "))
        && is_code(code)
    {
        return make("refurb", code, message, Severity::Error);
    }
    if rest.starts_with("unused ") && rest.ends_with("% confidence)")
        || rest.starts_with("unreachable code after")
    {
        let message = trailing_group(rest, '(', ')').map_or(rest, |(message, _)| message);
        return make("vulture", "", message, Severity::Error);
    }
    if let Some((kind, message)) = rest.split_once("]: ")
        && let Some((kind, number)) = kind.rsplit_once(" [")
        && (1..=4).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && kind.starts_with(|c: char| c.is_ascii_uppercase())
    {
        return make("pyre", number, &format!("{kind}: {message}"), Severity::Error);
    }
    is_pyflakes(rest).then(|| make("pyflakes", "", rest, Severity::Error))?
}

fn is_pyflakes(text: &str) -> bool {
    let quoted = text.starts_with('\'');
    quoted
        && (text.ends_with(" imported but unused")
            || text.contains("' imported but unused")
            || text.ends_with("may be undefined, or defined from star imports")
            || text.contains(" unable to detect undefined names"))
        || text.starts_with("undefined name '")
        || text.starts_with("local variable '")
            && (text.contains("is assigned to but never used")
                || text.contains("referenced before assignment"))
        || text.starts_with("redefinition of unused '")
        || text.starts_with("import '") && text.contains("shadowed by loop variable")
        || text == "f-string is missing placeholders"
}

/// Lines that start with no location.
pub(crate) fn without_place(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    match text.as_bytes().first()? {
        b'F' => pytype(text, span),
        b'E' => xenon(text, span),
        b'T' => flake8_failed(text, span),
        _ => parenthesised(text, among, span)
            .or_else(|| file_only(text, among, span))
            .or_else(|| fixit(text, among, span))
            .or_else(|| forbidden(text, among, span)),
    }
}

/// `path(3): [C0114(missing-docstring)f] message`.
fn parenthesised(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static INSIDE: Needle = Needle::new("): [");
    INSIDE.find_among(among, text)?;
    let open = text.find('(')?;
    let path = &text[..open];
    if !is_python(path) {
        return None;
    }
    let (line, rest) = leading_number(&text[open + 1..])?;
    let (inside, message) = rest.strip_prefix("): [")?.split_once("] ")?;
    let code = inside.split('(').next().filter(|code| is_code(code))?;
    let severity = match code.as_bytes()[0] {
        b'E' => Severity::Error,
        b'F' => Severity::Fatal,
        b'I' => Severity::Info,
        _ => Severity::Warning,
    };
    Some(finding("pylint", code, message, severity, Location::at(path, line, None), span))
}

/// `path.py: error: message`, `mypy.ini: [mypy]: message`.
fn file_only(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static ERROR: Needle = Needle::new(": error: ");
    static SECTION: Needle = Needle::new("]: ");
    ERROR.find_among(among, text).or_else(|| SECTION.find_among(among, text))?;
    let (path, rest) = text.split_once(": ")?;
    if is_python(path) && !path.contains(' ') {
        let message = rest.strip_prefix("error: ")?;
        let (message, code) = match trailing_group(message, '[', ']') {
            Some((words, code)) if is_rule(code) => (words, code),
            _ => (message, ""),
        };
        let mut found = finding("mypy", code, message, Severity::Error, Location::file(path), span);
        if code.is_empty() {
            "type-check".clone_into(&mut found.error_type);
        }
        return Some(found);
    }
    let is_settings = [".ini", ".cfg", ".toml"].iter().any(|end| path.ends_with(end));
    let section = rest.starts_with("[mypy")
        || rest.starts_with("[tool.mypy")
        || path == "mypy.ini" && rest.starts_with('[');
    if is_settings && section && rest.contains("]: ") {
        let mut found = finding("mypy", "", rest, Severity::Warning, Location::file(path), span);
        "configuration".clone_into(&mut found.error_type);
        found.kind = Kind::Configuration;
        return Some(found);
    }
    None
}

/// `File "path", line 3, in f: message [attribute-error]`.
fn pytype(text: &str, span: Span) -> Option<Diagnostic> {
    let rest = text.strip_prefix("File \"")?;
    let (path, rest) = rest.split_once("\", line ")?;
    let (line, rest) = leading_number(rest)?;
    let (_, message) = rest.strip_prefix(", in ")?.split_once(": ")?;
    let (message, code) = trailing_group(message, '[', ']').filter(|(_, code)| is_rule(code))?;
    Some(finding("pytype", code, message, Severity::Error, Location::at(path, line, None), span))
}

/// `ERROR:xenon:block "path:3 f" has a rank of D`.
fn xenon(text: &str, span: Span) -> Option<Diagnostic> {
    let message = text.strip_prefix("ERROR:xenon:")?;
    let place = message.split_once('"').and_then(|(_, rest)| place_at_start(rest));
    let location = place.map_or_else(Location::default, |place| place.location());
    let mut found = finding("xenon", "", message, Severity::Error, location, span);
    "complexity".clone_into(&mut found.error_type);
    Some(found)
}

fn flake8_failed(text: &str, span: Span) -> Option<Diagnostic> {
    text.starts_with("There was a critical error during execution of Flake8").then(|| {
        let mut found = finding("flake8", "", trim(text), Severity::Error, Location::default(), span);
        "configuration".clone_into(&mut found.error_type);
        found.kind = Kind::Configuration;
        found
    })
}

/// `path@3:1 Rule: message`.
fn fixit(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static AT: Needle = Needle::new(".py@");
    let (path, rest) = AT.split_among(among, text)?;
    let (line, rest) = leading_number(rest)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    let (rule, message) = rest.strip_prefix(' ')?.split_once(": ")?;
    let location = Location::at(&format!("{path}.py"), line, Some(column));
    (!rule.contains(' ')).then(|| finding("fixit", rule, message, Severity::Error, location, span))
}

/// `a.x is not allowed to import b.y:`.
fn forbidden(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static FORBIDDEN: Needle = Needle::new(" is not allowed to import ");
    let (from, to) = FORBIDDEN.split_among(among, text)?;
    let is_module = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
    };
    let to = to.strip_suffix(':')?;
    (is_module(from) && is_module(to)).then(|| {
        let mut found = finding(
            "import-linter",
            "",
            trim(text).trim_end_matches(':'),
            Severity::Error,
            Location::default(),
            span,
        );
        "contract".clone_into(&mut found.error_type);
        found
    })
}

/// `== [path.sql] FAIL`: the file of the findings below.
pub(crate) fn sqlfluff_file(text: &str) -> Option<&str> {
    text.strip_prefix("== [")?.strip_suffix("] FAIL")
}

/// `L:   3 | P:   1 | LT01 | message [layout.spacing]`.
pub(crate) fn sqlfluff(path: &str, text: &str, span: Span) -> Option<Diagnostic> {
    let mut parts = text.strip_prefix("L:")?.splitn(4, '|').map(str::trim);
    let line = parts.next()?.parse().ok()?;
    let column = parts.next()?.strip_prefix("P:")?.trim().parse().ok();
    let code = parts.next()?;
    let message = parts.next()?;
    let (message, _) = trailing_group(message, '[', ']').unwrap_or((message, ""));
    Some(finding("sqlfluff", code, message, Severity::Error, Location::at(path, line, column), span))
}
