//! Reports of doctest outside pytest and within Sphinx.
//!
//! ```text
//! **********************************************************************
//! File "lid.py", line 3, in lid.close
//! Failed example:
//!     close(1)
//! Expected:
//!     2
//! Got:
//!     1
//! ```

use grimoire_plugin_sdk::text::{Context, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::cause::Cause;
use crate::found::{file_line, finding};

/// Maximum number of lines of one example.
const LINES: u32 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Place,
    Example,
    Expected,
    Got,
    Raised,
}

struct Open {
    location: Location,
    name: Option<String>,
    part: Part,
    message: Vec<String>,
    cause: Cause,
    left: u32,
    context: Context,
    span: Span,
}

/// Recognises failed examples.
#[derive(Default)]
pub(crate) struct Doctest {
    open: Option<Open>,
    stars: bool,
}

impl Doctest {
    /// Reads a line; returns true if it belongs to a failed example.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let is_stars = text.starts_with("**********") && text.trim_end().bytes().all(|byte| byte == b'*');
        if self.open.is_some() && is_stars {
            self.finish(out);
        }
        if let Some(open) = &mut self.open {
            if open.line(text, span) {
                return true;
            }
            self.finish(out);
        }
        if std::mem::replace(&mut self.stars, is_stars)
            && text.starts_with("File \"")
            && let Some((path, line, name)) = file_line(text)
        {
            let mut context = Context::default();
            context.push(text);
            self.open = Some(Open {
                location: Location::at(path, line, None),
                name: name.map(str::to_owned),
                part: Part::Place,
                message: Vec::new(),
                cause: Cause::default(),
                left: LINES,
                context,
                span,
            });
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut open) = self.open.take() else { return };
        let message = open
            .cause
            .take()
            .filter(|_| open.part == Part::Raised)
            .unwrap_or_else(|| open.message.join("\n"));
        if open.part == Part::Place || message.is_empty() {
            return;
        }
        let mut found = finding("doctest", "example", Kind::Test, &message, open.span);
        found.location = Some(open.location);
        found.test = open.name;
        found.context = open.context.take();
        out.push(found);
    }
}

impl Open {
    fn line(&mut self, text: &str, span: Span) -> bool {
        self.left -= 1;
        let trimmed = trim(text);
        let part = match trimmed {
            "Failed example:" => Some(Part::Example),
            "Expected:" | "Expected nothing" | "Differences (unified diff with -expected +actual):" => {
                Some(Part::Expected)
            }
            "Got:" | "Got nothing" => Some(Part::Got),
            "Exception raised:" => Some(Part::Raised),
            _ => None,
        };
        if self.left == 0 || part.is_none() && !text.starts_with("    ") && !trimmed.is_empty() {
            return false;
        }
        self.context.push(text);
        if !trimmed.is_empty() {
            self.span = self.span.to(span);
        }
        if let Some(part) = part {
            self.part = part;
            if trimmed.ends_with("nothing") {
                self.message.push(trimmed.to_owned());
            }
            return true;
        }
        let title = match self.part {
            Part::Expected => "Expected: ",
            Part::Got => "Got: ",
            Part::Raised => {
                self.cause.line(trimmed);
                return true;
            }
            Part::Place | Part::Example => return true,
        };
        if self.message.len() < 6 && !trimmed.is_empty() {
            self.message.push(format!("{title}{trimmed}"));
        }
        true
    }
}
