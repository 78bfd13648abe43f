//! A line without the prefixes of build tools, containers and clocks.

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Line, Marker, Severity, Span,
    text::{Beginnings, Characters, Needle, leading_number, trim, trim_start},
};

/// A line as the recognisers see it.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_field_names, reason = "the text of a text is what is read most")]
pub(crate) struct Text<'a> {
    /// As cleaned by the scanner, with its indentation.
    pub(crate) line: &'a str,
    /// Without prefixes and surrounding white space.
    pub(crate) text: &'a str,
    /// The same without a word for its severity: `Error: x` is `x`.
    pub(crate) bare: &'a str,
    /// The text before the first `: `, the name of a program or file, and the text after it.
    pub(crate) head: Option<(&'a str, &'a str)>,
    /// The severity named by a prefix, a marker or the first word.
    pub(crate) level: Option<Severity>,
    /// The line is from a logger that names its fields or shortens its levels, like those of Go programs.
    pub(crate) is_logged: bool,
    /// The Compose service that printed the line.
    pub(crate) service: Option<&'a str>,
    /// Leading blanks of the line after the prefixes.
    pub(crate) indent: usize,
    /// The characters of the line: most lines lack those that most recognisers search for.
    pub(crate) characters: Characters,
    pub(crate) span: Span,
}

impl<'a> Text<'a> {
    pub(crate) fn new(line: &'a Line<'_>) -> Self {
        Self::of(&line.text, line.marker, line.span)
    }

    fn of(whole: &'a str, marker: Option<Marker>, span: Span) -> Self {
        let mut level = match marker {
            Some(Marker::Error) => Some(Severity::Error),
            Some(Marker::Warning) => Some(Severity::Warning),
            Some(Marker::Notice) => Some(Severity::Info),
            _ => None,
        };
        let mut text = whole;
        let mut indent = 0;
        let mut service = None;
        for _ in 0..6 {
            let start = trim_start(text);
            indent = text.len() - start.len();
            let Some(rest) = after_prefix(start, &mut level) else { break };
            if service.is_none() && start.starts_with(|c: char| c.is_ascii_lowercase()) {
                service = service_of(start, rest);
            }
            text = rest;
        }
        let mut is_logged = false;
        if let Some((message, logged)) = after_fields(text).or_else(|| after_short_level(text)) {
            (text, level, is_logged) = (message, Some(logged), true);
        }
        let text = trim(text);
        let (bare, said) = after_severity(text);
        let characters = Characters::of(whole);
        Self {
            head: if characters.may_have(b':') { head(text) } else { None },
            line: whole,
            text,
            bare,
            level: said.or(level),
            is_logged,
            service,
            indent,
            characters,
            span,
        }
    }

    /// Returns true if the line itself is marked as an error.
    pub(crate) fn is_error(&self) -> bool {
        self.level.is_some_and(|level| level >= Severity::Error)
    }

    /// Returns true if the line itself is marked as less than an error.
    pub(crate) fn is_mild(&self) -> bool {
        self.level.is_some_and(|level| level < Severity::Error)
    }

    /// A diagnostic for this line.
    pub(crate) fn found(&self, tool: &str, error_type: &str, kind: Kind, message: &str) -> Diagnostic {
        self.at(found(tool, error_type, kind, message, "", self.span))
    }

    /// The same finding with this line as its context and span.
    pub(crate) fn at(&self, found: Diagnostic) -> Diagnostic {
        let context = self.line.trim_end().to_owned();
        // The fields of a logger are quoted.
        let message = if self.is_logged { found.message.replace("\\\"", "\"") } else { found.message };
        Diagnostic { message, context, span: self.span, ..found }
    }
}

/// Splits a text at its first `: `.
fn head(text: &str) -> Option<(&str, &str)> {
    static COLON: Needle = Needle::new(": ");
    let at = COLON.find(&text[..text.floor_char_boundary(400)])?;
    Some((&text[..at], &text[at + 2..]))
}

/// A diagnostic without location and code.
pub(crate) fn found(
    tool: &str,
    error_type: &str,
    kind: Kind,
    message: &str,
    context: &str,
    span: Span,
) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: error_type.to_owned(),
        message: message.trim().to_owned(),
        kind,
        context: context.trim_end().to_owned(),
        span,
        ..Diagnostic::default()
    }
}

