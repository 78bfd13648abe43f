//! pip: unmet requirements, conflicts, hashes, and packages that do not build, with the reason
//! reported by the build itself.
//!
//! ```text
//! ERROR: Cannot install a and b because these package versions have conflicting dependencies.
//! The conflict is caused by:
//!     …
//!   × Building wheel for x (pyproject.toml) did not run successfully.
//!   ╰─> [3 lines of output]
//!       …
//!       [end of output]
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Context, cut, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Span};

use crate::cause::Cause;
use crate::found::{finding, summary};
use crate::{kinds, pip_words};

/// Maximum number of lines that may explain an error.
const EXPLANATION: u32 = 30;
/// The maximum number of bytes that are kept of the last line of a build's output.
const LAST: usize = 1024;
/// Maximum number of lines of a build's output.
const OUTPUT: u32 = 20_000;
/// Number of lines after a failed build in which pip may still report that it installed the package another way.
const PATIENCE: u32 = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A sentence; a list or a hint may follow.
    Plain,
    /// The lines after `The conflict is caused by:`.
    Conflict,
    /// `error: externally-managed-environment`: the sentence follows.
    Slug,
    /// `× …`: a box.
    Boxed,
    /// The output of the build.
    Output,
}

struct Open {
    found: Diagnostic,
    mode: Mode,
    left: u32,
    cause: Cause,
    /// The last line of a build's output: the reason for its failure, unless another line gives one.
    last: String,
    context: Context,
}

/// Recognises pip's errors.
#[derive(Default)]
pub(crate) struct Pip {
    open: Option<Open>,
    /// A failed build: pip reports it several times, or installs the package another way.
    failed: Option<(Diagnostic, u32)>,
    /// Packages named when pip reported the failure again.
    packages: Vec<String>,
    /// The reason why the index could not be reached.
    retried: Option<String>,
    /// Versions that require another Python.
    ignored: Option<String>,
}

static STARTS: Beginnings = Beginnings::new(&[
    "ERROR: ",
    "error: ",
    "× ",
    "Could not find a ver",
    "No matching dis",
    "Cannot uninstall '",
    "Command \"",
]);

