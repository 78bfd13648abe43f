//! TeX and its tools: errors of LaTeX, packages and TeX itself, with a location or `!`; latexmk and BibTeX.
//!
//! ```text
//! ! LaTeX Error: File `steam.sty' not found.
//! ./kettle.tex:12: Undefined control sequence.
//! l.12 \pour
//! ! Emergency stop.
//! !  ==> Fatal error occurred, no output PDF file produced!
//! I couldn't open database file leaves.bib
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Context, extension, leading_number, place_at_start},
};

/// Maximum number of lines between an error and its line number: `l.12 …`.
const LINES: usize = 14;
/// The width at which TeX breaks the lines of its log.
const WIDTH: usize = 79;

/// TeX's error messages.
static COMPLAINTS: Beginnings = Beginnings::new(&[
    "LaTeX Error: ",
    "LaTeX3 Error: ",
    "Package ",
    "Class ",
    "Undefined control sequence",
    "Missing ",
    "Extra ",
    "File ended while",
    "Emergency stop",
    "I can't ",
    "TeX capacity exceeded",
    "Argument of ",
    "Paragraph ended before",
    "Illegal ",
    "Improper ",
    "Incomplete ",
    "Misplaced ",
    "Double superscript",
    "Double subscript",
    "You can't use",
    "Use of \\",
    "Too many }'s",
    "Forbidden control sequence",
    "Dimension too large",
    "Number too big",
    "Arithmetic overflow",
    "Text line contains",
    "Font ",
    "pdfTeX error",
    "Critical ",
    "==> Fatal error occurred",
]);

static STARTS: Beginnings =
    Beginnings::new(&["!", "l.", "I couldn't open ", "Collected error summary", "Latexmk: Errors, "]);

/// Follows TeX's log.
#[derive(Debug, Default)]
pub(crate) struct Latex {
    open: Option<Open>,
    /// True if an error was found: an emergency stop follows from it.
    found: bool,
    /// True if latexmk repeats the errors in the next lines.
    summary: bool,
}

/// An error whose location may follow.
#[derive(Debug)]
struct Open {
    message: String,
    location: Option<Location>,
    context: Context,
    span: Span,
    /// True if the line was broken at the width of the log.
    goes_on: bool,
}

impl Latex {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some(open) = &mut self.open
            && open.goes_on
        {
            open.goes_on = text.chars().count() == WIDTH;
            open.message.push_str(text);
            open.take(view);
            return;
        }
        if std::mem::take(&mut self.summary) {
            self.repeated(view, inbox);
        }
        if !STARTS.begin(text) && !names_source(text) {
            if let Some(open) = &mut self.open {
                open.context.push(text);
                if open.context.lines() >= LINES {
                    self.finish(inbox);
                }
            }
            return;
        }
        if let Some(rest) = text.strip_prefix("l.") {
            self.place(rest, view, inbox);
        } else if text.starts_with("Collected error summary") {
            self.finish(inbox);
            self.summary = true;
        } else if text.starts_with("Latexmk: Errors, ") {
            self.finish(inbox);
            inbox.push(Diagnostic { role: Role::Summary, ..found("latexmk", text, view.span) });
        } else if text.starts_with("I couldn't open ") {
            self.finish(inbox);
            self.found = true;
            inbox.fail(view.number);
            inbox.push(Diagnostic { kind: Kind::Configuration, ..found("bibtex", text, view.span) });
        } else if let Some((location, message)) = complaint(text) {
            self.complain(location, message, view, inbox);
        }
    }

    fn complain(&mut self, location: Option<Location>, message: &str, view: &View<'_>, inbox: &mut Inbox) {
        let stops = message.starts_with("Emergency stop") || message.starts_with("==> Fatal");
        if stops && let Some(open) = &mut self.open {
            // The end of the file is no separate error, but gives the location.
            open.location = open.location.take().or(location);
            open.take(view);
            return;
        }
        if stops && self.found {
            inbox.push(Diagnostic {
                role: Role::Consequence,
                location,
                ..found("latex", message, view.span)
            });
            return;
        }
        self.finish(inbox);
        inbox.fail(view.number);
        self.found = true;
        let mut context = Context::default();
        context.push(view.text);
        self.open = Some(Open {
            message: message.to_owned(),
            location,
            context,
            span: view.span,
            goes_on: view.text.chars().count() == WIDTH,
        });
    }

    /// `l.12 \pour` ends TeX's report of an error.
    fn place(&mut self, rest: &str, view: &View<'_>, inbox: &mut Inbox) {
        let Some(open) = &mut self.open else { return };
        let Some((_, source)) = leading_number(rest) else { return };
        open.take(view);
        // The undefined name occurs only here, at the end.
        if open.message.starts_with("Undefined control sequence")
            && let Some((_, name)) = source.rsplit_once('\\')
            && !name.is_empty()
            && !name.contains(' ')
        {
            open.message = format!("{}: \\{name}", open.message.trim_end_matches('.'));
        }
        self.finish(inbox);
    }

    /// Errors repeated by latexmk: its own, such as a file that BibTeX cannot open, occur nowhere else.
    fn repeated(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let Some((program, message)) = view.text.split_once(": ") else { return };
        let program = program.split(' ').next().unwrap_or_default();
        if !matches!(
            program,
            "pdflatex" | "latex" | "xelatex" | "lualatex" | "bibtex" | "biber" | "makeindex" | "dvipdf"
        ) {
            return;
        }
        let follows = message.contains("return code") || self.found;
        let role = if follows { Role::Consequence } else { Role::Root };
        self.found = true;
        inbox.push(Diagnostic { role, ..found(program, message, view.span) });
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        let Some(mut open) = self.open.take() else { return };
        let missing = open.message.contains("not found") || open.message.contains("cannot be found");
        inbox.push(Diagnostic {
            kind: if missing { Kind::Dependency } else { Kind::Compile },
            location: open.location,
            context: open.context.take(),
            ..found("latex", &open.message, open.span)
        });
    }
}

impl Open {
    fn take(&mut self, view: &View<'_>) {
        self.context.push(view.text);
        self.span = self.span.to(view.span);
    }
}

/// Returns true if a line begins with a location in a TeX source.
fn names_source(text: &str) -> bool {
    text.split_once(':').is_some_and(|(path, _)| is_source(path))
}

fn is_source(path: &str) -> bool {
    matches!(
        extension(path).to_ascii_lowercase().as_str(),
        "tex" | "ltx" | "sty" | "cls" | "bbl" | "aux" | "toc"
    )
}

/// `! complaint` or `./kettle.tex:12: complaint`.
fn complaint(text: &str) -> Option<(Option<Location>, &str)> {
    if let Some(message) = text.strip_prefix('!') {
        let message = message.trim_start();
        return complains(message).then_some((None, message));
    }
    let place = place_at_start(text)?;
    let message = place.rest.trim_start_matches([':', ' ']);
    (is_source(place.path) && place.column.is_none() && complains(message))
        .then(|| (Some(Location::at(place.path, place.line, None)), message))
}

/// Packages and classes also print warnings in this format.
fn complains(message: &str) -> bool {
    let is_package = message.starts_with("Package ") || message.starts_with("Class ");
    COMPLAINTS.begin(message) && (!is_package || message.contains(" Error: "))
}

fn found(tool: &str, message: &str, span: Span) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: "latex".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: Kind::Compile,
        role: Role::Root,
        context: message.to_owned(),
        span,
        ..Diagnostic::default()
    }
}
