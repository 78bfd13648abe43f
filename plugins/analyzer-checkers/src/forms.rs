//! Reads the forms in the tables of [`crate::known`]: findings of one or several lines, and rows below the name of
//! their file.

use crate::endings::Endings;
use crate::template::{self, Found, longest};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity,
    recognise::panel::{Draft, Reader, Seen},
    text::{Characters, Needle, extension, looks_like_path},
};

/// In place of a line: skips irrelevant lines until the next line of the form.
pub(crate) const SKIP: &str = "...";
/// In place of the last line: the message continues until an empty line.
pub(crate) const MORE: &str = "+++";
/// The maximum number of lines that are skipped.
const SKIPPED: usize = 12;
/// The maximum number of lines of a finding.
const LINES: usize = 8;
/// After this many lines without a finding, following lines no longer belong to the file of the heading.
const FOREIGN: usize = 12;

/// One form of one tool.
#[derive(Debug)]
pub(crate) struct Form {
    tool: &'static str,
    kind: Kind,
    /// The severity, unless the line names one.
    severity: Severity,
    /// The extensions of its files; empty if they do not matter.
    extensions: &'static [&'static str],
    /// The line above the rows, which names their file.
    heading: Option<&'static str>,
    lines: &'static [&'static str],
    /// A fixed text in the first line, if there is one.
    needle: Option<Needle>,
    /// All fixed characters of the first line: most lines lack one, and are not read.
    characters: Characters,
    /// The same of the heading.
    heading_characters: Characters,
    /// The endings of its files, if the first line has to name one of them.
    endings: Option<Endings>,
}

