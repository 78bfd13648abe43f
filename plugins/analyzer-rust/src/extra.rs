//! Cargo's companions with their own formats: cargo-audit, cargo-machete, cargo-semver-checks, cargo-deny's counts.
//!
//! ```text
//! Crate:     lid
//! Version:   0.1.45
//! Title:     Potential spill in the lid crate
//! ID:        RUSTSEC-2020-0071
//! Solution:  Upgrade to >=0.2.23
//! --- failure struct_missing: pub struct removed or renamed ---
//! advisories FAILED, bans ok, licenses FAILED, sources ok
//! ```

use crate::{Step, cause};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, place_at_start},
};

/// Maximum number of lines of one report.
const LINES: usize = 80;

/// A report being read.
#[derive(Debug)]
pub(crate) struct Block {
    form: Form,
    title: String,
    version: String,
    code: Option<String>,
    solution: Option<String>,
    /// True for cargo-audit's warnings, which are not errors.
    warning: bool,
    location: Option<Location>,
    items: Vec<String>,
    context: Context,
    span: Span,
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    Audit,
    Machete,
    Semver,
}

impl Block {
    pub(crate) fn start(start: &str, span: Span) -> Option<Self> {
        let (form, title) = if let Some(name) = start.strip_prefix("Crate:  ") {
            (Form::Audit, name.trim())
        } else if let Some(rest) = start.strip_prefix("--- failure ") {
            (Form::Semver, rest.strip_suffix(" ---")?)
        } else if start.starts_with("cargo-machete found the following unused dependencies") {
            (Form::Machete, "unused dependencies")
        } else {
            return None;
        };
        let mut context = Context::default();
        context.push(start);
        Some(Self {
            form,
            title: title.to_owned(),
            version: String::new(),
            code: None,
            solution: None,
            warning: false,
            location: None,
            items: Vec::new(),
            context,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim();
        if self.context.lines() > LINES {
            return Step::Foreign;
        }
        let mine = match self.form {
            Form::Audit => self.audit(start),
            Form::Machete => {
                // `kettle -- ./Cargo.toml:` and the indented dependencies.
                if let Some(path) = start.split_once(" -- ").map(|(_, path)| path.trim_end_matches(':')) {
                    self.location = self.location.take().or_else(|| Some(Location::file(path)));
                } else if text.starts_with(['\t', ' ']) && !start.is_empty() {
                    self.items.push(start.to_owned());
                } else {
                    return if start.is_empty() && self.items.is_empty() {
                        Step::Taken
                    } else {
                        Step::Foreign
                    };
                }
                true
            }
            Form::Semver => {
                if let Some((item, place)) = start
                    .split_once(" in file ")
                    .or_else(|| start.split_once(" in /").map(|(item, _)| (item, &start[item.len() + 4..])))
                {
                    self.location =
                        self.location.take().or_else(|| place_at_start(place).map(|place| place.location()));
                    self.items.push(item.trim_end_matches(", previously").to_owned());
                }
                !start.starts_with("--- ") && !start.starts_with("Summary ") && !start.starts_with("error")
            }
        };
        if !mine {
            return Step::Foreign;
        }
        self.items.truncate(20);
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    fn audit(&mut self, start: &str) -> bool {
        let Some((key, value)) = start.split_once(':') else {
            // The tree of dependents.
            return start.starts_with(['└', '├', '│'])
                || self.solution.is_some() && start.split(' ').count() == 2;
        };
        let value = value.trim();
        match key {
            "Version" => value.clone_into(&mut self.version),
            "Title" => self.items.push(value.to_owned()),
            "ID" => self.code = Some(value.to_owned()),
            "Solution" => self.solution = Some(value.to_owned()),
            "Warning" => self.warning = true,
            "Date" | "URL" | "Severity" | "Dependency tree" => {}
            _ => return false,
        }
        true
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        let (tool, kind, message) = match self.form {
            Form::Audit => {
                let title = self.items.first()?;
                let solution = self.solution.map(|solution| format!(" ({solution})")).unwrap_or_default();
                (
                    "cargo-audit",
                    Kind::Dependency,
                    format!("{} {}: {title}{solution}", self.title, self.version),
                )
            }
            Form::Machete => {
                if self.items.is_empty() {
                    return None;
                }
                ("cargo-machete", Kind::Lint, format!("unused dependencies: {}", self.items.join(", ")))
            }
            Form::Semver => {
                let items = if self.items.is_empty() {
                    String::new()
                } else {
                    format!(": {}", self.items.join(", "))
                };
                ("cargo-semver-checks", Kind::Lint, format!("{}{items}", self.title))
            }
        };
        Some(Diagnostic {
            tool: tool.to_owned(),
            error_type: self.code.clone().unwrap_or_else(|| tool.to_owned()),
            code: self.code,
            message,
            severity: if self.warning { Severity::Warning } else { Severity::Error },
            kind,
            location: self.location,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// Lines that are only summaries: the last lines of Cargo, the compiler and cargo-deny.
pub(crate) fn summary(start: &str, span: Span) -> Option<Diagnostic> {
    let found = |tool: &str, kind: Kind, message: &str| {
        Some(Diagnostic {
            tool: tool.to_owned(),
            error_type: tool.to_owned(),
            message: message.to_owned(),
            severity: Severity::Error,
            kind,
            role: Role::Summary,
            context: start.to_owned(),
            span,
            ..Diagnostic::default()
        })
    };
    if let Some(message) = start.strip_prefix("error: ") {
        let is = |starts: &[&str]| starts.iter().any(|start| message.starts_with(start));
        if is(&["could not compile `", "could not document `"]) {
            return found("cargo", Kind::Compile, message);
        }
        if is(&["aborting due to "]) {
            return found("rustc", Kind::Compile, message);
        }
        let targets = message.ends_with(" target failed:") || message.ends_with(" targets failed:");
        if targets
            || is(&[
                "test failed, to rerun",
                "doctest failed, to rerun",
                "bench failed, to rerun",
                "test run failed",
            ])
        {
            return found("cargo-test", Kind::Test, message);
        }
        if message.ends_with(" vulnerability found!")
            || message.ends_with(" vulnerabilities found!")
            || message.ends_with(" denied warning found!")
            || message.ends_with(" denied warnings found!")
        {
            return found("cargo-audit", Kind::Dependency, message);
        }
        if let Some(program) = message.strip_prefix("process didn't exit successfully: ") {
            let mut found = found("cargo", Kind::Unknown, message)?;
            if program.contains("(signal: ") {
                found.kind = match cause::kind(program) {
                    Kind::Unknown => Kind::Crash,
                    kind => kind,
                };
                found.role = Role::Root;
            }
            return Some(found);
        }
        return None;
    }
    let is_deny = ["advisories ", "bans ", "licenses ", "sources "]
        .iter()
        .any(|start_with| start.starts_with(start_with));
    if is_deny && start.contains("FAILED") && start.len() < 100 {
        return found("cargo-deny", Kind::Dependency, start);
    }
    None
}
