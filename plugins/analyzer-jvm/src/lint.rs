//! One-line findings of linters for Java, Kotlin and Android.
//!
//! | tool | form |
//! | --- | --- |
//! | Checkstyle | `[ERROR] /src/Pot.java:12:5: message [RuleName]`, `[ERROR] Pot.java:[12,5] (imports) RuleName: message` |
//! | PMD | `PMD Failure: org.example.Pot:12 Rule:RuleName Priority:3 message`, `/src/Pot.java:12:    RuleName:    message` |
//! | SpotBugs | `[ERROR] Medium: message [org.example.Pot] At Pot.java:[line 12] CODE` |
//! | ktlint, detekt | `/src/Pot.kt:12:1: message (standard:rule)`, `/src/Pot.kt:12:1: message [RuleName]` |
//! | Android Lint | `/src/Pot.java:12: Error: message [RuleName]` |
//! | scalastyle | `error file=/src/Pot.scala message=… line=12 column=3` |
//! | JaCoCo, Enforcer | `Rule violated for …`, `Rule 0: … failed with message:` |
//!
//! A finding marked as a warning becomes an error if the checking goal fails.

use crate::{
    session::Session,
    text::{Level, Text},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity,
    text::{Characters, Needle, extension, leading_number, place_at_start, trailing_group},
};

/// Reads findings.
#[derive(Debug, Default)]
pub(crate) struct Linters {
    /// A rule of the Enforcer, and whether it is a warning; the message is on the next line.
    rule: Option<(Diagnostic, bool)>,
}

impl Linters {
    /// Reads a line; returns whether it is a finding.
    pub(crate) fn line(&mut self, text: &Text<'_>, session: &mut Session, out: &mut Vec<Diagnostic>) -> bool {
        if let Some((mut found, is_warning)) = self.rule.take()
            && !text.is_blank()
        {
            text.words.clone_into(&mut found.message);
            found.context.push('\n');
            found.context.push_str(text.raw);
            found.span = found.span.to(text.span);
            session.rule(found, is_warning, out);
            return true;
        }
        if let Some(name) = enforcer(text.words) {
            let found = Diagnostic { kind: Kind::Configuration, ..diagnostic("maven", name, "", None, text) };
            self.rule = Some((Diagnostic { code: None, ..found }, text.level == Some(Level::Warning)));
            return true;
        }
        let Some(found) = read(text) else { return false };
        let is_warning = match text.level {
            Some(level) => level != Level::Error,
            // Some builds tolerate findings without a level.
            None => found.severity < Severity::Error || found.tool != "android-lint",
        };
        session.rule(found, is_warning, out);
        true
    }
}

/// The rule in `Rule 0: org.apache.maven.enforcer.rules.version.RequireJavaVersion failed with message:`.
fn enforcer(line: &str) -> Option<&str> {
    let (_, rest) = leading_number(line.strip_prefix("Rule ")?)?;
    let rule = rest.strip_prefix(": ")?.strip_suffix(" failed with message:")?;
    let rule = rule.split('(').next().unwrap_or(rule);
    Some(rule.rsplit('.').next().unwrap_or(rule))
}

fn read(text: &Text<'_>) -> Option<Diagnostic> {
    static RULE: Needle = Needle::new("Rule");
    static FAILURE: Needle = Needle::new("PMD Failure: ");
    static AT: Needle = Needle::new(" At ");
    let characters = text.characters;
    if RULE.find_among(characters, text.words).is_some() {
        if let Some(rest) = text.words.strip_prefix(FAILURE.text()) {
            return pmd_failure(rest, text);
        }
        if text.words.starts_with("Rule violated for ") {
            return Some(Diagnostic {
                kind: Kind::Test,
                code: None,
                ..diagnostic("jacoco", "coverage", text.words, None, text)
            });
        }
    }
    if let Some((before, after)) = AT.split_among(characters, text.words)
        && let Some(found) = spotbugs(before, after, text)
    {
        return Some(found);
    }
    if let Some(found) = scalastyle(text) {
        return Some(found);
    }
    located(text, characters)
}

fn diagnostic(
    tool: &str,
    code: &str,
    message: &str,
    location: Option<Location>,
    text: &Text<'_>,
) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: code.to_owned(),
        code: Some(code.to_owned()),
        message: message.trim().to_owned(),
        kind: Kind::Lint,
        location,
        context: text.raw.to_owned(),
        span: text.span,
        ..Diagnostic::default()
    }
}

