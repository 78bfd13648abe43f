//! Failed tests as printed by Maven's Surefire and Failsafe.
//!
//! ```text
//! [ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.1 s <<< FAILURE! -- in org.example.PotTest
//! [ERROR] org.example.PotTest.holdsTwoCups -- Time elapsed: 0.02 s <<< FAILURE!
//! org.opentest4j.AssertionFailedError: expected: <2> but was: <1>
//!     at org.example.PotTest.holdsTwoCups(PotTest.java:21)
//! …
//! [ERROR] Failures:
//! [ERROR]   PotTest.holdsTwoCups:21->check:9 expected: <2> but was: <1>
//! [ERROR] Errors:
//! [ERROR]   PotTest.pours:33 » NullPointer
//! ```
//!
//! The lists at the end repeat the failures in short form: they add tests that were not reported before, and
//! tests that passed on a rerun (`Flakes:`). Repeats are summaries, line by line.

use crate::{header::Header, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Span,
    text::{Beginnings, Needle, leading_number},
};

#[derive(Debug, Default)]
pub(crate) struct Surefire {
    /// The class of the next tests.
    class: String,
    list: Option<List>,
}

/// A list of failed tests being read.
#[derive(Debug)]
struct List {
    flakes: bool,
    entry: Option<Entry>,
    /// Number of lines since the head that are not entries.
    foreign: usize,
}

#[derive(Debug)]
struct Entry {
    test: String,
    class: String,
    line: Option<u32>,
    error_type: String,
    message: String,
    span: Span,
}

impl Surefire {
    /// The failed test that the line names.
    pub(crate) fn header(
        &mut self,
        text: &Text<'_>,
        session: &mut Session,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Header<'static>> {
        static RUNNING: Needle = Needle::new("Running ");
        static SIGN: Needle = Needle::new("<<< ");
        if text.words.starts_with(RUNNING.text()) {
            text.words[RUNNING.text().len()..].clone_into(&mut self.class);
            return None;
        }
        let (before, after) = SIGN.split_among(text.characters, text.words)?;
        if !(after.starts_with("FAILURE!") || after.starts_with("ERROR!")) {
            return None;
        }
        if before.starts_with("Tests run:") {
            let class = after.split_once(" in ").map_or("", |(_, class)| class.trim());
            if !class.is_empty() {
                class.clone_into(&mut self.class);
            }
            let counts = before.split(", Time").next().unwrap_or(before).trim_end_matches([',', ' ']);
            let of = if self.class.is_empty() { String::new() } else { format!(" in {}", self.class) };
            let counts = format!("{counts}{of}");
            session.counted(&counts);
            session.report(summary(counts, text.span), out);
            return None;
        }
        let name = before
            .split_once(" -- Time elapsed")
            .or_else(|| before.split_once("Time elapsed"))
            .map_or(before, |(name, _)| name)
            .trim();
        if name.is_empty() {
            return None;
        }
        let simple = self.class.rsplit('.').next().unwrap_or_default();
        let test = if simple.is_empty() || name.contains(simple) || name.ends_with(')') && name.contains('.')
        {
            name.to_owned()
        } else {
            format!("{}.{name}", self.class)
        };
        Some(Header { test, tool: "junit", ..Header::default() })
    }

