//! The common parts of checkers' findings: a location, a rule, a severity, a sentence.

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity,
    recognise::panel::{Seen, single, typed},
    text::{extension, leading_number},
};

/// The path that stands for standard input, if a tool prints a line number without a file.
pub(crate) const STANDARD_INPUT: &str = "-";

/// A finding of a linter.
pub(crate) fn lint(
    tool: &str,
    severity: Severity,
    code: &str,
    message: &str,
    location: Location,
    line: &Seen<'_>,
) -> Diagnostic {
    finding(tool, Kind::Lint, severity, code, message, location, line)
}

/// An error of a compiler.
pub(crate) fn compile(tool: &str, message: &str, location: Location, line: &Seen<'_>) -> Diagnostic {
    finding(tool, Kind::Compile, Severity::Error, "", message, location, line)
}

fn finding(
    tool: &str,
    kind: Kind,
    severity: Severity,
    code: &str,
    message: &str,
    location: Location,
    line: &Seen<'_>,
) -> Diagnostic {
    let code = Some(code.trim().to_owned()).filter(|code| !code.is_empty());
    typed(Diagnostic { severity, code, location: Some(location), ..single(tool, kind, message, line) })
}

/// The severity that a word or a letter means.
pub(crate) fn severity(word: &str) -> Option<Severity> {
    let word = word.trim_end_matches(':');
    Some(match word {
        "✖" | "×" | "x" | "E" | "F" => Severity::Error,
        "⚠" | "‼" | "W" | "C" | "R" | "S" => Severity::Warning,
        "I" | "ℹ" | "H" | "N" => Severity::Info,
        _ => match word.to_ascii_lowercase().as_str() {
            "error" | "err" | "fatal" | "critical" | "serious" | "parseerror" | "high" | "blocker" => {
                Severity::Error
            }
            "warning" | "warn" | "style" | "convention" | "medium" | "low" => Severity::Warning,
            "info" | "information" | "suggestion" | "note" | "hint" | "remark" => Severity::Info,
            _ => return None,
        },
    })
}

/// The tool that checks files with this extension, if its output does not name it.
pub(crate) fn tool_of(path: &str) -> &'static str {
    match extension(path).to_ascii_lowercase().as_str() {
        "hbs" | "gjs" | "gts" => "ember-template-lint",
        "md" | "mdx" | "markdown" => "textlint",
        "sol" => "solhint",
        "graphql" | "graphqls" | "gql" => "graphql-schema-linter",
        "scss" | "sass" => "sass-lint",
        "html" | "htm" | "djhtml" | "jinja" | "j2" | "twig" => "htmllint",
        "pug" | "jade" => "pug-lint",
        "feature" => "gherkin-lint",
        "json" | "json5" => "jsonlint",
        "yml" | "yaml" => "yamllint",
        _ => "lint",
    }
}

/// A number followed by a given text.
pub(crate) fn number_before<'a>(text: &'a str, after: &str) -> Option<(u32, &'a str)> {
    let (number, rest) = leading_number(text.trim_start())?;
    Some((number, rest.strip_prefix(after)?))
}