impl Form {
    /// A linter's form, in templates.
    pub(crate) const fn lint(tool: &'static str, lines: &'static [&'static str]) -> Self {
        let text = longest(lines[0]);
        let needle = if text.is_empty() { None } else { Some(Needle::new(text)) };
        Self {
            tool,
            kind: Kind::Lint,
            severity: Severity::Error,
            extensions: &[],
            heading: None,
            lines,
            needle,
            characters: template::characters(lines[0]),
            heading_characters: Characters::of_constant(""),
            endings: None,
        }
    }

    /// A compiler's form.
    pub(crate) const fn compile(tool: &'static str, lines: &'static [&'static str]) -> Self {
        Self { kind: Kind::Compile, ..Self::lint(tool, lines) }
    }

    /// A test runner's form.
    pub(crate) const fn test(tool: &'static str, lines: &'static [&'static str]) -> Self {
        Self { kind: Kind::Test, ..Self::lint(tool, lines) }
    }

    /// Reads rows below a heading.
    pub(crate) const fn below(self, heading: &'static str) -> Self {
        Self { heading: Some(heading), heading_characters: template::characters(heading), ..self }
    }

    /// Reports warnings, unless a line names another severity.
    pub(crate) const fn warns(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// Restricts the form to files with these extensions.
    pub(crate) const fn of(self, extensions: &'static [&'static str]) -> Self {
        let endings =
            if template::names_file(self.lines[0]) { Endings::of_extensions(extensions) } else { None };
        Self { extensions, endings, ..self }
    }

    fn fits(&self, path: &str) -> bool {
        self.extensions.is_empty()
            || self.extensions.iter().any(|own| own.eq_ignore_ascii_case(extension(path)))
    }

    fn first(&self, line: &Seen<'_>, endings: Endings, path: Option<&str>) -> Option<Draft> {
        if !line.characters.may_have_all(self.characters)
            || !template::may_begin(self.lines[0], line.start)
            || self.endings.is_some_and(|own| !own.meet(endings))
        {
            return None;
        }
        if self.needle.as_ref().is_some_and(|needle| needle.find_among(line.characters, line.start).is_none())
        {
            return None;
        }
        let found = template::read(self.lines[0], line.start)?;
        let mut draft = Draft::new(self.tool, self.kind, line);
        draft.found.severity = self.severity;
        draft.found.location = path.map(Location::file);
        self.add(&mut draft, &found)?;
        Some(draft)
    }

    /// Adds the contents of a line; `None` if the line is about a file of another tool.
    fn add(&self, draft: &mut Draft, found: &Found<'_>) -> Option<()> {
        if found.file.is_some_and(|path| !self.fits(path)) {
            return None;
        }
        if let Some(severity) = found.severity {
            draft.found.severity = severity;
        }
        if let Some(code) = found.code {
            draft.found.code = Some(code.to_owned());
        }
        let old = draft.found.location.take();
        let old_start = old.as_ref().and_then(|old| old.start);
        let path = found.file.map(str::to_owned).or_else(|| old.map(|old| old.path));
        let line = found.line.or(old_start.map(|start| start.line));
        let column = found.column.or(old_start.and_then(|start| start.column));
        draft.found.location = match (path, line) {
            (Some(path), line) => Some(Location::at(&path, line.unwrap_or(0), column)),
            (None, Some(line)) => Some(Location::at(crate::finding::STANDARD_INPUT, line, column)),
            (None, None) => None,
        };
        if let Some(message) = found.message {
            draft.go_on(message);
        }
        Some(())
    }
}

/// A finding of several lines that is not complete yet.
#[derive(Debug)]
struct Open {
    form: &'static Form,
    draft: Draft,
    /// The index of the line that comes next.
    next: usize,
    skipped: usize,
}

/// The role of a line in an open finding.
enum Step {
    Open,
    Complete,
    Foreign,
}

impl Open {
    fn line(&mut self, line: &Seen<'_>) -> Step {
        let template = self.form.lines[self.next];
        if template == MORE {
            if line.start.is_empty() || self.draft.lines() >= LINES {
                return Step::Complete;
            }
            self.draft.take(line);
            self.draft.go_on(line.start);
            return Step::Open;
        }
        let skips = template == SKIP;
        let next = self.next + usize::from(skips);
        if let Some(found) = template::read(self.form.lines[next], line.start) {
            if self.form.add(&mut self.draft, &found).is_none() {
                return Step::Foreign;
            }
            self.draft.take(line);
            self.next = next + 1;
            return if self.next == self.form.lines.len() { Step::Complete } else { Step::Open };
        }
        self.skipped += 1;
        if skips && self.skipped <= SKIPPED {
            self.draft.take(line);
            return Step::Open;
        }
        Step::Foreign
    }

    /// Returns true if the finding is complete: lines that follow only extend it.
    fn is_whole(&self) -> bool {
        self.form.lines[self.next..] == [MORE]
    }
}

/// The file that the following rows belong to.
#[derive(Debug)]
struct Heading {
    form: &'static Form,
    path: String,
    /// The number of lines that may still follow without being a row.
    left: usize,
}

/// Reads all forms of a table.
#[derive(Debug)]
pub(crate) struct Forms {
    table: &'static [Form],
    open: Vec<Open>,
    headings: Vec<Heading>,
}

impl Forms {
    /// A reader of the forms of a table.
    pub(crate) fn new(table: &'static [Form]) -> Self {
        Self { table, open: Vec::new(), headings: Vec::new() }
    }

    fn go_on(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let mut complete = Vec::new();
        self.open.retain_mut(|open| match open.line(line) {
            Step::Open => true,
            Step::Complete => {
                complete.push(std::mem::take(&mut open.draft));
                false
            }
            Step::Foreign => false,
        });
        for draft in complete {
            // If several forms begin alike, the one that is complete first counts.
            self.open.retain(|open| open.draft.since() != draft.since());
            if !out.iter().any(|found| found.span.start == draft.since()) {
                report(draft, out);
            }
        }
    }

    /// Returns true if the line is a finding.
    fn begin(&mut self, form: &'static Form, draft: Draft, out: &mut Vec<Diagnostic>) -> bool {
        let is_whole = form.lines.len() == 1;
        if is_whole {
            report(draft, out);
        } else {
            self.open.push(Open { form, draft, next: 1, skipped: 0 });
        }
        is_whole
    }

    /// Returns true if the line is a finding.
    fn rows(&mut self, line: &Seen<'_>, endings: Endings, out: &mut Vec<Diagnostic>) -> bool {
        let mut headings = std::mem::take(&mut self.headings);
        let mut is_read = false;
        for heading in &mut headings {
            heading.left -= 1;
            if is_read {
                continue;
            }
            if let Some(draft) = heading.form.first(line, endings, Some(&heading.path)) {
                heading.left = FOREIGN;
                is_read = self.begin(heading.form, draft, out);
            }
        }
        headings.retain(|heading| heading.left > 0);
        self.headings = headings;
        is_read
    }

    /// A line that consists of a path is a heading for many forms.
    fn head(&mut self, line: &Seen<'_>) {
        let is_path = line.indent < 5
            && line.start.len() < 400
            && !line.start.contains(' ')
            && looks_like_path(line.start);
        for form in self.table {
            let Some(heading) = form.heading else { continue };
            let path = if heading == "{file}" {
                is_path.then_some(line.start)
            } else if line.characters.may_have_all(form.heading_characters) {
                template::read(heading, line.start).and_then(|found| found.file)
            } else {
                None
            };
            if let Some(path) = path.filter(|path| form.fits(path)) {
                self.headings.retain(|heading| !std::ptr::eq(heading.form, form));
                self.headings.push(Heading { form, path: path.to_owned(), left: FOREIGN });
            }
        }
    }
}

impl Reader for Forms {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        self.go_on(line, out);
        if line.start.is_empty() {
            return;
        }
        let endings = Endings::of(line.start);
        if self.rows(line, endings, out) {
            return;
        }
        self.head(line);
        for form in self.table {
            if form.heading.is_none()
                && let Some(draft) = form.first(line, endings, None)
                && self.begin(form, draft, out)
            {
                break;
            }
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.iter().map(|open| open.draft.since()).min()
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        for open in self.open.drain(..).filter(Open::is_whole) {
            report(open.draft, out);
        }
        self.headings.clear();
    }
}

fn report(mut draft: Draft, out: &mut Vec<Diagnostic>) {
    if let (Some(code), true) = (&draft.found.code, draft.found.message.is_empty()) {
        draft.found.message.clone_from(code);
    }
    if !draft.found.message.is_empty() {
        out.push(draft.done());
    }
}