    /// Reads the lists at the end; returns whether the line belongs to one.
    pub(crate) fn line(&mut self, text: &Text<'_>, session: &mut Session, out: &mut Vec<Diagnostic>) -> bool {
        static HEADS: Beginnings = Beginnings::new(&[
            "Failures:",
            "Errors:",
            "Failed tests:",
            "Tests in error:",
            "Flakes:",
            "Flaked tests:",
        ]);
        let line = text.words;
        if let Some(head) = HEADS.position(line) {
            let after = line.split_once(':').map_or("", |(_, after)| after).trim();
            if after.is_empty() || head == 2 || head == 3 {
                self.close(session, out);
                self.list = Some(List { flakes: head >= 4, entry: None, foreign: 0 });
                if let (Some(list), Some(entry)) = (&mut self.list, entry(after, text.span)) {
                    list.begin(entry, session, out);
                }
                return true;
            }
        }
        let Some(list) = &mut self.list else { return false };
        if line.starts_with("Tests run:") {
            self.close(session, out);
            return true;
        }
        if text.is_blank() {
            return false;
        }
        if let Some(run) =
            line.strip_prefix("Run ").and_then(leading_number).and_then(|(_, run)| run.strip_prefix(": "))
        {
            list.run(run, text.span);
            return true;
        }
        if let Some(found) = entry(line, text.span) {
            list.begin(found, session, out);
            return true;
        }
        // sbt names only the classes.
        if is_qualified_class(line) {
            list.end(session, out);
            session.report(summary(format!("failed tests in {line}"), text.span), out);
            return true;
        }
        // A message of several lines.
        if let Some(entry) = &mut list.entry
            && entry.message.lines().count() < 24
            && !line.starts_with('[')
        {
            if !entry.message.is_empty() {
                entry.message.push('\n');
            }
            entry.message.push_str(line);
            entry.span = entry.span.to(text.span);
            return true;
        }
        list.foreign += 1;
        if list.foreign > 2 {
            self.close(session, out);
        }
        false
    }

    pub(crate) fn close(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let Some(mut list) = self.list.take() else { return };
        list.end(session, out);
    }
}

impl List {
    fn begin(&mut self, next: Entry, session: &mut Session, out: &mut Vec<Diagnostic>) {
        self.end(session, out);
        self.entry = Some(next);
    }

    /// `Run 2: PotTest.holds:12 message` belongs to the test above it.
    fn run(&mut self, run: &str, span: Span) {
        let Some(known) = &mut self.entry else { return };
        known.span = known.span.to(span);
        if run == "PASS" || !known.message.is_empty() {
            return;
        }
        match entry(run, span) {
            Some(next) => {
                (known.message, known.line, known.class) = (next.message, next.line, next.class);
                known.error_type = next.error_type;
            }
            None => run.clone_into(&mut known.message),
        }
    }

    fn end(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let Some(entry) = self.entry.take() else { return };
        if self.flakes {
            session.passed_again(&entry.test);
            return;
        }
        if !session.is_new_test(&entry.test) {
            // Reported before, in full.
            session.report(summary(format!("failed test: {}", entry.test), entry.span), out);
            return;
        }
        let file = format!("{}.{}", entry.class, session.extension());
        let message = match (entry.message.trim(), entry.error_type.as_str()) {
            ("", "") => format!("{} failed", entry.test),
            ("", name) => name.to_owned(),
            (message, _) => message.to_owned(),
        };
        session.hold_test(
            Diagnostic {
                tool: "junit".to_owned(),
                error_type: if entry.error_type.is_empty() { "test".to_owned() } else { entry.error_type },
                context: message.clone(),
                message,
                kind: Kind::Test,
                test: Some(entry.test),
                location: entry.line.map(|line| Location::at(&file, line, None)),
                span: entry.span,
                ..Diagnostic::default()
            },
            out,
        );
    }
}

/// `org.example.PotTest` and nothing else.
fn is_qualified_class(line: &str) -> bool {
    line.rsplit_once('.').is_some_and(|(package, class)| {
        package.starts_with(|c: char| c.is_ascii_lowercase())
            && class.starts_with(|c: char| c.is_ascii_uppercase())
    }) && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'))
}

fn summary(message: String, span: Span) -> Diagnostic {
    Diagnostic {
        tool: "junit".to_owned(),
        error_type: "test".to_owned(),
        message,
        kind: Kind::Test,
        role: Role::Summary,
        span,
        ..Diagnostic::default()
    }
}

