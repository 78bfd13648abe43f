//! Terraform, OpenTofu, Packer and TFLint, which share one diagnostic format.
//!
//! In a box (`╷`, lines after `│`, `╵`), possibly after the prefix of a wrapper such as Terragrunt, or without one:
//!
//! ```text
//! Error: title
//!
//!   with aws_instance.web,
//!   on main.tf line 14, in resource "aws_instance" "web":
//!   14:   lidd = true
//!
//! The first paragraph of the details.
//! ```
//!
//! Location and resource may be missing. A title without a box could be any tool's: it counts if a location
//! or a resource follows, if its words are Terraform's, or if the log is Terraform's.

use crate::{
    sink::{Recogniser, Sink},
    terraform_words::{is_terraform, kind, rule, tool},
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Beginnings, Context, Needle, leading_number},
};

/// Maximum number of lines of one diagnostic.
const LINES: usize = 120;
/// Maximum number of lines of a diagnostic without a box.
const PLAIN_LINES: usize = 60;
/// Length beyond which a detail is cut to its first sentence, in bytes.
const DETAIL: usize = 240;

/// Reads Terraform's diagnostics.
#[derive(Debug, Default)]
pub(crate) struct Terraform {
    open: Option<Record>,
    /// The log is that of Terraform or a wrapper.
    seen: bool,
}

/// A diagnostic being read.
#[derive(Debug)]
struct Record {
    boxed: bool,
    /// The upper corner of the box was seen.
    has_corner: bool,
    severity: Severity,
    title: String,
    resource: bool,
    location: Option<Location>,
    detail: String,
    part: Part,
    context: Context,
    span: Span,
}

/// The part of the diagnostic that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The rest of the title, or the text after it.
    Title,
    /// After the blank line below the title or location.
    Between,
    /// The location and the source below it.
    Place,
    /// The first paragraph of the details.
    Detail,
    /// The text after the details.
    Rest,
}

impl Recogniser for Terraform {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        self.look(line);
        let inner = boxed(line);
        if let Some(record) = &mut self.open {
            let taken = match (record.boxed, inner) {
                (true, Some(Inner::End)) => {
                    record.span = record.span.to(line.span);
                    false
                }
                (true, Some(Inner::Line(inner))) => record.line(inner, line),
                (false, None) => record.plain(line),
                _ => false,
            };
            if taken {
                return;
            }
            self.close(sink);
        }
        self.open = match inner {
            Some(Inner::Start) => Some(Record { has_corner: true, ..Record::new(true, line) }),
            Some(Inner::Line(inner)) => {
                let mut record = Record::new(true, line);
                record.line(inner, line).then_some(record).filter(|record| !record.title.is_empty())
            }
            None if line.text.starts_with("Error: ") || line.text.starts_with("Warning: ") => {
                let mut record = Record::new(false, line);
                record.line(line.text, line).then_some(record).filter(|record| !record.title.is_empty())
            }
            Some(Inner::End) | None => None,
        };
    }

    fn finish(&mut self, sink: &mut Sink) {
        self.close(sink);
    }

    fn since(&self) -> Option<u64> {
        self.open.as_ref().map(|record| record.span.start)
    }
}

impl Terraform {
    /// Checks for texts that only occur in Terraform's logs.
    fn look(&mut self, line: &Text<'_>) {
        static STARTS: Beginnings = Beginnings::new(&[
            "Terraform ",
            "terraform ",
            "OpenTofu ",
            "Terragrunt ",
            "Initializing the backend",
            "Initializing provider plugins",
            "Initializing modules",
            "Acquiring state lock",
            "Plan: ",
        ]);
        static NAME: Needle = Needle::new("erraform");
        self.seen = self.seen
            || STARTS.begin(line.bare)
            || self.open.is_some() && NAME.find_among(line.characters, line.line).is_some();
    }

