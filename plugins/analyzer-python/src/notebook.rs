//! Notebook cells that raise an exception, in IPython's format.
//!
//! ```text
//! ---------------------------------------------------------------------------
//! KeyError                                  Traceback (most recent call last)
//! Cell In[1], line 2
//!       1 jars = {}
//! ----> 2 jars['plum']
//!
//! KeyError: 'plum'
//! ```

use grimoire_plugin_sdk::text::{Characters, Context, Needle, extension, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Location, Span};

use crate::found::{exception_kind, finding, is_surely_exception, last_part};
use crate::kinds;
use crate::own::is_own;

/// Maximum number of lines of a cell's traceback.
const LINES: u32 = 600;
/// Frames kept.
const FRAMES: usize = 100;

struct Open {
    kind: String,
    /// The file of frames in the old format, in which an arrow marks the line.
    file: Option<String>,
    frames: Vec<Frame>,
    left: u32,
    context: Context,
    span: Span,
}

/// Recognises cells that raise an exception.
#[derive(Default)]
pub(crate) struct Notebook {
    open: Option<Open>,
    /// The notebook that is being run.
    path: Option<String>,
}

impl Notebook {
    /// Reads a line; returns true if it belongs to a cell's traceback.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        static HEADER: Needle = Needle::new("Traceback (most recent call last)");
        static NOTEBOOK: Needle = Needle::new(".ipynb");
        let trimmed = trim(text);
        if let Some(open) = &mut self.open {
            open.left -= 1;
            if open.left == 0 {
                self.open = None;
                return false;
            }
            open.context.push(text);
            open.span = open.span.to(span);
            let is_end = exception_kind(trimmed)
                .is_some_and(|kind| !text.starts_with(' ') && last_part(kind) == last_part(&open.kind));
            if is_end {
                out.extend(self.open.take().map(|open| open.report(trimmed, self.path.as_deref())));
            } else {
                open.frame(trimmed);
            }
            return true;
        }
        if let Some(at) = NOTEBOOK.find_among(among, trimmed) {
            let start = trimmed[..at].rfind([' ', '\'', '"']).map_or(0, |blank| blank + 1);
            self.path = Some(trimmed[start..at + NOTEBOOK.text().len()].to_owned());
        }
        let Some(at) = HEADER.find_among(among, trimmed) else { return false };
        let name = trimmed[..at].trim_end();
        if trimmed.len() > at + HEADER.text().len()
            || at < name.len() + 2
            || exception_kind(name).is_none_or(|kind| kind.len() != name.len())
        {
            return false;
        }
        let mut context = Context::default();
        context.push(text);
        self.open =
            Some(Open { kind: name.to_owned(), file: None, frames: Vec::new(), left: LINES, context, span });
        true
    }
}

impl Open {
    /// `Cell In[1], line 2`, `File /app/lid.py:7, in close(jar)`, `/app/lid.py in close(jar)` with `----> 7 …`.
    fn frame(&mut self, text: &str) {
        let location = if let Some(rest) = text.strip_prefix("File ") {
            place_at_start(rest).map(|place| place.location())
        } else if let Some(rest) = text.strip_prefix("--").map(|rest| rest.trim_start_matches('-')) {
            let line = rest.strip_prefix("> ").and_then(grimoire_plugin_sdk::text::leading_number);
            self.file.take().zip(line).map(|(file, (line, _))| Location::at(&file, line, None))
        } else {
            self.file = text
                .split_once(" in ")
                .filter(|(path, rest)| extension(path) == "py" && !path.contains(' ') && rest.contains('('))
                .map(|(path, _)| path.to_owned())
                .or(self.file.take());
            None
        };
        if let Some(location) = location.filter(|_| self.frames.len() < FRAMES) {
            self.frames.push(Frame { function: None, location: Some(location), text: text.to_owned() });
        }
    }

    fn report(mut self, message: &str, notebook: Option<&str>) -> Diagnostic {
        let mut found =
            finding("jupyter", &self.kind, kinds::of_exception(&self.kind, message), message, self.span);
        let own = self
            .frames
            .iter()
            .rev()
            .filter_map(|frame| frame.location.clone())
            .find(|place| is_own(&place.path) && !place.path.starts_with("Cell "));
        found.location = own.or_else(|| notebook.map(Location::file));
        self.frames.reverse();
        found.stack_trace = self.frames;
        found.context = self.context.take();
        if !is_surely_exception(&found.error_type) {
            found.error_type = last_part(&found.error_type).to_owned();
        }
        found
    }
}

/// Returns true for the error of a notebook's runner: the cell's own traceback says more.
pub(crate) fn is_wrapper(kind: &str) -> bool {
    matches!(last_part(kind), "CellExecutionError" | "PapermillExecutionError")
}
