//! Django's and Alembic's checks and commands.
//!
//! ```text
//! SystemCheckError: System check identified some issues:
//!
//! ERRORS:
//! till.Drawer.owner: (fields.E300) Field defines a relation with model 'Clerk', which is …
//!         HINT: …
//! CommandError: …
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Characters, Needle, extension, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::finding;
use crate::kinds;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    None,
    /// After the headline, before the first level.
    Headline,
    Issues(Severity),
}

/// Recognises Django's errors.
#[derive(Default)]
pub(crate) struct Django {
    section: Section,
    last: Option<Diagnostic>,
    /// A command was seen that fails if migrations are missing.
    checks_migrations: bool,
    migrations: Option<Diagnostic>,
}

static STARTS: Beginnings = Beginnings::new(&[
    "SystemCheckError: ",
    "CommandError: ",
    "Unknown command: '",
    "Migrations for '",
    "FAILED: ",
    "ERROR [alembic",
]);

impl Django {
    /// The script of a step is not output, but shows which checks the step runs.
    pub(crate) fn echo(&mut self, text: &str) {
        self.checks_migrations |= text.contains("makemigrations") && text.contains("--check");
    }

    /// Reads a line; returns true if it is Django's.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        static MAKE: Needle = Needle::new("makemigrations");
        let trimmed = trim(text);
        if MAKE.find_among(among, text).is_some() {
            self.echo(text);
        }
        if let Some(found) = &mut self.migrations {
            if text.starts_with("  ") {
                found.message.push_str(if text.starts_with("    ") { "; " } else { ": " });
                found.message.push_str(trimmed.trim_start_matches("- "));
                found.span = found.span.to(span);
                return true;
            }
            out.extend(self.migrations.take());
        }
        if self.section != Section::None && self.issue(text, trimmed, span, out) {
            return true;
        }
        if !STARTS.begin(trimmed) {
            return false;
        }
        if trimmed.starts_with("SystemCheckError: ") {
            self.section = Section::Headline;
            return true;
        }
        if let Some(message) = trimmed.strip_prefix("CommandError: ") {
            let kind = kinds::by_words(message).unwrap_or(Kind::Configuration);
            out.push(finding("django", "CommandError", kind, message, span));
            return true;
        }
        if trimmed.starts_with("Unknown command: '") {
            out.push(finding("django", "CommandError", Kind::Configuration, trimmed, span));
            return true;
        }
        if trimmed.starts_with("Migrations for '") && self.checks_migrations {
            let message = format!(
                "Missing migrations for {}",
                trimmed["Migrations for ".len()..].trim_end_matches(':')
            );
            self.migrations =
                Some(finding("django", "missing-migrations", Kind::Configuration, &message, span));
            return true;
        }
        let alembic = trimmed
            .strip_prefix("ERROR [alembic")
            .and_then(|rest| rest.split_once("] "))
            .map(|(_, message)| message)
            .or_else(|| {
                trimmed.strip_prefix("FAILED: ").filter(|rest| {
                    rest.contains("revision")
                        || rest.contains("Target database is not up to date")
                        || rest.contains("alembic")
                })
            });
        if let Some(message) = alembic {
            out.push(finding("alembic", "migration", Kind::Configuration, message, span));
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.last.take());
        out.extend(self.migrations.take());
        self.section = Section::None;
    }

    /// A line in the list of check results.
    fn issue(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(last) = &mut self.last
            && let Some(hint) = trimmed.strip_prefix("HINT: ")
        {
            hint.clone_into(&mut last.context);
            last.span = last.span.to(span);
            return true;
        }
        out.extend(self.last.take());
        let level = match trimmed {
            "CRITICALS:" | "ERRORS:" => Some(Severity::Error),
            "WARNINGS:" => Some(Severity::Warning),
            "INFOS:" | "DEBUGS:" => Some(Severity::Info),
            _ => None,
        };
        if let Some(level) = level {
            self.section = Section::Issues(level);
            return true;
        }
        if trimmed.starts_with("System check identified ") || trimmed.starts_with("##[") {
            self.section = Section::None;
            return true;
        }
        let Section::Issues(severity) = self.section else { return trimmed.is_empty() };
        let issue = trimmed.split_once(": (").and_then(|(object, rest)| {
            let (code, message) = rest.split_once(") ")?;
            (code.contains('.') && !code.contains(' ')).then_some((object, code, message))
        });
        let Some((object, code, message)) = issue else {
            return trimmed.is_empty() || text.starts_with([' ', '\t']);
        };
        let mut found = finding("django", code, Kind::Configuration, &format!("{object}: {message}"), span);
        found.code = Some(code.to_owned());
        found.severity = severity;
        // Checks of templates and settings name a file.
        found.location = (extension(object) == "py").then(|| Location::file(object));
        self.last = Some(found);
        true
    }
}
