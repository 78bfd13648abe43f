//! Builders of sites and style sheets, and their task runners.
//!
//! ```text
//! Error: Undefined variable.              ERROR #98124  WEBPACK.ERROR
//!   ╷
//! 4 │   color: $lid;                      Can't resolve '../lid' in '/app/src'
//!   │          ^^^^
//!   ╵                                    File: src/pot.js:5:0
//!   src/pot.scss 4:10  root stylesheet
//! [11ty] 1. Having trouble rendering njk template ./src/index.njk (via …)
//! (!) Found dead link ./jar in file guide/lid.md
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Context, leading_number, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::{failure, is_own, summary};
use crate::kinds;
use crate::stack::Stacks;

/// Maximum number of lines of one error.
const LINES: u32 = 40;
/// Maximum number of message lines.
const MESSAGE: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Sass,
    Gatsby,
    Eleventy,
}

struct Open {
    form: Form,
    message: Vec<String>,
    location: Option<Location>,
    left: u32,
    context: Context,
    span: Span,
}

/// Recognises these errors.
#[derive(Default)]
pub(crate) struct Sites {
    open: Option<Open>,
    /// A headline whose reason is in the next line.
    headline: Option<(&'static str, String, Span)>,
    /// The previous line, which may be Sass's message.
    before: Option<(String, Span)>,
}

static STARTS: Beginnings = Beginnings::new(&[
    "ERROR #",
    "[11ty] Problem writing",
    "(!) Found dead link ",
    "Warning: ",
    "error Building static HTML failed",
    "Metro ",
    "╷",
]);

impl Sites {
    /// Reads a line; returns true if it belongs to such an error.
    pub(crate) fn line(
        &mut self,
        text: &str,
        span: Span,
        stacks: &mut Stacks,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if let Some(open) = &mut self.open {
            if open.line(text, trimmed, span) {
                if open.left == 0 {
                    self.finish(out);
                }
                return true;
            }
            self.finish(out);
        }
        if !trimmed.is_empty()
            && let Some((tool, headline, start)) = self.headline.take()
        {
            let is_other = ["##", "npm ", "> ", "at "].iter().any(|other| trimmed.starts_with(other));
            if !is_other {
                let kind = kinds::by_words(trimmed).unwrap_or(Kind::Compile);
                let message = format!("{trimmed}\n{headline}");
                out.push(failure(tool, "build", kind, &message, start.to(span)));
                return true;
            }
            out.push(failure(tool, "build", Kind::Compile, &headline, start));
        }
        let before = self.before.take();
        if !STARTS.begin(trimmed) {
            self.before = trimmed.contains("rror: ").then(|| (text.to_owned(), span));
            return false;
        }
        if trimmed == "╷" {
            let Some((headline, start)) = before else { return false };
            let message = trim(&headline);
            let message = message.split_once("rror: ").map_or(message, |(_, message)| message);
            // The exception that waits for frames is this error.
            stacks.forget();
            self.begin(Form::Sass, message, &headline, start.to(span));
            return true;
        }
        if trimmed.strip_prefix("ERROR #").and_then(leading_number).is_some() {
            self.begin(Form::Gatsby, "", text, span);
            return true;
        }
        if let Some(headline) =
            trimmed.strip_prefix("error ").filter(|text| text.starts_with("Building static HTML failed"))
        {
            self.headline = Some(("gatsby", headline.to_owned(), span));
            return true;
        }
        if trimmed.starts_with("Metro ") {
            let is_headline =
                trimmed.contains(" has encountered an internal error, please check your terminal");
            if is_headline {
                self.headline = Some(("metro", trimmed.to_owned(), span));
            }
            return is_headline;
        }
        if trimmed.starts_with("[11ty]") {
            self.begin(Form::Eleventy, "", text, span);
            return true;
        }
        if let Some((link, path)) =
            trimmed.strip_prefix("(!) Found dead link ").and_then(|rest| rest.split_once(" in file "))
        {
            let message = format!("Found dead link {link}");
            let mut found = failure("vitepress", "dead-link", Kind::Lint, &message, span);
            found.location = Some(Location::file(path));
            out.push(found);
            return true;
        }
        // Grunt stops at a warning unless it is forced to continue.
        if let Some(message) = trimmed
            .strip_prefix("Warning: ")
            .and_then(|rest| rest.trim_end().strip_suffix("Use --force to continue."))
        {
            let message = message.trim_end();
            out.push(if message.ends_with(" failed.") {
                summary("grunt", Kind::Unknown, message, span)
            } else {
                let kind = kinds::by_words(message).unwrap_or(Kind::Configuration);
                failure("grunt", "warning", kind, message, span)
            });
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((tool, headline, span)) = self.headline.take() {
            out.push(failure(tool, "build", Kind::Compile, &headline, span));
        }
        out.extend(self.open.take().and_then(Open::report));
    }

    fn begin(&mut self, form: Form, message: &str, text: &str, span: Span) {
        let mut context = Context::default();
        context.push(text);
        let message = Some(message.to_owned()).filter(|message| !message.is_empty()).into_iter().collect();
        self.open = Some(Open { form, message, location: None, left: LINES, context, span });
    }
}

impl Open {
    /// Reads a line; the error is complete when `left` is 0.
    fn line(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        self.left -= 1;
        let belongs = match self.form {
            Form::Sass => self.sass(trimmed),
            Form::Gatsby => self.gatsby(text, trimmed),
            Form::Eleventy => self.eleventy(text),
        };
        if belongs {
            self.context.push(text);
            if !trimmed.is_empty() {
                self.span = self.span.to(span);
            }
        }
        belongs
    }

