//! Interpreters that print the location in words: shells, Perl; and tools that name their fields.

use std::borrow::Cow;

use crate::prefix::Stripped;
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Location, Role, Severity, Span,
    text::{Characters, Needle, extension, kind_of, leading_number, looks_like_path},
};

/// Reads one line without prefixes.
pub(crate) fn read(line: &Stripped<'_>, span: Span) -> Option<Diagnostic> {
    let Stripped { text, level, characters, .. } = *line;
    let numbered = characters.may_have_digits();
    let found = (numbered && characters.may_have(b':'))
        .then(|| shell(text))
        .flatten()
        .or_else(|| numbered.then(|| perl(text, characters)).flatten())
        .or_else(|| fields(text, characters))
        .or_else(|| table(text))
        .or_else(|| inspection(text))?;
    let Found { tool, error_type, message, location, severity } = found;
    let message = message.trim();
    if message.is_empty() {
        return None;
    }
    // Perl reports for each dependent module that it could not be loaded.
    let follows = tool == "perl"
        && (message.starts_with("BEGIN failed--compilation aborted")
            || message.starts_with("Compilation failed in require"));
    Some(Diagnostic {
        role: if follows { Role::Consequence } else { Role::Root },
        tool: tool.to_owned(),
        error_type: error_type.to_owned(),
        message: message.to_owned(),
        severity: severity.or(level.filter(|&level| level >= Severity::Warning)).unwrap_or(Severity::Error),
        confidence: Confidence::Likely,
        kind: kind_of(message),
        location: location.filter(|location| !is_made_by_ci(&location.path)),
        context: text.to_owned(),
        span,
        ..Diagnostic::default()
    })
}

/// Scripts that the CI system generates for a step: not files of the repository.
fn is_made_by_ci(path: &str) -> bool {
    path.contains("/_temp/") || path.contains("@tmp/durable-") || path.ends_with("step_script")
}

struct Found<'a> {
    tool: &'static str,
    error_type: &'a str,
    message: Cow<'a, str>,
    location: Option<Location>,
    severity: Option<Severity>,
}

/// `build.sh: line 3: foo: command not found`, `sh: 11: Syntax error: …`, `run.sh: syntax error at line 9: …`.
fn shell(text: &str) -> Option<Found<'_>> {
    const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "ash"];
    const WORDS: [&str; 8] = [
        "not found",
        "yntax error",
        "No such file",
        "ermission denied",
        "annot ",
        "unbound variable",
        "parameter not set",
        "parse error near",
    ];
    let (name, rest) = text.split_once(':')?;
    if name.is_empty() || name.contains([' ', '(', '[', '"']) || name.len() > 300 {
        return None;
    }
    let base = name.rsplit('/').next().unwrap_or_default();
    let is_shell =
        SHELLS.contains(&base) || base.contains(".sh") || extension(base) == "bash" || name.starts_with('/');
    // `file:3: message` is a compiler's format, and a shell's only with a shell's words.
    let bare = rest.starts_with(|c: char| c.is_ascii_digit());
    let rest = rest.trim_start();
    let (line, message) = numbered(rest)?;
    let message = message.trim();
    let known = WORDS.iter().any(|word| message.contains(word));
    // The words of other languages are unknown, but the format with a word is a shell's.
    let sure = is_shell && !rest.starts_with(|c: char| c.is_ascii_digit());
    if message.len() < 4
        || !message.chars().any(char::is_alphabetic)
        || !(known || sure)
        || crate::tool::is_others(name)
        || bare && !message.starts_with("parse error near") && !message.starts_with("command not found")
    {
        return None;
    }
    let error_type = if message.ends_with("not found") {
        "command-not-found"
    } else if message.to_ascii_lowercase().contains("syntax error") || message.contains("parse error") {
        "syntax"
    } else {
        "shell"
    };
    Some(Found {
        tool: "shell",
        error_type,
        message: message.into(),
        location: Some(Location::at(name, line, None)),
        severity: None,
    })
}

/// `line 3: message`, the same in other languages, `3: message`, `syntax error at line 3: message`.
fn numbered(rest: &str) -> Option<(u32, &str)> {
    if let Some(after) = rest.strip_prefix("syntax error at line ") {
        let (line, _) = leading_number(after)?;
        return Some((line, rest));
    }
    let (place, message) = rest.split_once(':')?;
    let digits = place.find(|c: char| c.is_ascii_digit())?;
    let word = place[..digits].trim_end();
    let is_word = word.is_empty()
        || matches!(word, "line" | "Zeile" | "ligne" | "linha" | "riga" | "regel" | "linje")
        || !word.is_ascii() && word.len() <= 12;
    let (line, after) = leading_number(&place[digits..])?;
    (is_word && after.is_empty()).then_some((line, message))
}

