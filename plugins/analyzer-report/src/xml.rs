//! Assembles XML documents in a log, and parses them into small trees.

use grimoire_plugin_sdk::Span;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Maximum size of a document in bytes; only the start of a larger one is read.
const DOCUMENT: usize = 8 * 1024 * 1024;
/// Maximum number of elements of one document.
const ELEMENTS: usize = 200_000;
/// Nesting of elements.
const DEPTH: usize = 64;
/// Maximum size of the text of one element in bytes.
const TEXT: usize = 32 * 1024;

/// An element with its content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    /// The name without a namespace prefix.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// The text directly inside the element.
    pub(crate) text: String,
}

impl Element {
    /// The value of an attribute, if not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, value)| is_called(key, name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The first of several attributes that is present.
    pub(crate) fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The first child with this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| is_called(&child.name, name))
    }

    /// The text of the first child with this name.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }
}

/// Returns true if two names are equal apart from case, `_` and `-`.
fn is_called(name: &str, other: &str) -> bool {
    letters(name).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase())
}

/// Assembles documents, line by line.
#[derive(Default)]
pub(crate) struct Documents {
    text: String,
    /// The name of the root, once read.
    root: Option<String>,
    open: bool,
    span: Span,
}

impl Documents {
    /// Reads a line and passes on each document that ends in it.
    pub(crate) fn line(&mut self, line: &str, span: Span, found: &mut impl FnMut(&Element, Span)) {
        if self.open {
            self.push(line);
        } else {
            let Some(start) = start(line) else { return };
            self.open = true;
            self.span = span;
            self.push(&line[start..]);
        }
        self.span = self.span.to(span);
        if self.root.is_none() {
            self.root = root(&self.text);
        }
        let ends = self
            .root
            .as_ref()
            .is_some_and(|root| line.contains(&format!("</{root}>")) || is_empty_root(&self.text, root));
        if ends || self.text.len() >= DOCUMENT {
            self.finish(found);
        } else if self.root.is_none() && self.text.len() > 4096 {
            // Without an element, it was not a document.
            *self = Self::default();
        }
    }

    /// Ends the log: parses the incomplete document.
    pub(crate) fn finish(&mut self, found: &mut impl FnMut(&Element, Span)) {
        let Self { text, span, open, .. } = std::mem::take(self);
        if open && let Some(root) = parse(&text) {
            found(&root, span);
        }
    }

    fn push(&mut self, line: &str) {
        let room = DOCUMENT.saturating_sub(self.text.len());
        self.text.push_str(grimoire_plugin_sdk::text::cut(line, room));
        self.text.push('\n');
    }
}

/// The start of a document in a line: its declaration, or the root of a known report.
fn start(line: &str) -> Option<usize> {
    const ROOTS: [&str; 31] = [
        "<testsuite>",
        "<?xml ",
        "<testsuites",
        "<testsuite ",
        "<checkstyle",
        "<TestRun",
        "<pmd",
        "<results",
        "<issues",
        "<assemblies",
        "<TestLog",
        "<doctest",
        "<Catch",
        "<test-run",
        "<test-results",
        "<testng-results",
        "<lint>",
        "<jslint",
        "<csslint",
        "<StyleCopViolations",
        "<BugCollection",
        "<FxCopReport",
        "<gendarme-output",
        "<CodeNarc",
        "<pmd-cpd",
        "<simian",
        "<mutations",
        "<valgrindoutput",
        "<DEFECTS",
        "<errorList",
        "<plist",
    ];
    let first = line.find('<')?;
    let rest = &line[first..];
    // Only white space or a prefix without signs may precede it.
    (first < 64 && ROOTS.iter().any(|root| rest.starts_with(root))).then_some(first)
}

/// The name of the root element, with its prefix.
fn root(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let at = rest.find('<')?;
        rest = &rest[at + 1..];
        if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
            return Some(rest[..end].to_owned());
        }
    }
}

/// `<checkstyle/>`: a root without content.
fn is_empty_root(text: &str, root: &str) -> bool {
    let Some(at) = text.find(&format!("<{root}")) else { return false };
    text[at..].find('>').is_some_and(|end| text[at..at + end].ends_with('/'))
}

/// Parses a document, as far as it is well-formed. `None` without any element.
fn parse(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    let close = |open: &mut Vec<Element>| -> Option<Element> {
        let closed = open.pop()?;
        match open.last_mut() {
            Some(parent) => {
                parent.children.push(closed);
                None
            }
            None => Some(closed),
        }
    };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) if open.len() < DEPTH && elements < ELEMENTS => {
                elements += 1;
                open.push(element(&start));
            }
            Ok(Event::Empty(start)) if elements < ELEMENTS => {
                elements += 1;
                open.push(element(&start));
                if let Some(root) = close(&mut open) {
                    return Some(root);
                }
            }
            Ok(Event::End(_)) => {
                if let Some(root) = close(&mut open) {
                    return Some(root);
                }
            }
            Ok(Event::Text(text)) => add(&mut open, &text),
            Ok(Event::CData(data)) => add(&mut open, &data),
            Ok(Event::GeneralRef(name)) => add(&mut open, &entity(&name)),
            // A truncated or malformed document is read as far as possible.
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        if elements >= ELEMENTS {
            break;
        }
    }
    while !open.is_empty() {
        if let Some(root) = close(&mut open) {
            return Some(root);
        }
    }
    None
}

fn element(start: &BytesStart<'_>) -> Element {
    let name = start.local_name().as_ref().to_owned();
    let attributes = start
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .map(|attribute| {
            let key = attribute.key.local_name().as_ref().to_owned();
            let raw: &str = &attribute.value;
            let value = quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), Into::into);
            (key, value)
        })
        .collect();
    Element { name, attributes, ..Element::default() }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        let room = TEXT.saturating_sub(element.text.len());
        element.text.push_str(grimoire_plugin_sdk::text::cut(text, room));
    }
}

/// The character of a reference; unknown ones are kept.
fn entity(name: &str) -> String {
    let reference = format!("&{name};");
    quick_xml::escape::unescape(&reference).map_or_else(|_| reference.clone(), Into::into)
}
