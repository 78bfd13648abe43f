//! The block in which Gradle reports a failure, line by line.

use crate::{
    claim::Claim,
    gradle_reason::{self, Line},
    session::Session,
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Role, Span, path,
    text::{Beginnings, Context, leading_number},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Head,
    Where,
    Wrong,
    Hints,
    Trace,
}

#[derive(Debug)]
pub(crate) struct Block {
    section: Section,
    /// True if it is indented, like that of a build within a test.
    pub(crate) nested: bool,
    /// True if Markdown's quotation mark precedes each line.
    pub(crate) quoted: bool,
    place: Option<Location>,
    pub(crate) lines: Vec<Line>,
    /// Number of lines of the section so far.
    count: usize,
    /// Number of foreign lines inside the block.
    foreign: usize,
    /// Number of known causes at its start.
    told: u64,
    /// The indentation of its heads.
    base: usize,
    context: Context,
    span: Span,
}

impl Block {
    /// Maximum number of lines of a section.
    const LINES: usize = 400;
    /// Maximum number of lines of a stack.
    const TRACE: usize = 4000;

    pub(crate) fn start(text: &Text<'_>, told: u64) -> Option<Self> {
        static HEADS: Beginnings = Beginnings::new(&[
            "* What went wrong:",
            "* Where:",
            "FAILURE: Build failed with an exception",
            "FAILURE: Build completed with ",
            "FAILURE: Build aborted",
            // The start of text that people copy.
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
            "> Could not GET ",
            "> Could not HEAD ",
            "> Failed to apply plugin ",
            "> Error resolving plugin ",
            "Error resolving plugin ",
            "Some problems were found with the configuration of task '",
            "A problem was found with the configuration of task '",
            "Build file '",
            "Settings file '",
        ]);
        let head = HEADS.position(text.words)?;
        if head < 2 && !text.words.ends_with(':') {
            return None;
        }
        let section = match head {
            1 => Section::Where,
            2..5 => Section::Head,
            _ => Section::Wrong,
        };
        let is_place = text.words.starts_with("Build file '") || text.words.starts_with("Settings file '");
        let place = if is_place { place_of(text.words) } else { None };
        // Prose and messages of other tools: Gradle's end in a full stop or a colon.
        let ends = text.words.ends_with(['.', ':', ')', ']', '\'']) || text.words.starts_with('>');
        if head >= 5 && !ends && !(is_place && text.words.contains("' line: ")) {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        let mut block = Self {
            section,
            // Text copied without a head is not a build within a test.
            nested: head < 5 && text.indent >= 4,
            quoted: false,
            lines: Vec::new(),
            count: 0,
            foreign: 0,
            told,
            base: text.indent,
            context,
            span: text.span,
            place,
        };
        if head >= 5 && !is_place {
            block.lines.push(Line { indent: 0, text: text.words.to_owned() });
        }
        Some(block)
    }

    /// Reads a line; `None` if it does not belong to the block.
    pub(crate) fn line(&mut self, text: &Text<'_>) -> Option<Claim> {
        static SECTIONS: Beginnings =
            Beginnings::new(&["* What went wrong:", "* Where:", "* Exception is:", "* Try:", "* "]);
        let line = text.words;
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
        if self.section == Section::Head && line.starts_with("> Task :") {
            return Some(Claim::Whole);
        }
        if line.starts_with("> Task :") || line.starts_with("FAILURE: Build ") && !self.lines.is_empty() {
            return None;
        }
        // `2: Task failed with an exception.`, and the rule that ends a failure.
        let is_next =
            leading_number(line).is_some_and(|(_, rest)| rest.starts_with(": Task failed with an exception"));
        if (is_next || is_rule(line)) && !self.lines.is_empty() {
            return None;
        }
        self.count += 1;
        if self.count > if self.section == Section::Trace { Self::TRACE } else { Self::LINES } {
            return None;
        }
        match self.section {
            Section::Head if self.count > 12 => None,
            Section::Head => {
                // Some wrappers leave the sections out.
                if line.contains("' line: ") {
                    self.place = place_of(line);
                } else if line.starts_with("A problem occurred ")
                    || line.starts_with("Execution failed for task '")
                {
                    self.section = Section::Wrong;
                    return self.wrong(text);
                }
                Some(Claim::Whole)
            }
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
                    || ["Run with", "Get more help", "Run gradlew", "Check your", "Use "]
                        .iter()
                        .any(|start| line.starts_with(start));
                is_hint.then(|| self.take(text, Claim::Whole))
            }
            Section::Trace => {
                // A trace is long and adds nothing to the reasons.
                self.span = self.span.to(text.span);
                Some(Claim::Whole)
            }
        }
    }