    fn close(&mut self, sink: &mut Sink) {
        let Some(record) = self.open.take() else { return };
        if let Some(diagnostic) = record.finish(self.seen) {
            sink.block(diagnostic);
        }
    }
}

/// The content of a line with the side of a box.
#[derive(Clone, Copy)]
enum Inner<'a> {
    Start,
    Line(&'a str),
    End,
}

fn boxed<'a>(line: &Text<'a>) -> Option<Inner<'a>> {
    // The three signs start with the same two bytes, which only box drawings have.
    let at = memchr_sign(line.line)?;
    let (before, sign) = line.line.split_at(at);
    if at > 160 || !(before.trim().is_empty() || before.ends_with(' ')) || before.contains('|') {
        return None;
    }
    let mut characters = sign.chars();
    match characters.next()? {
        '╷' => sign.trim_end().chars().nth(1).is_none().then_some(Inner::Start),
        '╵' => sign.trim_end().chars().nth(1).is_none().then_some(Inner::End),
        '│' => Some(Inner::Line(characters.as_str())),
        _ => None,
    }
}

/// The position of the first possible box sign.
fn memchr_sign(text: &str) -> Option<usize> {
    if text.is_ascii() {
        return None;
    }
    text.find(['╷', '│', '╵'])
}

impl Record {
    fn new(boxed: bool, line: &Text<'_>) -> Self {
        Self {
            boxed,
            has_corner: false,
            severity: Severity::Error,
            title: String::new(),
            resource: false,
            location: None,
            detail: String::new(),
            part: Part::Title,
            context: Context::default(),
            span: line.span,
        }
    }

    /// Reads a line without the side of the box; returns true if it belongs to the diagnostic.
    fn line(&mut self, inner: &str, line: &Text<'_>) -> bool {
        if self.context.lines() >= if self.boxed { LINES } else { PLAIN_LINES } {
            return false;
        }
        let text = inner.trim();
        // Without corners only the next headline ends a box.
        if self.boxed && !self.has_corner && !self.title.is_empty() && text.starts_with("Error: ") {
            return false;
        }
        if self.title.is_empty() {
            let (severity, title) = match (text.strip_prefix("Error: "), text.strip_prefix("Warning: ")) {
                (Some(title), _) => (Severity::Error, title),
                (_, Some(title)) => (Severity::Warning, title),
                _ if text.is_empty() => return true,
                _ => return false,
            };
            (self.severity, self.title) = (severity, title.to_owned());
        } else {
            self.content(inner, text);
        }
        self.context.push(inner.strip_prefix(' ').unwrap_or(inner));
        self.span = self.span.to(line.span);
        true
    }

    /// Reads a line of a diagnostic without a box, whose end is not marked.
    fn plain(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        if text.starts_with("Error: ") || text.starts_with("Warning: ") || text.starts_with("##[") {
            return false;
        }
        let ended = match self.part {
            Part::Rest => !line.line.starts_with(' ') || !text.starts_with(['*', '-']),
            // Only text separated by a blank line belongs to a title.
            Part::Title => !text.is_empty() && !line.line.starts_with([' ', '\t']),
            // Indented text below it without a location is another tool's.
            Part::Between if self.location.is_none() && !self.resource => {
                line.indent > 0 && place(text).is_none() && !is_resource(text)
            }
            _ => false,
        };
        !ended && self.line(line.line, line)
    }