    /// An excerpt between signs, then the locations in the style sheets that include each other.
    fn sass(&mut self, trimmed: &str) -> bool {
        let start = trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        if start.starts_with(['│', '╵', '╷', '┌', '└', '╶']) || trimmed.starts_with(',') {
            return true;
        }
        // `src/pot.scss 4:10  root stylesheet`
        let Some((path, rest)) = trimmed.split_once(' ') else { return false };
        let place = leading_number(rest)
            .and_then(|(line, rest)| Some((line, leading_number(rest.strip_prefix(':')?)?.0)));
        let Some((line, column)) = place else { return false };
        if self.location.is_none() && is_own(path) {
            self.location = Some(Location::at(path, line, Some(column)));
        }
        true
    }

    /// Paragraphs, the last of which names a file.
    fn gatsby(&mut self, text: &str, trimmed: &str) -> bool {
        if let Some(place) = trimmed.strip_prefix("File: ") {
            let place = place.split(' ').next().unwrap_or(place);
            self.location = place_at_start(place)
                .map_or_else(|| Some(Location::file(place)), |place| Some(place.location()))
                .filter(|place| is_own(&place.path));
            self.left = 0;
            return true;
        }
        let ends = ["failed ", "not finished ", "success ", "info ", "error ", "warn ", "npm "]
            .iter()
            .any(|start| text.starts_with(start));
        if ends || trimmed.starts_with("##") {
            return false;
        }
        let is_headline = trimmed.ends_with(" bundles failed")
            || trimmed == "undefined failed"
            || trimmed.starts_with("If you're trying to use");
        if !trimmed.is_empty() && !is_headline && self.message.len() < MESSAGE {
            self.message.push(trimmed.to_owned());
        }
        true
    }

    /// Reasons, the last of which is the innermost one.
    fn eleventy(&mut self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix("[11ty]") else { return false };
        let rest = rest.trim();
        if rest.is_empty() || rest.starts_with("Original error stack trace") {
            return rest.is_empty();
        }
        let rest = leading_number(rest).map_or(rest, |(_, rest)| rest.trim_start_matches(['.', ' ']));
        let reason = rest.rsplit_once(" (via ").map_or(rest, |(reason, _)| reason);
        if self.location.is_none() {
            self.location = reason
                .split([' ', '(', ')'])
                .find(|word| word.starts_with("./"))
                .map(|path| Location::file(path.trim_end_matches([':', ','])));
        }
        if !rest.starts_with("at ") && !reason.is_empty() {
            self.message.insert(0, reason.trim_start_matches("Error: ").to_owned());
        }
        true
    }

    fn report(mut self) -> Option<Diagnostic> {
        let (tool, error_type) = match self.form {
            Form::Sass => ("sass", "style"),
            Form::Gatsby => ("gatsby", "build"),
            Form::Eleventy => ("eleventy", "template"),
        };
        self.message.truncate(MESSAGE);
        let message = self.message.join("\n");
        let complete = !message.is_empty() && (self.form != Form::Sass || self.location.is_some());
        complete.then(|| {
            let kind = kinds::by_words(&message).unwrap_or(Kind::Compile);
            let mut found = failure(tool, error_type, kind, &message, self.span);
            found.location = self.location;
            found.context = self.context.take();
            found
        })
    }
}
