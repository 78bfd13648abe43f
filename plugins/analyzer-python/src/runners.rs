//! tox and nox: which environment failed. The tools within it report the failure itself; these lines
//! only sum up, except the few that are the reason.
//!
//! ```text
//! py311: exit 1 (0.52 seconds) /app> pytest tests pid=123
//!   py311: FAIL code 1 (0.60=setup[0.08]+cmd[0.52] seconds)
//! ERROR:   py37: commands failed
//! nox > Session tests-3.11 failed.
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Characters, Needle, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Span};

use crate::found::{finding, summary};

/// Recognises messages of tox and nox.
#[derive(Default)]
pub(crate) struct Runners {
    /// `ROOT: HandledError| provided environments not found …:`; the names follow.
    names: Option<Diagnostic>,
}

static WORDS: [Needle; 15] = [
    Needle::new(": exit "),
    Needle::new(": FAIL "),
    Needle::new(": commands failed"),
    Needle::new("InvocationError"),
    Needle::new("InterpreterNotFound"),
    Needle::new(": could not install deps"),
    Needle::new(": failed with "),
    Needle::new(": Exception running subprocess "),
    Needle::new("HandledError| "),
    Needle::new("nox > "),
    Needle::new(": unknown environment "),
    Needle::new("evaluation failed :("),
    Needle::new(" could not install deps ["),
    Needle::new(" invocation failed (exit code "),
    Needle::new(" tox config file "),
];

impl Runners {
    /// Reads a line; returns true if it is a tox or nox message about a failure.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if let Some(mut found) = self.names.take() {
            if !trimmed.is_empty() && !trimmed.contains(' ') {
                found.message = format!("{} {trimmed}", found.message);
                found.span = found.span.to(span);
            }
            out.push(found);
            return true;
        }
        if let Some(message) = text
            .strip_prefix("CRITICAL ")
            .filter(|message| message.contains("molecule") || message.starts_with("Ansible "))
        {
            // molecule only reports that Ansible failed, or why it could not start.
            let message = message.trim_start();
            out.push(if message.starts_with("Ansible return code") {
                summary("molecule", Kind::Unknown, message, span)
            } else {
                finding("molecule", "configuration", Kind::Configuration, message, span)
            });
            return true;
        }
        if !WORDS.iter().any(|word| word.find_among(among, trimmed).is_some()) {
            return false;
        }
        if let Some(rest) = trimmed.strip_prefix("nox > ") {
            return nox(rest, span, out);
        }
        if let Some((_, message)) = trimmed.split_once("HandledError| ") {
            let found = finding("tox", "configuration", Kind::Configuration, message, span);
            if message.ends_with(':') {
                self.names = Some(found);
            } else {
                out.push(found);
            }
            return true;
        }
        let found = tox(trimmed, span);
        let is_found = found.is_some();
        out.extend(found);
        is_found
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.names.take());
    }
}

fn tox(text: &str, span: Span) -> Option<Diagnostic> {
    if text.starts_with("evaluation failed :(") {
        return Some(summary("tox", Kind::Unknown, text, span));
    }
    let rest = text.strip_prefix("ERROR:").unwrap_or(text).trim_start();
    if rest.starts_with("InvocationError")
        || rest.starts_with("invocation failed")
        || rest.starts_with("could not install deps")
    {
        return Some(summary("tox", Kind::Unknown, rest, span));
    }
    if rest.starts_with("unknown environment ")
        || rest.starts_with("InterpreterNotFound")
        || rest.starts_with("tox config file ") && rest.ends_with("not found")
    {
        return Some(finding("tox", "configuration", Kind::Configuration, rest, span));
    }
    let (environment, said) = rest.split_once(": ")?;
    if environment.is_empty() || environment.len() > 80 || environment.contains([' ', '/', '\\', '(']) {
        return None;
    }
    let said = said.trim_start();
    if let Some(reason) = said.strip_prefix("failed with ") {
        let message = format!("{environment}: {reason}");
        return Some(finding("tox", "configuration", Kind::Configuration, &message, span));
    }
    if let Some(reason) = said.strip_prefix("Exception running subprocess ") {
        let message = format!("{environment}: {reason}");
        return Some(finding("tox", "command-not-found", Kind::Configuration, &message, span));
    }
    if said.starts_with("InterpreterNotFound") {
        return Some(finding("tox", "interpreter-not-found", Kind::Configuration, rest, span));
    }
    let exited = said.strip_prefix("exit ").is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit() && c != '0') && rest.contains(" seconds)")
            || rest.starts_with('-')
    });
    let is_summary = exited
        || said == "commands failed"
        || said.starts_with("FAIL code ")
        || said.starts_with("FAIL ✖ in ")
        || said.starts_with("could not install deps");
    is_summary.then(|| summary("tox", Kind::Unknown, rest, span))
}

static NOX: Beginnings = Beginnings::new(&[
    "Command ",
    "Session ",
    "Program ",
    "* ",
    "Error while collecting sessions",
    "Sessions not found",
    "Failed to load Noxfile",
    "Noxfile ",
]);

fn nox(text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    if !NOX.begin(text) {
        return false;
    }
    let found = if text.starts_with("Program ") && text.contains(" not found") {
        finding("nox", "command-not-found", Kind::Configuration, text, span)
    } else if text.starts_with("Sessions not found")
        || text.starts_with("Failed to load Noxfile")
        || text.starts_with("Noxfile ") && text.contains("not found")
    {
        finding("nox", "configuration", Kind::Configuration, text, span)
    } else if text.contains(" failed with exit code ")
        || text.starts_with("Session ") && (text.ends_with(" failed.") || text.contains(" raised exception "))
        || text.starts_with("* ") && text.ends_with(": failed")
        || text.starts_with("Error while collecting")
    {
        summary("nox", Kind::Unknown, text, span)
    } else {
        return false;
    };
    out.push(found);
    true
}
