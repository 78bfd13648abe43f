//! What Gradle says of a failed build.
//!
//! ```text
//! FAILURE: Build failed with an exception.
//!
//! * Where:
//! Build file '/src/pot/build.gradle' line: 17
//!
//! * What went wrong:
//! Execution failed for task ':compileJava'.
//! > Could not resolve all files for configuration ':compileClasspath'.
//!    > Could not find org.example:kettle:1.2.3.
//!      Searched in the following locations:
//!        - https://repo.example.org/…
//!
//! * Try:
//! > Run with --stacktrace option to get the stack trace.
//! ```
//!
//! Each innermost `>` is a reason. Reasons that only say that something failed which was said before are
//! summaries. The block is also read without its head, as people paste it, and with the trace below it.

use crate::{
    gradle_reason::{self, Line},
    session::Session,
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Span,
    text::{Beginnings, Context, leading_number},
};

/// Whose a line is while a block is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nobody's: no block is open.
    None,
    /// The block's; compilers may have printed it first.
    Shared,
    /// The block's alone: a stack of Gradle's own, hints.
    Whole,
}

#[derive(Debug, Default)]
pub(crate) struct Gradle {
    open: Option<Block>,
    /// Blocks with an indent: those of builds within a test, unless there are no others.
    nested: Vec<Diagnostic>,
    /// A block without an indent was reported.
    reported: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Head,
    Where,
    Wrong,
    Hints,
    Trace,
}

#[derive(Debug)]
struct Block {
    section: Section,
    place: Option<Location>,
    lines: Vec<Line>,
    /// Lines of the section so far.
    count: usize,
    /// Lines of others among those of the block.
    foreign: usize,
    /// Causes that were known when it began.
    roots: u64,
    /// The indent of its heads.
    base: usize,
    context: Context,
    span: Span,
}

impl Gradle {
    /// Takes a line.
    pub(crate) fn line(&mut self, text: &Text<'_>, session: &mut Session, out: &mut Vec<Diagnostic>) -> Claim {
        if let Some(block) = &mut self.open {
            match block.line(text) {
                Some(claim) => {
                    if text.text.starts_with("BUILD FAILED") {
                        self.close(session, out);
                    }
                    return claim;
                }
                None => self.close(session, out),
            }
        }
        if let Some(block) = Block::start(text, session.roots()) {
            self.open = Some(block);
            return Claim::Shared;
        }
        if let Some(found) = single(text) {
            session.report(found, out);
            return Claim::Whole;
        }
        Claim::None
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether the next line ends the block, so that what others read of it has to be complete before.
    pub(crate) fn ends_before(&self, text: &Text<'_>) -> bool {
        self.open.is_some() && (text.text.starts_with("* ") || text.text.starts_with("BUILD FAILED") || is_rule(text.text))
    }

    /// Completes what is open.
    pub(crate) fn close(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let Some(block) = self.open.take() else { return };
        let nested = block.base >= 4;
        for found in block.finish(session, out) {
            if found.role == Role::Summary && found.message.contains("failing test") && !nested {
                session.tests_failed(out);
            }
            if !nested {
                self.reported = true;
                session.report_once(found, out);
            } else if self.nested.len() < 32 {
                self.nested.push(found);
            }
        }
    }

    pub(crate) fn finish(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        self.close(session, out);
        if !self.reported {
            for found in self.nested.drain(..) {
                session.report_once(found, out);
            }
        }
    }
}

impl Block {
    /// Lines of a section at most.
    const LINES: usize = 400;
    /// Lines of a stack at most.
    const TRACE: usize = 4000;

