//! pip, uv and the interpreter's own complaints about missing modules.

use grimoire_plugin_sdk::text::{Context, Needle, trim};
use grimoire_plugin_sdk::{Diagnostic, Severity, Span};

/// Recognises what the installers say.
#[derive(Default)]
pub(crate) struct Packaging {
    /// The last error of an installer and how many more lines may explain it.
    open: Option<(Diagnostic, u32)>,
    context: Context,
}

/// How errors of pip begin, after `ERROR: ` or `error: `, with the kind of error that each is.
const PIP: &[(&str, &str)] = &[
    ("Could not find a version that satisfies the requirement", "requirement-not-found"),
    ("No matching distribution found for", "requirement-not-found"),
    ("Cannot install ", "resolution-impossible"),
    ("ResolutionImpossible", "resolution-impossible"),
    ("Could not open requirements file", "requirements-file"),
    ("Could not install packages due to", "install"),
    ("Could not build wheels for", "build"),
    ("Failed building wheel for", "build"),
    ("Failed to build installable wheels", "build"),
    ("subprocess-exited-with-error", "build"),
    ("metadata-generation-failed", "build"),
    ("externally-managed-environment", "externally-managed-environment"),
    ("Invalid requirement", "invalid-requirement"),
    ("Package '", "requires-python"),
    ("THESE PACKAGES DO NOT MATCH THE HASHES", "hash-mismatch"),
    ("Hashes are required in --require-hashes mode", "hash-mismatch"),
    ("pip's dependency resolver does not currently", "dependency-conflict"),
];

/// Lines that may explain an installer's error.
const EXPLANATION: u32 = 12;

impl Packaging {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) {
        let trimmed = trim(text);
        if let Some((tool, kind, message, severity)) = installer_error(trimmed) {
            // The second line of a pair says the same again: `No matching distribution found`.
            if let Some((open, _)) = &mut self.open
                && (open.error_type == kind && kind != "build" || message.starts_with("ResolutionImpossible"))
            {
                self.context.push(text);
                open.span = open.span.to(span);
                return;
            }
            self.finish(out);
            self.context.push(text);
            let open = Diagnostic {
                tool: tool.to_owned(),
                error_type: kind.to_owned(),
                message: message.to_owned(),
                severity,
                span,
                ..Diagnostic::default()
            };
            self.open = Some((open, EXPLANATION));
            return;
        }
        if let Some(message) = missing_module(trimmed) {
            self.finish(out);
            out.push(Diagnostic {
                tool: "python".to_owned(),
                error_type: message
                    .split(':')
                    .next()
                    .filter(|kind| kind.ends_with("Error"))
                    .unwrap_or("ModuleNotFoundError")
                    .to_owned(),
                message: message.to_owned(),
                span,
                ..Diagnostic::default()
            });
            return;
        }
        if let Some((_, left)) = &mut self.open {
            *left -= 1;
            if *left == 0 || trimmed.starts_with("##") || trimmed.starts_with("Process completed") {
                self.finish(out);
            } else {
                self.context.push(text);
            }
        }
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((mut open, _)) = self.open.take() {
            open.context = self.context.take();
            out.push(open);
        }
    }
}

/// Tool, kind, message and severity of an installer's error.
fn installer_error(text: &str) -> Option<(&'static str, &'static str, &str, Severity)> {
    if let Some(message) =
        text.strip_prefix("× ").filter(|rest| rest.starts_with("No solution found when resolving"))
    {
        return Some(("uv", "resolution-impossible", message, Severity::Error));
    }
    let message = text.strip_prefix("ERROR: ").or_else(|| text.strip_prefix("error: "))?;
    let kind = PIP.iter().find(|(start, _)| message.starts_with(start)).map(|(_, kind)| *kind)?;
    if kind == "requires-python" && !message.contains("requires a different Python") {
        return None;
    }
    let severity = if kind == "dependency-conflict" { Severity::Warning } else { Severity::Error };
    Some(("pip", kind, message, severity))
}

/// `/usr/bin/python3: No module named pytest`, or an import error on a line of its own.
fn missing_module(text: &str) -> Option<&str> {
    static MISSING: Needle = Needle::new(": No module named ");
    if text.starts_with("ModuleNotFoundError: No module named ")
        || text.starts_with("ImportError: cannot import name ")
    {
        return Some(text);
    }
    let at = MISSING.find(text)?;
    let program = &text[..at];
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    (name.starts_with("python") && !program.contains(' ')).then(|| &text[at + ": ".len()..])
}
