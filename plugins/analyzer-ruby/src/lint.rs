//! Other linters and type checkers of Ruby: Sorbet, Steep, Brakeman, reek, ERB Lint, HAML-Lint and its
//! relatives, bundler-audit.

use crate::panel::{Draft, Reader, Seen, single, typed};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Needle, cut, extension, leading_number, place_at_start, trailing_group},
};

/// Sorbet: `pot.rb:13: Method lid does not exist on Pot https://srb.help/7003`.
pub(crate) fn sorbet(line: &Seen<'_>) -> Option<Diagnostic> {
    static HELP: Needle = Needle::new(" https://srb.help/");
    let (text, code) = HELP.split_among(line.characters, line.start)?;
    let place = place_at_start(text)?;
    let mut found = single("sorbet", Kind::Lint, place.rest.trim(), line);
    found.code = leading_number(code).map(|(code, _)| code.to_string());
    found.location = Some(place.location());
    Some(typed(found))
}

/// Steep: `pot.rb:3:5: [error] message`, with the name of the check below a bar.
#[derive(Debug, Default)]
pub(crate) struct Steep {
    open: Option<Draft>,
}

impl Reader for Steep {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(draft) = &mut self.open {
            if line.start.starts_with(['│', '└']) && draft.lines() < 24 {
                if let Some((_, code)) = line.start.split_once("Diagnostic ID: ") {
                    draft.found.code = Some(code.trim().to_owned());
                }
                draft.take(line);
                return;
            }
            if draft.lines() > 1 {
                out.extend(self.open.take().map(Draft::done));
            }
            self.open = None;
        }
        let Some(place) = place_at_start(line.start).filter(|place| place.column.is_some()) else { return };
        let Some((level, message)) =
            place.rest.trim().strip_prefix('[').and_then(|rest| rest.split_once("] "))
        else {
            return;
        };
        let severity = match level {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "information" | "hint" => Severity::Info,
            _ => return,
        };
        let mut draft = Draft::new("steep", Kind::Lint, line);
        draft.say(message);
        draft.found.severity = severity;
        draft.found.location = Some(place.location());
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| draft.lines() > 1).map(Draft::done));
    }
}

/// Records with one field per line: Brakeman's warnings and bundler-audit's advisories.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    open: Option<Draft>,
    brakeman: bool,
    name: String,
}

impl Fields {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let complete = |draft: &Draft| {
            !draft.found.message.is_empty() && (draft.found.location.is_some() || draft.found.code.is_some())
        };
        out.extend(self.open.take().filter(complete).map(Draft::done));
    }
}

