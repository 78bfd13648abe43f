//! Finds errors that a unified diff alone proves.
//!
//! | `code` | severity | finding |
//! | --- | --- | --- |
//! | `conflict-marker` | error | an added line of an unresolved merge: one diagnostic for a whole conflict, or for a single marker |
//! | `private-key`, `token` | error | an added private key, or a word in the well-known format of an access token; the secret itself is never repeated |
//! | `focused-test` | warning | an added `it.only(`, `fdescribe(` and the like, which silently leave out all other tests |
//! | `debug-statement` | warning | an added `dbg!(`, `debugger;`, `breakpoint()`, `binding.pry` … |
//! | `malformed-hunk` | warning | a hunk with more or fewer lines than its header says |
//!
//! Only added lines are judged, each with its line number in the new file. White space is never
//! reported. The diff is read as a stream: memory holds one line and the state of one hunk.
#![deny(unsafe_code)]

mod hunk;
mod leftover;
mod path;
mod secret;

use grimoire_plugin_sdk::{
    Analyzer, Artifact, Diagnostic, Failure, Location, Position, Severity, Span, limits, media_type,
};
use hunk::{Hunk, Kind};
use std::borrow::Cow;

/// Number of bytes of a line that are examined; the rest of a longer one (minified code) is skipped.
const LINE_LIMIT: usize = 64 * 1024;

/// A conflict whose opening marker was added.
struct Conflict {
    start: u32,
    /// The opening line, for the message.
    label: String,
    span: Span,
}

/// One pass over one diff.
#[derive(Default)]
pub struct DiffScan {
    line: Vec<u8>,
    line_start: u64,
    offset: u64,
    /// True if the old file has the prefix `a/`, so that the new one's `b/` is a prefix too.
    prefixed: bool,
    path: Option<String>,
    /// The leftovers to search for in the file's language.
    leftovers: &'static [leftover::Shape],
    hunk: Option<Hunk>,
    conflict: Option<Conflict>,
    reported: usize,
}

impl Analyzer for DiffScan {
    fn tools() -> &'static [&'static str] {
        &["diff"]
    }

    fn accepts() -> &'static [&'static str] {
        &[media_type::DIFF]
    }

    fn start(artifact: &Artifact, _settings: Option<&str>) -> Result<Self, Failure> {
        if !artifact.is_any_of(Self::accepts()) {
            return Err(Failure::unsupported(artifact));
        }
        Ok(Self { prefixed: true, ..Self::default() })
    }

    fn feed(&mut self, chunk: &[u8], out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.offset += end as u64;
            self.complete(&rest[..end], out);
            self.offset += 1;
            self.line_start = self.offset;
            rest = &rest[end + 1..];
        }
        self.keep(rest);
        self.offset += rest.len() as u64;
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        if self.offset > self.line_start {
            self.complete(&[], out);
        }
        self.end_hunk(out);
        self.end_conflict(out);
        Ok(())
    }
}

impl DiffScan {
    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_LIMIT.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Completes the current line, whose last bytes are `tail`.
    fn complete(&mut self, tail: &[u8], out: &mut Vec<Diagnostic>) {
        let span = Span { start: self.line_start, end: self.offset };
        if self.line.is_empty() {
            self.take_line(&tail[..tail.len().min(LINE_LIMIT)], span, out);
            return;
        }
        self.keep(tail);
        let mut line = std::mem::take(&mut self.line);
        self.take_line(&line, span, out);
        line.clear();
        self.line = line;
    }