/// The text after one prefix.
fn after_prefix<'a>(start: &'a str, level: &mut Option<Severity>) -> Option<&'a str> {
    match start.as_bytes().first()? {
        b'[' => after_tag(start, level),
        b'(' => after_clock(&start[1..]).and_then(|rest| rest.strip_prefix(')')),
        b'0'..=b'9' => after_date(start)
            .or_else(|| after_clock(start))
            .or_else(|| after_seconds(start))
            .and_then(|rest| rest.strip_prefix(' ').or_else(|| rest.strip_prefix('\t')).or(end_of(rest))),
        b'>' => start.strip_prefix("> "),
        b'|' => start.strip_prefix("| "),
        // Molecule draws a line next to Ansible's output.
        0xe2 => start.strip_prefix("│ "),
        b'=' => after_machine(start, level),
        // The output of a remote shell, as marked by actions that run one.
        b'e' if start.starts_with("err: ") => Some(&start[5..]),
        b'o' if start.starts_with("out: ") => Some(&start[5..]),
        b'a'..=b'z' => after_service(start),
        _ => None,
    }
}

/// The service in `web-1  | `, the prefix that Compose put before the rest.
fn service_of<'a>(start: &'a str, rest: &str) -> Option<&'a str> {
    let prefix = &start[..start.len() - rest.len()];
    prefix.trim_end().strip_suffix('|').map(str::trim_end)
}

fn end_of(rest: &str) -> Option<&str> {
    rest.is_empty().then_some(rest)
}

/// `time="…" level=fatal msg="message" key=value`: the message and its severity.
fn after_fields(text: &str) -> Option<(&str, Severity)> {
    static MESSAGE: Needle = Needle::new(" msg=");
    static LEVEL: Needle = Needle::new("level=");
    if !(text.starts_with("time=") || text.starts_with("level=") || text.starts_with("ts=")) {
        return None;
    }
    let (fields, rest) = MESSAGE.split(text)?;
    let (_, level) = LEVEL.split(fields)?;
    let level = severity_of(level.split(' ').next()?.trim_matches('"'))?;
    let Some(quoted) = rest.strip_prefix('"') else { return Some((rest, level)) };
    let mut escaped = false;
    let end = quoted.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    Some((&quoted[..end.unwrap_or(quoted.len())], level))
}

/// `FATA[0003] message`, `ERRO[2024-05-01T10:00:00Z] message`.
fn after_short_level(text: &str) -> Option<(&str, Severity)> {
    static WORDS: Beginnings = Beginnings::new(&["FATA[", "PANI[", "ERRO[", "WARN[", "INFO[", "DEBU["]);
    let level = match WORDS.position(text)? {
        0 | 1 => Severity::Fatal,
        2 => Severity::Error,
        3 => Severity::Warning,
        _ => Severity::Info,
    };
    let (_, message) = text.split_once("] ")?;
    Some((message, level))
}

/// `[ERROR] `, `[lint] `, `[12:00:01] `, `[2024-01-01 12:00:01] `.
fn after_tag<'a>(start: &'a str, level: &mut Option<Severity>) -> Option<&'a str> {
    let (name, rest) = start[1..].split_at_checked(start[1..].find(']')?)?;
    let rest = &rest[1..];
    if !(rest.is_empty() || rest.starts_with([' ', '\t', ':'])) {
        return None;
    }
    let is_word = (1..=24).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.'))
        && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_clock = || [after_date(name), after_clock(name)].into_iter().flatten().any(|end| end.len() <= 6);
    if !is_word && !is_clock() {
        return None;
    }
    if let Some(named) = severity_of(name) {
        *level = Some(named);
    }
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// `12:00:01`, `12:00:01.123`, `12:00:01,123`.
fn after_clock(start: &str) -> Option<&str> {
    let clock = start.as_bytes().first_chunk::<8>()?;
    let fits = clock
        .iter()
        .enumerate()
        .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    let rest = fits.then(|| &start[8..])?;
    Some(match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    })
}

/// `2024-01-01 12:00:01`, `2024/01/01 12:00:01`, `2024-01-01T12:00:01.123Z`, `…+01:00`.
fn after_date(start: &str) -> Option<&str> {
    let date = start.as_bytes().first_chunk::<10>()?;
    let fits = date.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => matches!(byte, b'-' | b'/'),
        _ => byte.is_ascii_digit(),
    });
    let rest = fits.then(|| &start[10..])?;
    let rest = after_clock(rest.strip_prefix([' ', 'T'])?)?;
    if let Some(rest) = rest.strip_prefix('Z') {
        // crun writes `: ` after it.
        return Some(rest.strip_prefix(':').unwrap_or(rest));
    }
    let zone = rest.strip_prefix(['+', '-']).filter(|zone| {
        zone.len() >= 4 && zone.as_bytes()[..4].iter().all(|byte| byte.is_ascii_digit() || *byte == b':')
    });
    Some(match zone {
        Some(zone) => zone.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'),
        None => rest,
    })
}

/// `12.41` before a step's output that Docker's builder repeats.
fn after_seconds(start: &str) -> Option<&str> {
    let (_, rest) = leading_number(start)?;
    let (_, after) = leading_number(rest.strip_prefix('.')?)?;
    let digits = rest.len() - 1 - after.len();
    (1..=4).contains(&digits).then_some(after)
}