/// `PotTest.holds:21->Helper.check:48 message`, `PotTest>Base.holds:33 » IllegalState message`,
/// `holds(org.example.PotTest): message`, `org.example.PotTest.holds`.
fn entry(line: &str, span: Span) -> Option<Entry> {
    if let Some(found) = with_class_behind(line, span) {
        return Some(found);
    }
    let first = line.bytes().next()?;
    if !first.is_ascii_alphabetic() {
        return None;
    }
    // The class, `>` and its superclass, the method.
    let word = line
        .bytes()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'>')));
    let name = &line[..word.unwrap_or(line.len())];
    let own = name.split('>').next().unwrap_or_default();
    let parts: Vec<_> = own.split('.').collect();
    let is_class = |part: &&str| part.starts_with(|c: char| c.is_ascii_uppercase()) && part.len() > 2;
    let at = parts.iter().position(is_class)?;
    let class = parts[at];
    let inherited = name.split_once('>').map(|(_, base)| base);
    let method = match inherited {
        Some(base) => base.split_once('.').map_or("", |(_, method)| method),
        None => parts.get(at + 1).copied().unwrap_or_default(),
    };
    let is_qualified = at > 0;
    let mut rest = &line[name.len()..];
    // Parameters, of which the second kind distinguishes repetitions.
    for (open, close) in [('(', ')'), ('{', '}'), ('[', ']')] {
        if let Some((_, after)) = rest.strip_prefix(open).and_then(|rest| rest.split_once(close)) {
            rest = after;
        }
    }
    // Spock's names with spaces, before the line number.
    if !rest.starts_with([':', ' ']) && !rest.is_empty() || rest.starts_with(' ') && named_with_blanks(rest) {
        let end = place_in(rest)?;
        rest = &rest[end..];
    }
    let mut test = line[..line.len() - rest.len()].trim().to_owned();
    if let Some(base) = inherited {
        // The test's own class and the inherited method.
        let tail = base.split_once('.').map_or("", |(_, method)| method);
        test = format!("{own}.{tail}{}", &test[name.len().min(test.len())..]);
    }
    let place_class = inherited.and_then(|base| base.split('.').next()).unwrap_or(class);
    let (line_number, after) = match rest.strip_prefix(':').and_then(leading_number) {
        Some((line, after)) => (Some(line), after),
        None => (None, rest),
    };
    let after = without_calls(after);
    let (error_type, message) = described(after)?;
    let complete = line_number.is_some()
        || !error_type.is_empty()
        || is_qualified && after.is_empty() && !method.is_empty();
    complete.then(|| Entry {
        test,
        class: place_class.to_owned(),
        line: line_number,
        error_type: error_type.to_owned(),
        message: message.to_owned(),
        span,
    })
}

/// Returns true if a name of several words continues up to a line number.
fn named_with_blanks(rest: &str) -> bool {
    !rest.starts_with(" » ")
        && place_in(rest).is_some_and(|end| end < 200 && !rest[..end].contains([':', '<', '"', '»']))
}

/// The position of `:12` followed by a space, an arrow or nothing.
fn place_in(rest: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = rest[from..].find(':') {
        let colon = from + found;
        if let Some((_, after)) = leading_number(&rest[colon + 1..])
            && (after.is_empty() || after.starts_with([' ', '-']))
        {
            return Some(colon);
        }
        from = colon + 1;
    }
    None
}

/// The text after `->Helper.check:48->check:9`.
fn without_calls(after: &str) -> &str {
    let mut after = after;
    while let Some(call) = after.strip_prefix("->") {
        let end = call.find("->").into_iter().chain(call.find(' ')).min().unwrap_or(call.len());
        after = &call[end..];
    }
    after
}

/// The type and the message of ` » NullPointer message` or ` message`.
fn described(after: &str) -> Option<(&str, &str)> {
    if after.is_empty() {
        return Some(("", ""));
    }
    let rest = after.strip_prefix(' ')?.trim();
    Some(match rest.strip_prefix("» ") {
        Some(thrown) => thrown.split_once(' ').map_or((thrown, ""), |(name, message)| (name, message.trim())),
        None => ("", rest),
    })
}

/// `holds(org.example.PotTest): message`.
fn with_class_behind(line: &str, span: Span) -> Option<Entry> {
    let (method, rest) = line.split_once('(')?;
    let (class, message) = rest.split_once(')')?;
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b'[' | b']' | b' ' | b',')
            })
    };
    let qualified = class.contains('.')
        && !class.contains([' ', ','])
        && class.rsplit('.').next()?.starts_with(|c: char| c.is_ascii_uppercase());
    if !qualified
        || !is_name(method)
        || method.contains('.')
        || !(message.is_empty() || message.starts_with(": "))
    {
        return None;
    }
    Some(Entry {
        test: line[..line.len() - message.len()].to_owned(),
        class: class.to_owned(),
        line: None,
        error_type: String::new(),
        message: message.trim_start_matches(": ").to_owned(),
        span,
    })
}