    fn start(text: &Text<'_>, roots: u64) -> Option<Self> {
        static HEADS: Beginnings = Beginnings::new(&[
            "* What went wrong:",
            "* Where:",
            "FAILURE: Build failed with an exception",
            "FAILURE: Build completed with ",
            "FAILURE: Build aborted",
            // What people begin to copy with.
            "Execution failed for task '",
            "A problem occurred evaluating ",
            "A problem occurred configuring ",
            "Could not determine the dependencies of ",
            "Could not resolve all ",
            "> Could not resolve ",
            "> Could not find ",
            "> Could not get resource ",
            "> A failure occurred while executing ",
            "> A problem occurred ",
        ]);
        let head = HEADS.position(text.text)?;
        let section = match head {
            0 => Section::Wrong,
            1 => Section::Where,
            2..5 => Section::Head,
            _ => Section::Wrong,
        };
        // Prose and messages of others: Gradle's end in a full stop or a colon.
        if head >= 5 && !text.text.ends_with(['.', ':', ')', '\'']) && !text.text.starts_with('>') {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        let mut block = Self {
            section,
            place: None,
            lines: Vec::new(),
            count: 0,
            foreign: 0,
            roots,
            base: text.indent,
            context,
            span: text.span,
        };
        if head >= 5 {
            // What is pasted without a head is no build within a test.
            block.base = text.indent.min(3);
            block.lines.push(Line { indent: 0, text: text.text.to_owned() });
            if text.indent > 3 {
                block.base = text.indent;
            }
        }
        Some(block)
    }

    /// Takes a line; `None` when it is not one of the block.
    fn line(&mut self, text: &Text<'_>) -> Option<Claim> {
        static SECTIONS: Beginnings =
            Beginnings::new(&["* What went wrong:", "* Where:", "* Exception is:", "* Try:", "* "]);
        let line = text.text;
        if let Some(section) = SECTIONS.position(line)
            && text.indent <= self.base
        {
            let said = !self.lines.is_empty();
            if section < 2 && said {
                return None;
            }
            self.section = match section {
                0 => Section::Wrong,
                1 => Section::Where,
                2 => Section::Trace,
                _ => Section::Hints,
            };
            self.count = 0;
            return Some(self.take(text, Claim::Whole));
        }
        if line.starts_with("BUILD FAILED") {
            return Some(self.take(text, Claim::Whole));
        }
        if line.starts_with("> Task :") || line.starts_with("FAILURE: Build ") && !self.lines.is_empty() {
            return None;
        }
        // `2: Task failed with an exception.`, and the rule that ends a failure.
        let is_next = leading_number(line).is_some_and(|(_, rest)| rest.starts_with(": Task failed with an exception"));
        if (is_next || is_rule(line)) && !self.lines.is_empty() {
            return None;
        }
        self.count += 1;
        if self.count > if self.section == Section::Trace { Self::TRACE } else { Self::LINES } {
            return None;
        }
        match self.section {
            Section::Head if self.count > 12 => None,
            Section::Head => Some(Claim::Whole),
            Section::Where => {
                if self.place.is_none() {
                    self.place = place_of(line);
                }
                (self.count <= 12).then(|| self.take(text, Claim::Whole))
            }
            Section::Wrong => self.wrong(text),
            Section::Hints => {
                let is_hint = text.is_blank()
                    || line.starts_with(['>', '-'])
                    || ["Run with", "Get more help", "Run gradlew", "Check your", "Use "].iter().any(|start| line.starts_with(start));
                is_hint.then(|| self.take(text, Claim::Whole))
            }
            Section::Trace => {
                // A trace is long and says nothing that the reasons do not.
                self.span = self.span.to(text.span);
                Some(Claim::Whole)
            }
        }
    }

    fn wrong(&mut self, text: &Text<'_>) -> Option<Claim> {
        let indent = text.indent.saturating_sub(self.base);
        if text.is_blank() {
            self.lines.push(Line::default());
            return Some(Claim::Shared);
        }
        let has_reasons = self.lines.iter().any(|line| line.text.starts_with("> "));
        let after_blank = self.lines.last().is_some_and(|line| line.text.is_empty());
        // Lines of other threads, between the reasons and the hints.
        if has_reasons && indent == 0 && !text.text.starts_with('>') && after_blank {
            self.foreign += 1;
            if self.foreign > 6 {
                return None;
            }
            return Some(Claim::Shared);
        }
        self.lines.push(Line { indent, text: text.text.to_owned() });
        Some(self.take(text, Claim::Shared))
    }

    fn take(&mut self, text: &Text<'_>, claim: Claim) -> Claim {
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        claim
    }

    fn finish(mut self, session: &mut Session, out: &mut Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.lines.iter().all(|line| line.text.is_empty()) {
            // Nothing but the head.
            return vec![summary("FAILURE: Build failed with an exception.", self.span)];
        }
        let scripts = gradle_reason::script_errors(&self.lines, self.place.as_ref(), self.span);
        let has_scripts = !scripts.is_empty();
        for found in scripts {
            session.report_line(found, out);
        }
        let explained = has_scripts || session.roots() > self.roots;
        let context = self.context.take();
        let mut found = gradle_reason::read(&self.lines, self.place.as_ref());
        for diagnostic in &mut found {
            diagnostic.span = self.span;
            diagnostic.context.clone_from(&context);
            // A compiler's or a test's own words within the block are the cause.
            if explained {
                diagnostic.role = Role::Summary;
            }
        }
        found
    }
}

/// A line of `=`, which ends one of several failures.
fn is_rule(line: &str) -> bool {
    line.len() >= 20 && line.bytes().all(|byte| byte == b'=')
}

/// `Build file '/src/build.gradle' line: 17`, `Script '/src/x.gradle' line: 3`.
fn place_of(line: &str) -> Option<Location> {
    let (_, rest) = line.split_once('\'')?;
    let (path, rest) = rest.split_once('\'')?;
    let number = rest.trim().strip_prefix("line: ").and_then(leading_number).map_or(0, |(line, _)| line);
    // Scripts of plugins lie in Gradle's own folders.
    (!path.contains("/.gradle/") && !path.contains("\\.gradle\\")).then(|| Location::at(path, number, None))
}

fn summary(message: &str, span: Span) -> Diagnostic {
    Diagnostic {
        tool: "gradle".to_owned(),
        error_type: "build".to_owned(),
        message: message.to_owned(),
        role: Role::Summary,
        span,
        ..Diagnostic::default()
    }
}

/// Lines that stand alone.
fn single(text: &Text<'_>) -> Option<Diagnostic> {
    static STARTS: Beginnings = Beginnings::new(&["> Task :", "BUILD FAILED", "Gradle build daemon disappeared unexpectedly"]);
    let line = text.text;
    match STARTS.position(line)? {
        0 if line.ends_with(" FAILED") => Some(summary(line.trim_start_matches("> "), text.span)),
        1 if line.len() < 40 => Some(summary(line, text.span)),
        2 => Some(Diagnostic { role: Role::Root, kind: Kind::Resource, error_type: "daemon".to_owned(), ..summary(line, text.span) }),
        _ => None,
    }
}
