//! uv, and pixi with the same format: a headline and the reasons below it, in the forms of several versions.
//!
//! ```text
//!   × No solution found when resolving dependencies:      error: Failed to download `x==1`
//!   ╰─▶ Because …                                           Caused by: …
//!       we can conclude that …                            error: No solution found when resolving dependencies
//!                                                           cause: Because …
//!       hint: …                                                    we can conclude that …
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Context, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Span};

use crate::cause::Cause;
use crate::found::finding;
use crate::kinds;

/// Maximum number of lines of one error.
const LINES: u32 = 2_000;
/// Maximum length of the reasons, in bytes.
const REASONS: usize = 6_000;

/// The part of an error that the lines belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Headline,
    Reason,
    /// Below `[stderr]`: the output of a build.
    Output,
    Hint,
}

struct Open {
    headline: String,
    reasons: Vec<String>,
    part: Part,
    /// The error starts with `×`, and its reasons with arrows.
    boxed: bool,
    blank: bool,
    left: u32,
    cause: Cause,
    context: Context,
    span: Span,
}

/// Recognises uv's errors.
#[derive(Default)]
pub(crate) struct Uv {
    open: Option<Open>,
}

/// Headlines that are certainly uv's, even without reasons below them.
static SENTENCES: Beginnings = Beginnings::new(&[
    "No solution found when resolving",
    "Failed to build `",
    "Failed to download `",
    "Failed to download and build `",
    "Failed to prepare distributions",
    "Failed to inspect Python interpreter",
    "The build backend returned an error",
    "No virtual environment found",
    "No interpreter found ",
    "No `pyproject.toml` found",
    "No `project` table found",
    "The lockfile at `uv.lock`",
    "Unable to find lockfile at `uv.lock`",
    "Distribution `",
    "The Python request from `",
    "The requested Python version",
    "Project `",
    "Extra `",
    "Group `",
    "Failed to spawn: `",
    "Hash mismatch for `",
    "Failed to parse `uv.lock`",
    "Failed to parse: `",
    "Failed to parse metadata",
    "Failed to fetch: `",
    "Failed to publish `",
    "Package `",
    "Request failed after ",
    "The interpreter at ",
    "Requirements contain conflicting",
    "The workspace ",
    "Workspace member `",
]);

impl Uv {
    /// Reads a line; returns true if it belongs to a uv error.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some(open) = &mut self.open {
            if open.line(text, trimmed, span) {
                return true;
            }
            self.finish(out);
        }
        let indent = text.len() - text.trim_start().len();
        let (headline, boxed) = if let Some(rest) = text.strip_prefix("error: ") {
            (rest, false)
        } else if let Some(rest) = trimmed.strip_prefix("× ").filter(|_| indent <= 4) {
            (rest, true)
        } else if let Some(rest) = trimmed.strip_prefix("x ").filter(|rest| SENTENCES.begin(rest)) {
            // Without Unicode the cross is a letter.
            (rest, true)
        } else {
            return false;
        };
        let may_be =
            headline.starts_with(|c: char| c.is_ascii_uppercase()) || headline.starts_with("failed to solve");
        // pip's boxes contain this sentence.
        if !may_be || headline.contains("did not run successfully") {
            return false;
        }
        let mut context = Context::default();
        context.push(text);
        self.open = Some(Open {
            headline: headline.trim().to_owned(),
            reasons: Vec::new(),
            part: Part::Headline,
            boxed,
            blank: false,
            left: LINES,
            cause: Cause::default(),
            context,
            span,
        });
        // The next lines may decide whether this is uv's: until then, all recognisers see the line.
        SENTENCES.begin(headline)
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(open) = self.open.take() {
            out.extend(open.report());
        }
    }
}