    fn wrong(&mut self, text: &Text<'_>) -> Option<Claim> {
        let indent = text.indent.saturating_sub(self.base);
        // A blank line within a quotation consists of the mark alone.
        if text.is_blank() || text.words == ">" {
            self.lines.push(Line::default());
            return Some(Claim::Shared);
        }
        if self.lines.iter().all(|line| line.text.is_empty()) && text.words.contains("' line: ") {
            self.place = place_of(text.words);
            return Some(self.take(text, Claim::Whole));
        }
        let has_reasons = self.lines.iter().any(|line| line.text.starts_with("> "));
        // Lines of other threads, between the reasons and the hints.
        if has_reasons && indent == 0 && !text.words.starts_with('>') {
            if is_old_task(text.words) {
                return None;
            }
            self.foreign += 1;
            if self.foreign > 6 {
                return None;
            }
            return Some(Claim::Shared);
        }
        self.lines.push(Line { indent, text: text.words.to_owned() });
        Some(self.take(text, Claim::Shared))
    }

    fn take(&mut self, text: &Text<'_>, claim: Claim) -> Claim {
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        claim
    }

    pub(crate) fn finish(mut self, session: &mut Session, out: &mut Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.lines.iter().all(|line| line.text.is_empty()) {
            // Nothing but the head.
            let head = self.context.as_str().lines().next().unwrap_or_default().trim();
            return match head.find("FAILURE: ") {
                Some(at) => vec![summary(&head[at..], self.span)],
                None => Vec::new(),
            };
        }
        let scripts = gradle_reason::script_errors(&self.lines, self.place.as_ref(), self.span);
        let has_scripts = !scripts.is_empty();
        for found in scripts {
            session.report_line(found, out);
        }
        let explained = has_scripts || session.told() > self.told;
        let context = self.context.take();
        let mut found = gradle_reason::read(&self.lines, self.place.as_ref());
        for diagnostic in &mut found {
            diagnostic.span = self.span;
            diagnostic.context.clone_from(&context);
            // A compiler's or a test's own report within the block is the cause.
            if explained {
                diagnostic.role = Role::Summary;
            }
        }
        found
    }
}

/// A line of `=`, which ends one of several failures.
pub(crate) fn is_rule(line: &str) -> bool {
    line.len() >= 20 && line.bytes().all(|byte| byte == b'=')
}

/// `Build file '/src/build.gradle' line: 17`, `Script '/src/x.gradle' line: 3`.
fn place_of(line: &str) -> Option<Location> {
    static FILES: Beginnings = Beginnings::new(&[
        "Build file '",
        "Settings file '",
        "Script '",
        "Initialization script '",
        "Precompiled script plugin '",
        "Init script '",
    ]);
    FILES.position(line)?;
    let (_, rest) = line.split_once('\'')?;
    let (path, rest) = rest.split_once('\'')?;
    let number = rest.trim().strip_prefix("line: ").and_then(leading_number).map_or(0, |(line, _)| line);
    // Scripts of plugins are in Gradle's own folders, and in those of packages.
    path::is_own(path).then(|| Location::at(path, number, None))
}

/// `:app:compileJava FAILED`.
pub(crate) fn is_old_task(line: &str) -> bool {
    line.starts_with(':') && line.ends_with(" FAILED") && line.matches(' ').count() == 1
}

pub(crate) fn summary(message: &str, span: Span) -> Diagnostic {
    Diagnostic {
        tool: "gradle".to_owned(),
        error_type: "build".to_owned(),
        message: message.to_owned(),
        role: Role::Summary,
        span,
        ..Diagnostic::default()
    }
}