    fn take_line(&mut self, line: &[u8], span: Span, out: &mut Vec<Diagnostic>) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(hunk) = &mut self.hunk {
            match hunk.line(line) {
                Kind::Added { line: number, text } => {
                    // Lossy conversion works byte by byte, so it is used only where needed.
                    let text = std::str::from_utf8(text)
                        .map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed);
                    self.added(&text, number, span, out);
                    return;
                }
                Kind::Inside => return,
                Kind::Outside => self.end_hunk(out),
            }
        }
        self.header(line, span, out);
    }

    /// A line outside of hunks.
    fn header(&mut self, line: &[u8], span: Span, out: &mut Vec<Diagnostic>) {
        if line.starts_with(b"@@") {
            self.hunk = Hunk::open(line, span);
        } else if line.starts_with(b"diff ") {
            self.end_conflict(out);
            self.set_path(None);
            self.prefixed = true;
        } else if let Some(old) = line.strip_prefix(b"--- ") {
            self.prefixed =
                old.starts_with(b"a/") || old.starts_with(b"\"a/") || old.starts_with(b"/dev/null");
        } else if let Some(new) = line.strip_prefix(b"+++ ") {
            self.end_conflict(out);
            self.set_path(path::new_path(new, self.prefixed));
        }
    }

    fn set_path(&mut self, path: Option<String>) {
        self.leftovers = path.as_deref().map_or(&[], leftover::shapes);
        self.path = path;
    }

    fn end_hunk(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(hunk) = self.hunk.take() else { return };
        if let Some(problem) = hunk.problem() {
            let location = self.place(hunk.start.max(1));
            self.report(
                out,
                "malformed-hunk",
                problem,
                Severity::Warning,
                location,
                String::new(),
                hunk.span,
            );
        }
    }

    /// Examines an added line.
    fn added(&mut self, text: &str, number: u32, span: Span, out: &mut Vec<Diagnostic>) {
        self.marker(text, number, span, out);
        if let Some(secret) = secret::find(text) {
            // Neither message nor context may show the line, because it would be copied into comments and logs.
            let message = format!("{} added; revoke it, then remove it from the history", secret.name);
            self.report(out, secret.code, message, Severity::Error, self.place(number), String::new(), span);
        } else if let Some(found) = leftover::find(self.leftovers, text) {
            let context = text.trim().to_owned();
            self.report(out, found.code, found.message, Severity::Warning, self.place(number), context, span);
        }
    }

    /// The markers of a conflict: `<<<<<<< ours`, `||||||| base`, `=======`, `>>>>>>> theirs`.
    fn marker(&mut self, text: &str, number: u32, span: Span, out: &mut Vec<Diagnostic>) {
        if !text.starts_with(['<', '|', '=', '>']) {
            return;
        }
        let is = |sign: char| {
            let rest = text.trim_start_matches(sign);
            text.len() - rest.len() == 7 && (rest.is_empty() || rest.starts_with(' '))
        };
        if is('<') {
            self.end_conflict(out);
            self.conflict = Some(Conflict { start: number, label: shown(text), span });
        } else if is('>') {
            match self.conflict.take() {
                Some(conflict) => {
                    let mut location = self.place(conflict.start);
                    if let Some(location) = &mut location {
                        location.end = Some(Position { line: number, column: None });
                    }
                    let message =
                        format!("unresolved merge conflict, `{}` to `{}`", conflict.label, shown(text));
                    self.report(
                        out,
                        "conflict-marker",
                        message,
                        Severity::Error,
                        location,
                        String::new(),
                        conflict.span.to(span),
                    );
                }
                None => self.lone_marker(text, number, span, out),
            }
        } else if is('|') && self.conflict.is_none() {
            self.lone_marker(text, number, span, out);
        } else if is('=') {
            // Seven `=` also underline headings in many documents: they count only inside a conflict.
            if let Some(conflict) = &mut self.conflict {
                conflict.span = conflict.span.to(span);
            }
        }
    }

    fn lone_marker(&mut self, text: &str, number: u32, span: Span, out: &mut Vec<Diagnostic>) {
        let message = format!("merge conflict marker `{}` left in the file", shown(text));
        self.report(
            out,
            "conflict-marker",
            message,
            Severity::Error,
            self.place(number),
            String::new(),
            span,
        );
    }

    /// Reports a conflict that was opened and not closed by added lines.
    fn end_conflict(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(conflict) = self.conflict.take() {
            let message = format!("merge conflict marker `{}` left in the file", conflict.label);
            let location = self.place(conflict.start);
            self.report(
                out,
                "conflict-marker",
                message,
                Severity::Error,
                location,
                String::new(),
                conflict.span,
            );
        }
    }

    fn place(&self, line: u32) -> Option<Location> {
        self.path.as_deref().map(|path| Location::at(path, line, None))
    }

    #[allow(clippy::too_many_arguments, reason = "one caller's line each, read where it is written")]
    fn report(
        &mut self,
        out: &mut Vec<Diagnostic>,
        code: &str,
        message: String,
        severity: Severity,
        location: Option<Location>,
        context: String,
        span: Span,
    ) {
        let mut found = Diagnostic {
            tool: "diff".to_owned(),
            error_type: code.to_owned(),
            code: Some(code.to_owned()),
            message,
            severity,
            location,
            context,
            span,
            ..Diagnostic::default()
        };
        if self.reported < limits::DIAGNOSTICS && found.fit() {
            self.reported += 1;
            out.push(found);
        }
    }
}

/// A marker's line, shortened and without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

grimoire_plugin_sdk::export_analyzer!(DiffScan);