impl Open {
    fn line(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        self.left -= 1;
        if self.left == 0 {
            return false;
        }
        if trimmed.is_empty() {
            self.blank = true;
            return !self.reasons.is_empty() || SENTENCES.begin(&self.headline);
        }
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let blank = std::mem::take(&mut self.blank);
        let inner = trimmed.trim_start_matches(['│', '|', ' ']);
        if self.hint(inner, indent, blank) {
            self.keep(text, span);
            return true;
        }
        let reason = if self.boxed {
            ["├─▶ ", "╰─▶ ", "|-> ", "`-> "].iter().find_map(|arrow| trimmed.strip_prefix(arrow))
        } else if indent > 0 {
            trimmed.strip_prefix("Caused by: ").or_else(|| trimmed.strip_prefix("cause: "))
        } else {
            None
        };
        if let Some(reason) = reason {
            self.part = Part::Reason;
            self.reasons.push(reason.to_owned());
            self.keep(text, span);
            return true;
        }
        let goes_on = if self.boxed { trimmed.starts_with(['│', '|']) || indent >= 4 } else { indent >= 4 };
        if !goes_on || self.part == Part::Headline && blank {
            return false;
        }
        if matches!(inner, "[stderr]" | "[stdout]") {
            self.part = Part::Output;
        } else if self.part == Part::Output {
            self.cause.line(inner);
        } else {
            let room = REASONS.saturating_sub(self.reasons.iter().map(String::len).sum());
            let last = match self.part {
                Part::Headline => &mut self.headline,
                _ if room > inner.len() => match self.reasons.last_mut() {
                    Some(last) => last,
                    None => &mut self.headline,
                },
                _ => return true,
            };
            last.push(' ');
            last.push_str(inner);
        }
        self.keep(text, span);
        true
    }

    /// `hint: …`, whose text may continue at the start of a line.
    fn hint(&mut self, inner: &str, indent: usize, blank: bool) -> bool {
        if inner.starts_with("hint: ") || inner.starts_with("help: ") {
            self.part = Part::Hint;
            return true;
        }
        self.part == Part::Hint && !blank && indent > 0
    }

    fn keep(&mut self, text: &str, span: Span) {
        self.context.push(text);
        self.span = self.span.to(span);
    }

    fn report(mut self) -> Option<Diagnostic> {
        let sentence = SENTENCES.begin(&self.headline);
        if !sentence && (!self.boxed || self.reasons.is_empty()) {
            // Another tool's `error:` with a reason, which the recogniser of that tool reports.
            return None;
        }
        let resolution =
            self.headline.contains("No solution found") || self.headline.starts_with("failed to solve");
        let cause = self.cause.take();
        let mut lines = Vec::new();
        if resolution && !self.reasons.is_empty() {
            // If there are several reasons, the last one is the conflict.
            lines.extend(self.reasons.pop());
        } else {
            lines.extend(cause);
            lines.push(std::mem::take(&mut self.headline));
            lines.append(&mut self.reasons);
        }
        let message = lines.join("\n");
        let (error_type, kind) =
            if resolution { ("resolution-impossible", Kind::Dependency) } else { category(&message) };
        let kind = if kind == Kind::Dependency { kinds::by_words(&message).unwrap_or(kind) } else { kind };
        let tool = if self.context.as_str().contains("conda requirements")
            || message.contains("candidates") && message.contains(" └─ ")
        {
            "pixi"
        } else {
            "uv"
        };
        let mut found = finding(tool, error_type, kind, &message, self.span);
        found.context = self.context.take();
        Some(found)
    }
}

fn category(message: &str) -> (&'static str, Kind) {
    let has = |word: &str| message.contains(word);
    if has("uv.lock") {
        ("lock-file", Kind::Dependency)
    } else if has("Hash mismatch") {
        ("hash-mismatch", Kind::Dependency)
    } else if has("build backend") || has("Failed to build") {
        ("build", Kind::Dependency)
    } else if has("Failed to download") || has("Failed to fetch") || has("Request failed") {
        ("download", Kind::Dependency)
    } else if has("Failed to spawn") {
        ("command-not-found", Kind::Configuration)
    } else if has("No virtual environment")
        || has("interpreter")
        || has("No `p")
        || has("Extra `")
        || has("Group `")
        || has("Python request")
    {
        ("configuration", Kind::Configuration)
    } else {
        ("uv-error", Kind::Dependency)
    }
}
