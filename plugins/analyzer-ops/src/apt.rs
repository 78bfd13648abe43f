//! apt and dpkg.
//!
//! ```text
//! Err:3 http://archive.ubuntu.com/ubuntu jammy InRelease
//!   Temporary failure resolving 'archive.ubuntu.com'
//! W: Failed to fetch http://…/InRelease  Temporary failure resolving 'archive.ubuntu.com'
//! E: Unable to locate package till
//!
//! The following packages have unmet dependencies:
//!  till : Depends: libcoin2 (>= 2.1) but it is not installable
//! E: Unable to correct problems, you have held broken packages.
//!
//! dpkg: error processing package till (--configure):
//!  installed till package post-installation script subprocess returned error exit status 1
//! ```
//!
//! If a package list could not be fetched (`W:`), a missing package (`E:`) follows from that.

use crate::{
    kinds,
    sink::{Recogniser, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{Beginnings, Needle},
};

/// Maximum number of lines of one list of dependencies.
const LINES: usize = 40;

/// Reads the output of apt and dpkg.
#[derive(Debug, Default)]
pub(crate) struct Apt {
    open: Option<Open>,
    /// A package list that could not be fetched, or a repository that is not trusted.
    cause: Option<Diagnostic>,
    /// The cause was reported: packages missing from now on follow from it.
    is_explained: bool,
    /// An error named the file that could not be fetched: a repository that is not signed follows from it.
    is_fetch_failed: bool,
}

/// The block that the next lines belong to.
#[derive(Debug)]
enum Open {
    /// `Err:3 http://…`: the reason is on the next line.
    Fetch(Span, String),
    /// The packages with unmet dependencies.
    Unmet(List),
    /// `dpkg: error processing package till (--configure):`.
    Dpkg(List),
}

#[derive(Debug)]
struct List {
    head: String,
    lines: Vec<String>,
    span: Span,
}

impl List {
    fn new(line: &Text<'_>) -> Self {
        Self { head: line.text.to_owned(), lines: Vec::new(), span: line.span }
    }

    fn push(&mut self, line: &Text<'_>) {
        self.lines.push(line.text.to_owned());
        self.span = self.span.to(line.span);
    }

    fn context(&self) -> String {
        format!("{}\n{}", self.head, self.lines.join("\n"))
    }
}

impl Recogniser for Apt {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        match &mut self.open {
            Some(Open::Fetch(span, url)) => {
                if line.indent > 0 && !line.text.is_empty() {
                    let message = format!("{url}: {}", line.text);
                    let span = span.to(line.span);
                    self.cause = self.cause.take().or_else(|| Some(fetch(&message, span)));
                }
                self.open = None;
            }
            Some(Open::Unmet(list))
                if list.lines.len() < LINES && line.indent > 0 && !line.text.is_empty() =>
            {
                list.push(line);
                return;
            }
            Some(Open::Dpkg(list)) => {
                if list.lines.len() < LINES && line.indent > 0 && !line.text.is_empty() {
                    list.push(line);
                    return;
                }
                self.close(sink);
            }
            _ => {}
        }
        self.begin(line, sink);
    }

    fn finish(&mut self, sink: &mut Sink) {
        self.close(sink);
    }

    fn since(&self) -> Option<u64> {
        match &self.open {
            Some(Open::Dpkg(list) | Open::Unmet(list)) => Some(list.span.start),
            _ => None,
        }
    }

    fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

impl Apt {
    fn begin(&mut self, line: &Text<'_>, sink: &mut Sink) {
        static STARTS: Beginnings = Beginnings::new(&[
            "E: ",
            "W: ",
            "Err:",
            "Err ",
            "The following packages have unmet dependencies:",
            "dpkg: error",
            "dpkg: dependency problems prevent",
            "dpkg-deb: error: ",
        ]);
        let text = line.text;
        let start = STARTS.position(text);
        // A list ends only with the error that it explains.
        if start != Some(0)
            && let Some(Open::Unmet(_)) = &self.open
        {
            self.close(sink);
        }
        match start {
            Some(0) => self.error(&text[3..], line, sink),
            Some(1) => {
                if let Some(cause) = warning(&text[3..], line) {
                    self.cause = self.cause.take().or(Some(cause));
                }
            }
            Some(2 | 3) => {
                if let Some((_, url)) = text.split_once(' ')
                    && url.contains("://")
                {
                    let url = url.split_whitespace().next().unwrap_or(url);
                    self.open = Some(Open::Fetch(line.span, format!("Failed to fetch {url}")));
                }
            }
            Some(4) => self.open = Some(Open::Unmet(List::new(line))),
            Some(5 | 6) if text.ends_with(':') => self.open = Some(Open::Dpkg(List::new(line))),
            Some(5 | 7) => sink.single(line.found("dpkg", "dpkg", kinds::of(text, Kind::Dependency), text)),
            _ => {}
        }
    }

    /// `E: message`.
    fn error(&mut self, message: &str, line: &Text<'_>, sink: &mut Sink) {
        static FOLLOWS: Beginnings = Beginnings::new(&[
            "Unable to locate package ",
            "Couldn't find any package by ",
            "Package '",
            "Version '",
            "Some index files failed to download",
            "Unable to fetch some archives",
            "Failed to fetch ",
        ]);
        static SUMS: Beginnings = Beginnings::new(&[
            "Some index files failed to download",
            "Unable to fetch some archives",
            "Sub-process /usr/bin/dpkg returned an error code",
            "Sub-process dpkg returned an error code",
            "Failed to process build dependencies",
        ]);
        let message = message.trim();
        // Linters print such a letter, too, but a number follows it.
        if message.len() < 4 || message.starts_with(|c: char| c.is_ascii_digit()) {
            return;
        }
        let follows = FOLLOWS.position(message);
        if let Some(Open::Unmet(list)) = self.open.take()
            && !list.lines.is_empty()
        {
            let reason = list.lines.join("; ");
            let context = format!("{}\n{}", list.context(), line.text);
            sink.block(found(
                "apt",
                "dependencies",
                Kind::Dependency,
                &reason,
                &context,
                list.span.to(line.span),
            ));
            return;
        }
        if follows == Some(6) {
            // The error itself names the file that could not be fetched.
            self.cause = None;
            self.is_fetch_failed = true;
        } else if follows.is_some()
            && let Some(cause) = self.cause.take()
        {
            sink.beside(cause);
            self.is_explained = true;
        }
        let is_unsigned = self.is_fetch_failed && message.starts_with("The repository '");
        if is_unsigned || follows.is_some_and(|start| start != 6) && self.is_explained {
            sink.single(consequence(message, line));
            return;
        }
        let kind = match follows {
            Some(6) => fetch_kind(message),
            _ => kinds::of(message, kind(message)),
        };
        let role = if SUMS.begin(message) { Role::Summary } else { Role::Root };
        sink.single(Diagnostic { role, ..line.found("apt", "error", kind, message) });
    }

    fn close(&mut self, sink: &mut Sink) {
        match self.open.take() {
            Some(Open::Dpkg(list)) => {
                let (reason, head) = (list.lines.join(" "), list.head.trim_end_matches(':'));
                let message = format!("{}: {reason}", head.strip_prefix("dpkg: ").unwrap_or(head));
                let message = message.trim_end_matches([':', ' ']);
                let role = if reason.contains("dependency problems - leaving") {
                    Role::Consequence
                } else {
                    Role::Root
                };
                let kind = kinds::of(&reason, Kind::Dependency);
                sink.block(Diagnostic {
                    role,
                    ..found("dpkg", "dpkg", kind, message, &list.context(), list.span)
                });
            }
            // Without an error below it, the list is another tool's, or the log was truncated.
            Some(Open::Unmet(list)) if !list.lines.is_empty() => {
                let reason = list.lines.join("; ");
                sink.block(found(
                    "apt",
                    "dependencies",
                    Kind::Dependency,
                    &reason,
                    &list.context(),
                    list.span,
                ));
            }
            _ => {}
        }
    }
}

fn consequence(message: &str, line: &Text<'_>) -> Diagnostic {
    let found = line.found("apt", "error", kinds::of(message, Kind::Dependency), message);
    Diagnostic { role: Role::Consequence, ..found }
}

fn fetch(message: &str, span: Span) -> Diagnostic {
    found("apt", "fetch", fetch_kind(message), message, message, span)
}

/// A file that is gone from a mirror is a matter of versions; all other failures are the network's.
fn fetch_kind(message: &str) -> Kind {
    if message.contains("404") { Kind::Dependency } else { kinds::of(message, Kind::Network) }
}

/// The warnings that explain errors.
fn warning(message: &str, line: &Text<'_>) -> Option<Diagnostic> {
    if message.starts_with("Failed to fetch ") {
        return Some(fetch(message.trim(), line.span));
    }
    (message.starts_with("GPG error: ") || message.contains("NO_PUBKEY"))
        .then(|| line.found("apt", "signature", Kind::Dependency, message))
}

fn kind(message: &str) -> Kind {
    static LOCK: Needle = Needle::new("ould not get lock");
    static SPACE: Needle = Needle::new("enough free space");
    if LOCK.is_in(message) {
        Kind::Infrastructure
    } else if SPACE.is_in(message) {
        Kind::Resource
    } else {
        Kind::Dependency
    }
}