/// Findings that begin with a location.
fn located(text: &Text<'_>, characters: Characters) -> Option<Diagnostic> {
    static SOURCES: [Needle; 5] = [
        Needle::new(".java:"),
        Needle::new(".kt:"),
        Needle::new(".kts:"),
        Needle::new(".xml:"),
        Needle::new(".gradle:"),
    ];
    if !SOURCES.iter().any(|source| source.find_among(characters, text.words).is_some()) {
        return None;
    }
    if let Some((path, rest)) = text.words.split_once(":[") {
        return checkstyle_goal(path, rest, text);
    }
    let place = place_at_start(text.words)?;
    let rest = place.rest;
    // PMD separates with tabs.
    if let Some((rule, message)) =
        rest.trim_start_matches([' ', ':']).strip_prefix('\t').and_then(|rest| rest.split_once(":\t"))
        && is_rule(rule)
    {
        return Some(diagnostic("pmd", rule, message, Some(place.location()), text));
    }
    let rest = rest.trim();
    // Android's lint capitalises the severity.
    let (severity, message) = match rest.split_once(": ") {
        Some(("Error", message)) => (Some((Severity::Error, "android-lint")), message),
        Some(("Warning", message)) => (Some((Severity::Warning, "android-lint")), message),
        Some(("error", message)) => (Some((Severity::Error, "checkstyle")), message),
        Some(("warning", message)) => (Some((Severity::Warning, "checkstyle")), message),
        _ => (None, rest),
    };
    if let Some((message, rule)) = trailing_group(message, '[', ']')
        && message.contains(' ')
        && is_rule(rule.split(" from ").next().unwrap_or(rule))
    {
        let rule = rule.split(" from ").next().unwrap_or(rule);
        let kotlin = matches!(extension(place.path), "kt" | "kts");
        let (severity, tool) = match severity {
            Some((severity, "android-lint")) => (severity, "android-lint"),
            Some((severity, _)) if !kotlin => (severity, "checkstyle"),
            None if kotlin => (Severity::Error, "detekt"),
            None if text.level.is_some() => (Severity::Error, "checkstyle"),
            _ => return None,
        };
        return Some(Diagnostic {
            severity,
            ..diagnostic(tool, rule, message, Some(place.location()), text)
        });
    }
    if let Some((message, rule)) = trailing_group(message, '(', ')')
        && extension(place.path).starts_with("kt")
        && message.contains(' ')
        && !rule.contains(' ')
        && (rule.contains(':') || rule.contains('-'))
    {
        return Some(diagnostic("ktlint", rule, message, Some(place.location()), text));
    }
    None
}

/// `src/Pot.java:[12,5] (imports) UnusedImports: message`.
fn checkstyle_goal(path: &str, rest: &str, text: &Text<'_>) -> Option<Diagnostic> {
    let (line, rest) = leading_number(rest)?;
    let (column, rest) = match rest.strip_prefix(',').and_then(leading_number) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    let rest = rest.strip_prefix("] (")?;
    let (category, rest) = rest.split_once(") ")?;
    let (rule, message) = rest.split_once(": ")?;
    let is_category = category.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_category && is_rule(rule) && text.level.is_some())
        .then(|| diagnostic("checkstyle", rule, message, Some(Location::at(path, line, column)), text))
}

/// `org.example.Pot:12 Rule:RuleName Priority:3 message.`
fn pmd_failure(rest: &str, text: &Text<'_>) -> Option<Diagnostic> {
    let (place, rest) = rest.split_once(" Rule:")?;
    let (rule, rest) = rest.split_once(' ')?;
    let message = match rest.strip_prefix("Priority:") {
        Some(rest) => rest.split_once(' ').map_or("", |(_, message)| message),
        None => rest,
    };
    let (class, line) = place.rsplit_once(':')?;
    let line = line.parse().ok()?;
    let file = if extension(class) == "java" {
        class.to_owned()
    } else {
        format!("{}.java", class.replace('.', "/"))
    };
    let message = message
        .trim()
        .strip_suffix("..")
        .map_or_else(|| message.trim().to_owned(), |message| format!("{message}."));
    Some(diagnostic("pmd", rule, &message, Some(Location::at(&file, line, None)), text))
}

/// `Medium: message [org.example.Pot] At Pot.java:[line 12] CODE`, `M D NP: message  At Pot.java:[line 12]`.
fn spotbugs(before: &str, after: &str, text: &Text<'_>) -> Option<Diagnostic> {
    let (file, rest) = after.split_once(":[line")?;
    let (line, rest) = leading_number(rest.trim_start_matches(['s', ' ']))?;
    let (_, code) = rest.split_once(']')?;
    let (head, message) = before.split_once(": ")?;
    let message = match trailing_group(message, '[', ']') {
        Some((message, class)) if class.contains('.') => message,
        _ => message,
    };
    let words: Vec<_> = head.split(' ').collect();
    let code = match (code.trim(), words.as_slice()) {
        ("", ["H" | "M" | "L", _, code]) => *code,
        (code, ["High" | "Medium" | "Low" | "Unknown"]) if !code.is_empty() => code,
        _ => return None,
    };
    Some(diagnostic("spotbugs", code, message, Some(Location::at(file, line, None)), text))
}

/// `error file=/src/Pot.scala message=There should be a space line=12 column=3`.
fn scalastyle(text: &Text<'_>) -> Option<Diagnostic> {
    let (severity, rest) = match text.words.strip_prefix("error file=") {
        Some(rest) => (Severity::Error, rest),
        None => (Severity::Warning, text.words.strip_prefix("warning file=")?),
    };
    let (path, rest) = rest.split_once(" message=")?;
    let (message, rest) = rest.rsplit_once(" line=")?;
    let (line, rest) = leading_number(rest)?;
    let column = rest.trim().strip_prefix("column=").and_then(leading_number).map(|(column, _)| column);
    Some(Diagnostic {
        severity,
        code: None,
        ..diagnostic("scalastyle", "style", message, Some(Location::at(path, line, column)), text)
    })
}

/// Returns true if a word can be the name of a rule: capitalised, without spaces.
fn is_rule(name: &str) -> bool {
    (3..80).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
}