/// `==> default: ` of Vagrant, `==> docker.web: ` of Packer.
fn after_machine<'a>(start: &'a str, level: &mut Option<Severity>) -> Option<&'a str> {
    let (name, rest) = start.strip_prefix("==> ")?.split_once(": ")?;
    if matches!(name, "ERROR" | "WARNING") {
        // makepkg's levels.
        *level = severity_of(name);
    }
    let is_name = name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_name.then_some(rest)
}

/// `web-1  | `, which Compose prints before the output of a service.
fn after_service(start: &str) -> Option<&str> {
    let bytes = start.as_bytes();
    let name = bytes
        .iter()
        .take(48)
        .take_while(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
        })
        .count();
    // Most lines start with a word and end here.
    if bytes.get(name) != Some(&b' ') {
        return None;
    }
    let rest = start[name..].trim_start_matches(' ');
    rest.strip_prefix("| ").or_else(|| (rest == "|").then_some(""))
}

/// The severity named by a tag or field.
pub(crate) fn severity_of(name: &str) -> Option<Severity> {
    Some(match name {
        "ERROR" | "error" | "Error" | "ERR" | "SEVERE" | "E" | "err" => Severity::Error,
        "FATAL" | "fatal" | "CRITICAL" | "FTL" | "critical" => Severity::Fatal,
        "WARNING" | "WARN" | "warn" | "warning" | "Warning" | "WRN" | "W" => Severity::Warning,
        "INFO" | "info" | "INF" | "NOTICE" | "notice" | "DEBUG" | "debug" | "DBG" | "TRACE" | "trace"
        | "Debug" | "Info" => Severity::Info,
        _ => return None,
    })
}

/// A line without its words for a severity, and the first severity that they named.
pub(crate) fn after_severity(text: &str) -> (&str, Option<Severity>) {
    static WORDS: Beginnings = Beginnings::new(&[
        "Error: ",
        "ERROR: ",
        "error: ",
        "Fatal: ",
        "FATAL: ",
        "FATAL ERROR: ",
        "Fatal error: ",
        "fatal error: ",
        "ERROR ",
        "CRITICAL ",
        "FATAL ",
        "error - ",
        "Error - ",
        "ERROR - ",
        "ERR! ",
        "✘ ",
        "✖ ",
        "❌ ",
        "✗ ",
        "× ",
        "🚨 ",
        "⛔ ",
        "!!! ",
        "Warning: ",
        "WARNING: ",
        "warning: ",
        "WARN ",
        "WARNING ",
        "⚠️ ",
        "⚠ ",
    ]);
    const MILD: usize = 23;
    let mut rest = text;
    let mut level = None;
    for _ in 0..3 {
        let Some(at) = WORDS.position(rest) else { break };
        let named = if at >= MILD { Severity::Warning } else { Severity::Error };
        level = level.or(Some(named));
        let word = rest.find([' ']).map_or(rest.len(), |blank| blank + 1);
        // Words of two parts: the remaining part is a word of its own.
        rest = rest[word..].trim_start_matches([' ', '-', ':', '\u{fe0f}']);
        rest = ["error: ", "ERROR: "].iter().find_map(|part| rest.strip_prefix(part)).unwrap_or(rest);
    }
    (rest, level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_removed() {
        for (line, text, bare, level) in [
            ("plain words", "plain words", "plain words", None),
            ("[ERROR] x y", "x y", "x y", Some(Severity::Error)),
            ("12.41 E: no", "E: no", "E: no", None),
            ("(09:14:02) ERROR: a b", "ERROR: a b", "a b", Some(Severity::Error)),
            ("2024-05-01 10:00:01,123 a", "a", "a", None),
            ("2024-05-01T10:00:01.5+01:00 [lint] a", "a", "a", None),
            ("web-1  | fatal: x", "fatal: x", "fatal: x", None),
            ("==> default: E: x", "E: x", "E: x", None),
            ("[12:00:00] Error: Fatal error: x", "Error: Fatal error: x", "x", Some(Severity::Error)),
            ("⚠️  odd", "⚠️  odd", "odd", Some(Severity::Warning)),
            ("[x y] a", "[x y] a", "[x y] a", None),
            ("1.5 GB", "GB", "GB", None),
            ("a | b", "b", "b", None),
            ("12:00 x", "12:00 x", "12:00 x", None),
            ("FATA[0003] no till", "no till", "no till", Some(Severity::Fatal)),
            (
                "time=\"x\" level=error msg=\"a \\\"b\\\" c\" k=v",
                "a \\\"b\\\" c",
                "a \\\"b\\\" c",
                Some(Severity::Error),
            ),
        ] {
            let read = Text::of(line, None, Span::default());
            assert_eq!((read.text, read.bare, read.level), (text, bare, level), "{line}");
        }
    }
}