impl Pip {
    /// Reads a line; returns true if it belongs to a pip error.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some((_, left)) = &mut self.failed {
            *left -= 1;
            if *left == 0 {
                self.release(out);
            }
        }
        if self.open.is_some() && self.goes_on(text, trimmed, span, out) {
            return true;
        }
        self.start(text, trimmed, span, out)
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.release(out);
    }

    fn start(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(rest) = trimmed.strip_prefix("WARNING: Retrying (") {
            self.retried =
                rest.split_once("broken by ").map(|(_, reason)| format!("connection broken by {reason}"));
            return false;
        }
        if trimmed.starts_with("Could not fetch URL ") {
            self.retried = Some(trimmed.to_owned());
            return false;
        }
        if trimmed.starts_with("Successfully installed ") {
            self.installed(trimmed);
            return false;
        }
        if trimmed == "The conflict is caused by:" {
            let found = finding("pip", "resolution-impossible", Kind::Dependency, "", span);
            return self.begin(found, Mode::Conflict, EXPLANATION, text);
        }
        if let Some(command) = trimmed.strip_prefix("Complete output from command ") {
            let message = format!("{} failed", command.trim_end_matches(':'));
            return self.begin(
                finding("pip", "build", Kind::Dependency, &message, span),
                Mode::Output,
                OUTPUT,
                text,
            );
        }
        if pip_words::demands_python(trimmed) {
            out.push(finding("pip", "requires-python", Kind::Dependency, trimmed, span));
            return true;
        }
        if !STARTS.begin(trimmed) {
            return false;
        }
        if let Some(message) = trimmed.strip_prefix("× ") {
            return self.boxed(message, text, span);
        }
        let marked = trimmed.strip_prefix("ERROR: ").or_else(|| trimmed.strip_prefix("error: "));
        let message = marked.unwrap_or(trimmed);
        if let Some(rest) =
            message.strip_prefix("Ignored the following versions that require a different python")
        {
            self.ignored = Some(rest.trim_start_matches(" version").trim_start_matches(": ").to_owned());
            return true;
        }
        if message == "Command errored out with exit status 1:" {
            let found =
                finding("pip", "build", Kind::Dependency, "Command errored out with exit status 1", span);
            return self.begin(found, Mode::Output, OUTPUT, text);
        }
        if pip_words::closes_a_build(message) {
            self.again(message, span, out);
            return true;
        }
        if marked.is_some() && pip_words::is_slug(message) {
            self.close(out);
            return self.begin(
                finding("pip", message, Kind::Dependency, "", span),
                Mode::Slug,
                EXPLANATION,
                text,
            );
        }
        let Some((error_type, kind)) = pip_words::kind_of(message) else { return false };
        self.close(out);
        if error_type == "requirement-not-found" {
            return self.not_found(message, text, span, out);
        }
        let mut found = finding("pip", error_type, kinds::by_words(message).unwrap_or(kind), message, span);
        if message.starts_with("ResolutionImpossible") {
            found.role = Role::Summary;
        }
        found.location = pip_words::place(message);
        if error_type == "dependency-conflict" {
            found.severity = grimoire_plugin_sdk::Severity::Warning;
        }
        self.begin(found, Mode::Plain, EXPLANATION, text)
    }

    fn begin(&mut self, found: Diagnostic, mode: Mode, left: u32, text: &str) -> bool {
        let mut context = Context::default();
        context.push(text);
        self.open = Some(Open { found, mode, left, cause: Cause::default(), last: String::new(), context });
        true
    }

    /// `Could not find a version that satisfies the requirement x==9 (from versions: 1, 2)`.
    fn not_found(&mut self, message: &str, text: &str, span: Span, out: &mut [Diagnostic]) -> bool {
        // The second line of the pair says less.
        if message.starts_with("No matching")
            && let Some(last) = out.last_mut().filter(|last| last.error_type == "requirement-not-found")
        {
            last.span = last.span.to(span);
            return true;
        }
        let unreachable = message.contains("(from versions: none)") || !message.contains("(from versions:");
        let retried = self.retried.take().filter(|_| unreachable);
        let kind = if retried.is_some() { Kind::Network } else { Kind::Dependency };
        let mut whole = pip_words::shortened(message);
        for more in [retried, self.ignored.take().map(|text| format!("Requires a different Python: {text}"))]
            .into_iter()
            .flatten()
        {
            whole.push('\n');
            whole.push_str(&more);
        }
        let mut found = finding("pip", "requirement-not-found", kind, &whole, span);
        found.location = pip_words::place(message);
        self.begin(found, Mode::Plain, 2, text)
    }

    /// `× Building wheel for x (pyproject.toml) did not run successfully.`
    fn boxed(&mut self, message: &str, text: &str, span: Span) -> bool {
        if let Some(open) = self.open.as_mut().filter(|open| open.mode == Mode::Slug) {
            message.trim().clone_into(&mut open.found.message);
            open.mode = Mode::Boxed;
            open.found.span = open.found.span.to(span);
            open.context.push(text);
            return true;
        }
        if !message.contains("did not run successfully")
            && !message.starts_with("This environment is externally")
        {
            return false;
        }
        let slug = if message.starts_with("This env") { "externally-managed-environment" } else { "build" };
        self.begin(finding("pip", slug, Kind::Dependency, message, span), Mode::Boxed, EXPLANATION, text)
    }

    /// Reads the next line of the open error; returns false if it does not belong to it.
    fn goes_on(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some(open) = &mut self.open else { return false };
        open.left -= 1;
        if open.left == 0 || trimmed.starts_with("##[") || trimmed.starts_with("Process completed with") {
            self.close(out);
            return false;
        }
        let mut last = false;
        let taken = match open.mode {
            Mode::Output => {
                last = trimmed == "[end of output]" || trimmed == "----------------------------------------";
                open.cause.line(trimmed);
                if !last && !trimmed.is_empty() {
                    cut(trimmed, LAST).clone_into(&mut open.last);
                }
                true
            }
            Mode::Slug => {
                if trimmed.starts_with("× ") {
                    return self.boxed(trimmed.trim_start_matches("× "), text, span);
                }
                trimmed.is_empty()
            }
            Mode::Boxed => {
                if trimmed.starts_with("╰─>") && trimmed.contains("output]") {
                    open.mode = Mode::Output;
                    open.left = OUTPUT;
                    true
                } else {
                    let is_part = trimmed.starts_with(['│', '╰']);
                    // An excerpt may lack the line that announces the output.
                    if text.starts_with("    ") {
                        open.cause.line(trimmed);
                    }
                    // The text after the box's arrow continues indented.
                    is_part || open.context.lines() > 1 && text.starts_with("    ") || trimmed.is_empty()
                }
            }
            Mode::Conflict => {
                let listed = text.starts_with("    ") && !trimmed.is_empty();
                if listed {
                    open.found.message.push('\n');
                    open.found.message.push_str(trimmed);
                }
                last = trimmed.starts_with("ERROR: ResolutionImpossible");
                let is_advice = trimmed.starts_with("To fix this you could")
                    || trimmed.starts_with("Additionally, some packages")
                    || trimmed.starts_with(|c: char| c.is_ascii_digit());
                listed || last || is_advice || trimmed.is_empty()
            }
            Mode::Plain => open.plain(text, trimmed, &mut last),
        };
        if taken {
            open.context.push(text);
            if !trimmed.is_empty() {
                open.found.span = open.found.span.to(span);
            }
        }
        if last || !taken {
            self.close(out);
        }
        taken
    }

    /// pip reports a failed build again: the message belongs to the failure before it.
    fn again(&mut self, message: &str, span: Span, out: &mut Vec<Diagnostic>) {
        self.close(out);
        if let Some((_, name)) = message.split_once(" for ")
            && self.packages.len() < 100
        {
            self.packages.push(name.split([' ', ',']).next().unwrap_or(name).to_owned());
        }
        if let Some((failed, _)) = &mut self.failed {
            failed.span = failed.span.to(span);
        } else if pip_words::names_a_package(message) {
            out.push(Diagnostic {
                error_type: "build".to_owned(),
                ..summary("pip", Kind::Dependency, message, span)
            });
        }
    }

    /// A failed build does not count if pip installed the package after all.
    fn installed(&mut self, text: &str) {
        let is_installed = |name: &String| {
            text.contains(&format!(" {name}-")) || text.contains(&format!(" {}-", name.replace('_', "-")))
        };
        if self.packages.iter().any(is_installed) {
            self.failed = None;
        }
    }

    fn release(&mut self, out: &mut Vec<Diagnostic>) {
        self.packages.clear();
        out.extend(self.failed.take().map(|(failed, _)| failed));
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut open) = self.open.take() else { return };
        let mut found = open.found;
        found.context = open.context.take();
        if open.mode == Mode::Conflict {
            let message = found.message.trim().to_owned();
            found.message = message;
        }
        let is_build = found.message.contains("did not run successfully")
            || matches!(
                found.error_type.as_str(),
                "build" | "metadata-generation-failed" | "legacy-install-failure"
            );
        if is_build {
            if let Some(cause) = open.cause.take() {
                found.kind = kinds::by_words(&cause).unwrap_or(Kind::Dependency);
                found.message = format!("{cause}\n{}", found.message);
            } else if open.mode == Mode::Output && pip_words::is_sentence(&open.last) {
                found.message = format!("{}\n{}", open.last, found.message);
            } else if open.mode == Mode::Output && found.message.ends_with(" failed") {
                // Only the command is known: why it failed was said before, or is missing.
                found.role = Role::Summary;
            } else if open.mode == Mode::Boxed && self.failed.is_some() || found.message.is_empty() {
                return self.again("", found.span, out);
            } else if open.mode == Mode::Boxed && found.context.contains("See above for output") {
                found.role = Role::Summary;
            }
            "build".clone_into(&mut found.error_type);
            self.release(out);
            self.failed = Some((found, PATIENCE));
        } else if !found.message.is_empty() {
            if pip_words::is_slug(&found.error_type) && found.error_type == "externally-managed-environment" {
                found.code = Some(found.error_type.clone());
            }
            out.push(found);
        }
    }
}

impl Open {
    /// A line after a sentence: the reasons of the conflict, the packages whose hashes differ, a hint.
    fn plain(&mut self, text: &str, trimmed: &str, last: &mut bool) -> bool {
        if self.found.error_type == "resolution-impossible" {
            if trimmed == "The conflict is caused by:" {
                self.mode = Mode::Conflict;
                return true;
            }
            return trimmed.is_empty();
        }
        if self.found.error_type == "requirement-not-found" {
            // The next line repeats the message.
            *last = true;
            return trimmed.contains("No matching distribution found for");
        }
        let listed = text.starts_with("    ") && !trimmed.is_empty();
        if self.found.error_type == "hash-mismatch" && listed {
            self.found.message.push('\n');
            self.found.message.push_str(trimmed);
            self.found.location = self.found.location.take().or_else(|| pip_words::place(trimmed));
            return true;
        }
        if let Some(hint) =
            trimmed.strip_prefix("Hint: ").or_else(|| trimmed.strip_prefix("Check the permissions"))
        {
            *last = true;
            return !hint.is_empty();
        }
        self.found.error_type == "dependency-conflict"
            && (trimmed.contains(" which is incompatible") || trimmed.contains(", which is not installed"))
            || listed
    }
}
