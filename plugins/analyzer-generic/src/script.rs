//! Interpreters whose place is in words: shells, Perl, PHP, Elixir; and tools that name their fields.

use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{leading_number, looks_like_path, place_at_start},
};

/// Reads one line without prefixes.
pub(crate) fn read(text: &str, level: Option<Severity>, span: Span) -> Option<Diagnostic> {
    let found = shell(text)
        .or_else(|| php(text))
        .or_else(|| elixir(text))
        .or_else(|| perl(text))
        .or_else(|| fields(text))
        .or_else(|| issue_at(text))?;
    let Found { tool, error_type, message, location, severity } = found;
    let message = message.trim();
    if message.is_empty() {
        return None;
    }
    Some(Diagnostic {
        tool: tool.to_owned(),
        error_type: error_type.to_owned(),
        message: message.to_owned(),
        severity: severity.or(level.filter(|&level| level >= Severity::Warning)).unwrap_or(Severity::Error),
        location,
        context: text.to_owned(),
        span,
        ..Diagnostic::default()
    })
}

struct Found<'a> {
    tool: &'static str,
    error_type: &'a str,
    message: &'a str,
    location: Option<Location>,
    severity: Option<Severity>,
}

/// `build.sh: line 3: foo: command not found`, `sh: 11: Syntax error: …`, `run.sh: syntax error at line 9: …`.
fn shell(text: &str) -> Option<Found<'_>> {
    let (name, rest) = text.split_once(':')?;
    if name.is_empty() || name.contains([' ', '(', '[', '"']) || name.len() > 300 {
        return None;
    }
    let base = name.rsplit('/').next().unwrap_or_default();
    let is_shell = matches!(base, "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash")
        || base.contains(".sh")
        || base.ends_with(".bash")
        || name.starts_with('/');
    let words = ["line ", "行", "Zeile ", "ligne ", "línea ", "linha ", "строка ", "riga "];
    let spaced = rest.trim_start();
    let (line, message, sure) = if let Some(after) = words.iter().find_map(|word| spaced.strip_prefix(word)) {
        let (line, after) = leading_number(after)?;
        (line, after.strip_prefix(':')?, true)
    } else if is_shell
        && rest.starts_with(' ')
        && let Some((line, after)) = leading_number(spaced)
    {
        (line, after.strip_prefix(": ")?, false)
    } else if let Some((message, after)) = spaced.split_once(" at line ")
        && spaced.starts_with("syntax error")
    {
        let (line, after) = leading_number(after)?;
        (line, if after.is_empty() { message } else { &spaced[..] }, true)
    } else {
        return None;
    };
    let message = message.trim();
    let known = [
        "not found",
        "yntax error",
        "No such file",
        "ermission denied",
        "annot",
        "unbound variable",
        "parameter not set",
        "unexpected",
    ];
    // A line number in words is a shell's own; a bare number needs words that shells use.
    if message.is_empty()
        || message.len() < 4
        || !message.chars().any(char::is_alphabetic)
        || !(sure && (is_shell || known.iter().any(|word| message.contains(word))))
            && !known.iter().any(|word| message.contains(word))
    {
        return None;
    }
    let error_type = if message.ends_with("not found") {
        "command-not-found"
    } else if message.to_ascii_lowercase().contains("syntax error") {
        "syntax"
    } else {
        "shell"
    };
    Some(Found {
        tool: "shell",
        error_type,
        message,
        location: Some(Location::at(name, line, None)),
        severity: None,
    })
}

/// `PHP Fatal error:  message in /src/a.php on line 3`.
fn php(text: &str) -> Option<Found<'_>> {
    let text = text.strip_prefix("PHP ").unwrap_or(text);
    let kinds = ["Parse error", "Fatal error", "Warning", "Notice", "Deprecated", "Catchable fatal error"];
    let kind =
        kinds.iter().find(|kind| text.strip_prefix(**kind).is_some_and(|rest| rest.starts_with(": ")))?;
    let rest = &text[kind.len() + 2..];
    let (before, line) = rest.rsplit_once(" on line ")?;
    let (line, _) = leading_number(line)?;
    let (message, path) = before.rsplit_once(" in ")?;
    let severity = if kind.ends_with("error") { Severity::Error } else { Severity::Warning };
    Some(Found {
        tool: "php",
        error_type: kind,
        message,
        location: Some(Location::at(path, line, None)),
        severity: Some(severity),
    })
}

/// `** (CompileError) lib/a.ex:3: message`.
fn elixir(text: &str) -> Option<Found<'_>> {
    let (error_type, rest) = text.strip_prefix("** (")?.split_once(") ")?;
    if error_type.contains(' ') {
        return None;
    }
    let (location, message) = match place_at_start(rest) {
        Some(place) => (Some(place.location()), place.rest),
        None => (None, rest),
    };
    Some(Found { tool: "elixir", error_type, message, location, severity: None })
}

/// `message at lib/a.pm line 3.`, `message at line 3, column 7.  Explanation.`
fn perl(text: &str) -> Option<Found<'_>> {
    let at = text.find(" line ").filter(|&at| leading_number(&text[at + 6..]).is_some())?;
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
            message,
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
        message: &text[..place],
        location: Some(Location::at(path, line, None)),
        severity: None,
    })
}

/// `warning file=/src/A.scala message=text line=3 column=7`.
fn fields(text: &str) -> Option<Found<'_>> {
    let (word, rest) = text.split_once(" file=")?;
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
        message,
        location: Some(Location::at(path, line, column)),
        severity: Some(severity),
    })
}

/// Swift Testing: `Test name() recorded an issue at Tests.swift:9:5: message`.
fn issue_at(text: &str) -> Option<Found<'_>> {
    let (_, rest) = text.split_once(" recorded an issue ")?;
    let (_, rest) = rest.split_once("at ")?;
    let place = place_at_start(rest)?;
    Some(Found {
        tool: "swift",
        error_type: "test",
        message: place.rest,
        location: Some(place.location()),
        severity: None,
    })
}
