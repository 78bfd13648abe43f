//! Fortran: gfortran prints the location, the source with a mark, and then the message; NVIDIA's compiler prints
//! the location last; a running program prints it before its error.
//!
//! ```text
//! leaf.f90:7:10:
//!
//!     7 |       use steam
//!       |          1
//! Fatal Error: Cannot open module file 'steam.mod' for reading at (1): No such file or directory
//! NVFORTRAN-S-0038-Symbol, pot, has not been explicitly declared (leaf.f90: 7)
//! At line 12 of file leaf.f90
//! Fortran runtime error: Index '5' of dimension 1 of array 'cup' above upper bound of 4
//! ```

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, leading_number, place_at_start},
};

/// Maximum number of lines between the location and the message.
const LINES: usize = 12;

/// Reads these forms.
#[derive(Debug, Default)]
pub(crate) struct Fortran {
    open: Option<Block>,
}

/// A location whose message follows.
#[derive(Debug)]
struct Block {
    location: Location,
    context: Context,
    /// True if a running program printed its location.
    running: bool,
    span: Span,
}

impl Fortran {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        if let Some(mut block) = self.open.take() {
            if let Some(found) = block.message(view) {
                inbox.push(found);
                return;
            }
            if block.context.lines() < LINES && start(view).is_none() {
                block.context.push(view.raw);
                self.open = Some(block);
                return;
            }
        }
        if let Some(block) = start(view) {
            self.open = Some(block);
        } else if let Some(found) = nvidia(view) {
            inbox.push(found);
        } else if let Some(message) = view.text.strip_prefix("Fortran runtime error: ") {
            inbox.push(runtime(message, None, view.text.to_owned(), view.span));
        }
    }

    pub(crate) fn finish(&mut self) {
        // A location without a message means nothing.
        self.open = None;
    }
}

/// `main.f90:7:10:` with nothing after it; `At line 12 of file main.f90`.
fn start(view: &View<'_>) -> Option<Block> {
    let text = view.text;
    let block = |location, running| {
        let mut context = Context::default();
        context.push(text);
        Block { location, context, running, span: view.span }
    };
    if let Some(rest) = text.strip_prefix("At line ") {
        let (line, rest) = leading_number(rest)?;
        let path = rest.strip_prefix(" of file ")?;
        let path = path.split(" (").next().unwrap_or(path);
        return Some(block(Location::at(path, line, None), true));
    }
    if !text.ends_with(':') {
        return None;
    }
    let place = place_at_start(text)?;
    (names::is_fortran(place.path) && place.rest.is_empty()).then(|| block(place.location(), false))
}

impl Block {
    fn message(&mut self, view: &View<'_>) -> Option<Diagnostic> {
        const WORDS: [(&str, Severity); 5] = [
            ("Error: ", Severity::Error),
            ("Fatal Error: ", Severity::Error),
            ("Internal Error: ", Severity::Fatal),
            ("Internal Error at (1):", Severity::Fatal),
            ("Warning: ", Severity::Warning),
        ];
        let text = view.text;
        let span = self.span.to(view.span);
        if self.running {
            let message = text.strip_prefix("Fortran runtime error: ")?;
            return Some(runtime(
                message,
                Some(self.location.clone()),
                format!("{}\n{text}", self.context.as_str()),
                span,
            ));
        }
        let (message, severity) =
            WORDS.iter().find_map(|(word, severity)| Some((text.strip_prefix(word)?, *severity)))?;
        let (message, code) = match message.rsplit_once(" [-W") {
            Some((message, code)) => (message, Some(code.trim_end_matches(']').trim_start_matches("error="))),
            None => (message, None),
        };
        self.context.push(view.raw);
        Some(Diagnostic {
            tool: "gfortran".to_owned(),
            error_type: code
                .unwrap_or(if severity == Severity::Warning { "warning" } else { "compile" })
                .to_owned(),
            code: code.map(str::to_owned),
            message: message.to_owned(),
            severity,
            kind: Kind::Compile,
            location: Some(self.location.clone()),
            context: self.context.take(),
            span,
            ..Diagnostic::default()
        })
    }
}

fn runtime(message: &str, location: Option<Location>, context: String, span: Span) -> Diagnostic {
    Diagnostic {
        tool: "gfortran".to_owned(),
        error_type: "runtime".to_owned(),
        message: message.to_owned(),
        severity: Severity::Fatal,
        kind: Kind::Crash,
        location,
        context,
        span,
        ..Diagnostic::default()
    }
}

/// `NVFORTRAN-S-0038-Symbol, pot, has not been declared (leaf.f90: 7)`, also from `PGF90`, `NVC++` and the like.
fn nvidia(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    let (name, rest) = text.split_once('-')?;
    if !(name.starts_with("NV") || name.starts_with("PG")) || name.len() > 12 || name.contains(' ') {
        return None;
    }
    let severity = match rest.get(..2)? {
        "S-" | "F-" => Severity::Error,
        "W-" => Severity::Warning,
        _ => return None,
    };
    let (number, message) = rest[2..].split_once('-')?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (message, place) = message.rsplit_once(" (")?;
    let (path, line) = place.trim_end_matches(')').rsplit_once(": ")?;
    Some(Diagnostic {
        tool: "nvfortran".to_owned(),
        error_type: "compile".to_owned(),
        code: Some(number.to_owned()),
        message: message.to_owned(),
        severity,
        kind: Kind::Compile,
        location: Some(Location::at(path, line.parse().ok()?, None)),
        context: text.to_owned(),
        span: view.span,
        ..Diagnostic::default()
    })
}