impl Reader for Fields {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let Some((field, value)) = line.start.split_once(": ") else {
            return if line.start.is_empty() { self.close(out) } else { self.continued(line) };
        };
        let value = value.trim();
        match field {
            "Confidence" => {
                self.close(out);
                self.brakeman = true;
                self.open = Some(Draft::new("brakeman", Kind::Lint, line));
                return;
            }
            "Name" => {
                self.close(out);
                self.brakeman = false;
                value.clone_into(&mut self.name);
                self.open = Some(Draft::new("bundler-audit", Kind::Dependency, line));
                return;
            }
            _ => {}
        }
        let Some(draft) = &mut self.open else { return };
        draft.take(line);
        let found = &mut draft.found;
        match (self.brakeman, field) {
            (true, "Category") => value.clone_into(&mut found.error_type),
            (true, "Check") => found.code = Some(value.to_owned()),
            (true, "Message") => draft.say(value),
            (true, "File") => found.location = Some(Location::file(value)),
            (true, "Line") => {
                let path = found.location.take().map(|place| place.path).unwrap_or_default();
                found.location = Some(Location::at(&path, value.parse().unwrap_or(0), None));
            }
            (false, "Version") => self.name = format!("{} {value}", self.name),
            (false, "CVE" | "GHSA" | "Advisory") if found.code.is_none() => {
                found.code = Some(value.to_owned());
            }
            (false, "Title") => {
                let text = format!("{}: {value}", self.name);
                draft.say(&text);
            }
            (false, "Solution") => draft.say(&format!("Solution: {value}")),
            _ if draft.lines() > 24 => self.close(out),
            _ => {}
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

impl Fields {
    fn continued(&mut self, line: &Seen<'_>) {
        if let Some(draft) = &mut self.open {
            if draft.lines() > 24 {
                self.open = None;
            } else {
                draft.take(line);
            }
        }
    }
}

/// Brakeman's table: path, line, category, check, message and confidence, separated by tabs.
pub(crate) fn tabs(line: &Seen<'_>) -> Option<Diagnostic> {
    let mut cells = line.start.split('\t');
    let (path, number, what) = (cells.next()?, cells.next()?.parse().ok()?, cells.next()?);
    let (check, message, confidence) = (cells.next()?, cells.next()?, cells.next()?);
    if !matches!(confidence, "High" | "Medium" | "Weak") {
        return None;
    }
    let mut found = single("brakeman", Kind::Lint, message, line);
    what.clone_into(&mut found.error_type);
    found.code = Some(check.to_owned());
    found.location = Some(Location::at(path, number, None));
    Some(found)
}

/// reek: `app/pot.rb -- 2 warnings:` and below it `[1, 3]:DuplicateMethodCall: Pot#fill calls 'lid' 2 times`.
#[derive(Debug, Default)]
pub(crate) struct Reek {
    file: Option<String>,
}

impl Reader for Reek {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static WARNINGS: Needle = Needle::new(" -- ");
        if let Some((path, count)) = WARNINGS.split_among(line.characters, line.start)
            && (count.ends_with(" warning:") || count.ends_with(" warnings:"))
        {
            self.file = Some(path.to_owned());
            return;
        }
        let Some(path) = &self.file else { return };
        let Some((lines, rest)) = line.start.strip_prefix('[').and_then(|rest| rest.split_once("]:")) else {
            self.file = None;
            return;
        };
        let Some((smell, message)) = rest.split_once(": ") else { return };
        let message = trailing_group(message, '[', ']').map_or(message, |(message, _)| message);
        let number = leading_number(lines).map_or(0, |(number, _)| number);
        let mut found = single("reek", Kind::Lint, message, line);
        found.code = Some(smell.to_owned());
        found.location = Some(Location::at(path, number, None));
        out.push(typed(found));
    }
}

/// ERB Lint: a message, and `In file: app/views/pot.html.erb:9` below it; or both on one line.
#[derive(Debug, Default)]
pub(crate) struct ErbLint {
    before: String,
    span: Span,
}

impl Reader for ErbLint {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(place) = line.start.strip_prefix("In file: ").and_then(place_at_start) {
            let mut found = single("erb_lint", Kind::Lint, &self.before, line);
            found.location = Some(place.location());
            found.span = found.span.to(self.span);
            out.push(typed(found));
        } else if let Some(place) = place_at_start(line.start).filter(|place| extension(place.path) == "erb")
        {
            let message = place.rest.trim();
            if place.column.is_some() && !message.is_empty() && !message.starts_with("in ") {
                let mut found = single("erb_lint", Kind::Lint, message, line);
                found.location = Some(place.location());
                out.push(typed(found));
            }
        }
        self.before.clear();
        self.before.push_str(cut(line.start, 1024));
        self.span = line.span;
    }
}

/// HAML-Lint, Slim-Lint, SCSS-Lint: `app/views/pot.haml:3 [W] LineLength: Line is too long`.
pub(crate) fn haml(line: &Seen<'_>) -> Option<Diagnostic> {
    let place = place_at_start(line.start)?;
    let (letter, rest) = place.rest.trim_start().strip_prefix('[')?.split_once("] ")?;
    let severity = match letter {
        "W" => Severity::Warning,
        "E" | "F" => Severity::Error,
        _ => return None,
    };
    let (linter, message) = rest.split_once(": ")?;
    let tool = match extension(place.path) {
        "haml" => "haml-lint",
        "slim" => "slim-lint",
        "scss" | "sass" => "scss-lint",
        _ => return None,
    };
    let mut found = single(tool, Kind::Lint, message, line);
    found.code = Some(linter.to_owned());
    found.severity = severity;
    found.location = Some(place.location());
    Some(typed(found))
}

/// Counts only: `Errors: 2`, `Detected 1 problem from 1 file`, `Security Warnings: 1`, `3 total warnings`.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    let count = |text: &str| leading_number(text).is_some_and(|(count, _)| count > 0);
    let (tool, holds) = if let Some(rest) = start.strip_prefix("Errors: ") {
        ("sorbet", count(rest) && rest.bytes().all(|byte| byte.is_ascii_digit()))
    } else if let Some(rest) = start.strip_prefix("Detected ") {
        ("steep", count(rest) && rest.contains(" problem") && rest.contains(" from "))
    } else if let Some(rest) = start.strip_prefix("Security Warnings: ") {
        ("brakeman", count(rest))
    } else if start == "Vulnerabilities found!" {
        ("bundler-audit", true)
    } else if start.ends_with(" were found in ERB files") || start.ends_with(" was found in ERB files") {
        ("erb_lint", count(start))
    } else {
        return None;
    };
    let found = single(tool, Kind::Lint, start, line);
    holds.then(|| Diagnostic { role: Role::Summary, error_type: "problems".to_owned(), ..found })
}