    fn content(&mut self, inner: &str, text: &str) {
        if text.is_empty() {
            self.part = match self.part {
                Part::Detail if is_headline(&self.detail) => Part::Between,
                Part::Detail | Part::Rest => Part::Rest,
                _ => Part::Between,
            };
            return;
        }
        if self.part != Part::Detail && self.part != Part::Rest {
            if let Some(location) = place(text) {
                self.location = self.location.take().or(Some(location));
                self.part = Part::Place;
                return;
            }
            if (self.boxed || inner.starts_with("  ")) && is_resource(text) {
                self.resource = true;
                self.part = Part::Place;
                return;
            }
        }
        match self.part {
            Part::Title => {
                if self.title.len() < 2 * DETAIL {
                    self.title.push(' ');
                    self.title.push_str(bullet(text));
                }
            }
            Part::Between | Part::Detail => {
                self.part = Part::Detail;
                // In nested lists of causes, the last cause is the most specific.
                if text.starts_with("* ") && !text.ends_with("occurred:") || is_headline(&self.detail) {
                    self.detail.clear();
                }
                if self.detail.len() < 8 * DETAIL {
                    if !self.detail.is_empty() {
                        self.detail.push(' ');
                    }
                    self.detail.push_str(bullet(text));
                }
            }
            Part::Place | Part::Rest => {}
        }
    }

    fn finish(mut self, seen: bool) -> Option<Diagnostic> {
        if self.title.is_empty() {
            return None;
        }
        let named = self.location.is_some() || self.resource;
        let words = || is_terraform(&self.title) || is_terraform(&self.detail);
        let rule = rule(&self.title);
        let detail = first_sentence(&self.detail);
        // A title alone, without a box, says no more than the line does.
        if !self.boxed && !named && (detail.is_empty() || !(seen || words())) {
            return None;
        }
        let path = self.location.as_ref().map_or("", |location| location.path.as_str());
        let tool = if rule.is_some() { "tflint" } else { tool(path, &self.title, &self.detail) };
        let (title, code) = match rule {
            Some((title, code)) => (title.to_owned(), Some(code.to_owned())),
            None => (self.title.clone(), None),
        };
        let message = message(&title, &detail, code.is_some());
        let kind = if code.is_some() { Kind::Lint } else { kind(&message) };
        let otherwise = if self.severity == Severity::Warning { "warning" } else { "error" };
        Some(Diagnostic {
            tool: tool.to_owned(),
            error_type: code.clone().unwrap_or_else(|| otherwise.to_owned()),
            code,
            message,
            severity: self.severity,
            kind,
            location: self.location,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// `on main.tf line 14, in resource "x" "y":`, `on main.tf line 3:`.
fn place(text: &str) -> Option<Location> {
    let (path, rest) = text.strip_prefix("on ")?.split_once(" line ")?;
    let (line, rest) = leading_number(rest)?;
    let good = path.contains('.') && (rest.is_empty() || rest.starts_with([':', ',']));
    good.then(|| Location::at(path.trim_end_matches(','), line, None))
}

/// `with module.web.aws_instance.a["x"],`.
fn is_resource(text: &str) -> bool {
    text.strip_prefix("with ").is_some_and(|rest| {
        let address = rest.trim_end_matches([',', ':']);
        address.contains(['.', '[']) && !address.split('[').next().unwrap_or_default().contains(' ')
    })
}

/// `2 errors occurred:`, followed by a list of the causes.
fn is_headline(detail: &str) -> bool {
    detail.ends_with("occurred:")
}

fn bullet(text: &str) -> &str {
    text.strip_prefix("* ").unwrap_or(text)
}

fn first_sentence(detail: &str) -> String {
    let detail = detail.trim();
    let detail = detail.strip_prefix("Error: ").unwrap_or(detail);
    if detail.len() <= DETAIL {
        return detail.to_owned();
    }
    match detail.find(". ") {
        Some(end) => detail[..=end].to_owned(),
        None => detail.to_owned(),
    }
}

/// Title and detail, without repetitions.
fn message(title: &str, detail: &str, is_lint: bool) -> String {
    let title = title.trim().trim_end_matches(':');
    if detail.is_empty() || is_lint && detail.starts_with("Reference: ") || title.contains(detail) {
        return title.to_owned();
    }
    if is_headline(title) || detail.starts_with(title) {
        return detail.to_owned();
    }
    let title = title.strip_suffix('.').unwrap_or(title);
    let title = title.strip_suffix(" 1 error occurred").unwrap_or(title).trim_end_matches(':');
    format!("{title}: {detail}")
}