/// `message at lib/a.pm line 3.`, `message at line 3, column 7.  Explanation.`
fn perl(text: &str, characters: Characters) -> Option<Found<'_>> {
    static LINE: Needle = Needle::new(" line ");
    let at = LINE.find_among(characters, text).filter(|&at| leading_number(&text[at + 6..]).is_some())?;
    let (line, rest) = leading_number(&text[at + 6..])?;
    let before = &text[..at];
    // Perl::Critic: the file first, or none.
    if let Some(message) = before.strip_suffix(" at")
        && let Some((column, _)) = rest.strip_prefix(", column ").and_then(leading_number)
    {
        let (path, message) = match message.split_once(": ") {
            Some((path, rest)) if path.contains(['/', '.']) && !path.contains(' ') => (path, rest),
            _ => ("-", message),
        };
        return Some(Found {
            tool: "perl",
            error_type: "policy",
            message: message.into(),
            location: Some(Location::at(path, line, Some(column))),
            severity: Some(Severity::Warning),
        });
    }
    let place = before.rfind(" at ")?;
    let path = &before[place + 4..];
    let ends = rest.starts_with('.') || rest.starts_with(", ") || rest.is_empty();
    if !ends || !(looks_like_path(path) || path == "-") || path.contains(' ') || crate::tool::is_others(path)
    {
        return None;
    }
    Some(Found {
        tool: "perl",
        error_type: "perl",
        message: text[..place].into(),
        location: Some(Location::at(path, line, None)),
        severity: None,
    })
}

/// `warning file=/src/A.scala message=text line=3 column=7`.
fn fields(text: &str, characters: Characters) -> Option<Found<'_>> {
    static FILE: Needle = Needle::new(" file=");
    let (word, rest) = FILE.split_among(characters, text)?;
    let severity = match word {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => return None,
    };
    let (path, rest) = rest.split_once(" message=")?;
    let (message, place) = match rest.rsplit_once(" line=") {
        Some((message, place)) => (message, place),
        None => (rest, ""),
    };
    let line = leading_number(place).map_or(0, |(line, _)| line);
    let column =
        place.split_once("column=").and_then(|(_, column)| leading_number(column)).map(|(column, _)| column);
    Some(Found {
        tool: "scalastyle",
        error_type: "style",
        message: message.into(),
        location: Some(Location::at(path, line, column)),
        severity: Some(severity),
    })
}

/// PMD's CSV: number, package, file, priority, line, description.
fn table(text: &str) -> Option<Found<'_>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut cells = inner.split("\",\"");
    cells.next()?.parse::<u32>().ok()?;
    let path = cells.nth(1)?;
    let priority: u32 = cells.next()?.parse().ok()?;
    let line: u32 = cells.next()?.parse().ok()?;
    let message = cells.next()?;
    let severity = if priority <= 2 { Severity::Error } else { Severity::Warning };
    looks_like_path(path).then(|| Found {
        tool: "pmd",
        error_type: "rule",
        message: message.into(),
        location: Some(Location::at(path, line, None)),
        severity: Some(severity),
    })
}

/// TeamCity: `##teamcity[inspection typeId='x' message='text' file='a.go' line='3' SEVERITY='ERROR']`.
fn inspection(text: &str) -> Option<Found<'_>> {
    let inner = text.strip_prefix("##teamcity[inspection ")?.strip_suffix(']')?;
    let field = |name: &str| {
        let start = inner.find(&format!("{name}='"))? + name.len() + 2;
        let value = &inner[start..];
        // A `|` escapes the next character.
        let mut escaped = false;
        let end = value.find(|c: char| {
            let ends = c == '\'' && !escaped;
            escaped = c == '|' && !escaped;
            ends
        })?;
        Some(&value[..end])
    };
    let mut message = String::new();
    let mut characters = field("message")?.chars();
    while let Some(c) = characters.next() {
        match c {
            '|' => message.push(characters.next().filter(|c| !matches!(c, 'n' | 'r')).unwrap_or(' ')),
            c => message.push(c),
        }
    }
    let line = field("line").and_then(|line| line.parse().ok()).unwrap_or_default();
    let severity = if field("SEVERITY").is_some_and(|word| word.starts_with("WARN")) {
        Severity::Warning
    } else {
        Severity::Error
    };
    Some(Found {
        tool: "teamcity",
        error_type: field("typeId")?,
        message: message.into(),
        location: field("file").map(|path| Location::at(path, line, None)),
        severity: Some(severity),
    })
}
