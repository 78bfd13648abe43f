//! Proposes an expression for `analyzer-patterns` from lines of a log that its reader has marked.
//!
//! A line is divided into fields (the place, the severity, a code, the message) and the text between them. Lines with the
//! same fields in the same order become one expression, in which words that differ are any word.

mod patterns;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_log::LineReader;
use grimoire_ports::PortError;
use regex::Regex;

use crate::invalid;

/// Longest line that is read, in bytes, as in the analyzer.
const LINE_LIMIT: usize = 4 << 10;

/// A line of the sample as the analyzer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleLine {
    /// From 1.
    pub number: u64,
    /// Without clocks, colours and the runner's marks.
    pub text: String,
}

/// The cleaned lines of a log.
pub fn lines(log: &[u8]) -> Vec<SampleLine> {
    let mut all = Vec::new();
    let mut reader = LineReader::new(LINE_LIMIT);
    let mut keep = |line: &grimoire_log::Line<'_>| {
        if !line.echoed {
            all.push(SampleLine { number: line.number, text: line.text.clone().into_owned() });
        }
    };
    reader.feed(log, &mut keep);
    reader.finish(&mut keep);
    all
}

/// What an expression tells of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Path,
    Line,
    Column,
    Severity,
    Code,
    Message,
    Test,
}

impl Field {
    const ALL: [Self; 7] =
        [Self::Path, Self::Line, Self::Column, Self::Severity, Self::Code, Self::Message, Self::Test];

    /// The name of its group.
    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Line => "line",
            Self::Column => "column",
            Self::Severity => "severity",
            Self::Code => "code",
            Self::Message => "message",
            Self::Test => "test",
        }
    }
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Text between fields.
    Text(String),
    /// A field, with the texts that were marked as it.
    Field(Field, BTreeSet<String>),
    /// Any text, as short as possible.
    Anything,
}

/// The form of a tool's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form(Vec<Part>);

/// A path has a folder or an extension, and neither spaces nor what stands around paths.
const PATH: &str =
    r#"(?:[A-Za-z]:)?[^\s:()\[\]"'`,;=<>]*[./\\][^\s:()\[\]"'`,;=<>]*[A-Za-z_][^\s:()\[\]"'`,;=<>]*"#;

/// Places in the forms that tools print, most specific first: path, line, column.
static PLACES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let forms = [
        format!(r"({PATH}):(\d+)(?::(\d+))?"),
        format!(r"({PATH})\((\d+)(?:[,:] ?(\d+))?\)"),
        format!(r#"({PATH})["'`]?[,:]? (?:on )?line (\d+)(?:,? col(?:umn)? (\d+))?"#),
        format!("({PATH})"),
    ];
    forms.iter().map(|form| expression(form)).collect()
});
static SEVERITY: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i)\b(fatal error|error|warning|fatal|failure|failed|fail|note|notice|info)\b")
});
static CODE: LazyLock<Regex> = LazyLock::new(|| expression(r"\b[A-Z][A-Z0-9]*[-_]?\d+\b"));
/// A rule's name in brackets at the end of a line.
static RULE: LazyLock<Regex> = LazyLock::new(|| expression(r"[\[(]([a-z][\w./@-]*[\w])[\])]$"));

fn expression(source: &str) -> Regex {
    Regex::new(source).expect("a constant expression is valid")
}

impl Form {
    /// Finds the fields of a line. `None` if there is nothing to find the line by.
    pub fn of_line(text: &str) -> Option<Self> {
        let text = text.trim_end();
        let mut found: Vec<(Field, std::ops::Range<usize>)> = Vec::new();
        if let Some(place) = PLACES.iter().find_map(|form| form.captures(text)) {
            for (field, group) in [(Field::Path, 1), (Field::Line, 2), (Field::Column, 3)] {
                found.extend(place.get(group).map(|group| (field, group.range())));
            }
        }
        let is_free = |found: &[(Field, std::ops::Range<usize>)], range: &std::ops::Range<usize>| {
            found.iter().all(|(_, other)| range.end <= other.start || other.end <= range.start)
        };
        let severity = SEVERITY.find_iter(text).map(|word| word.range()).find(|range| is_free(&found, range));
        found.extend(severity.map(|range| (Field::Severity, range)));
        let rule = RULE.captures(text).and_then(|rule| rule.get(1)).map(|rule| rule.range());
        let code =
            CODE.find_iter(text).map(|code| code.range()).chain(rule).find(|range| is_free(&found, range));
        // A code stands beside the other fields; in the middle of a sentence it is a word of it.
        let code = code.filter(|range| {
            range.end == text.trim_end_matches([')', ']']).len()
                || found.iter().any(|(_, other)| range.start.abs_diff(other.end) <= 3)
                || text[range.end..].starts_with([':', ']'])
        });
        found.extend(code.map(|range| (Field::Code, range)));
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|(_, range)| range.start);
        found.push((Field::Message, message(text, &found)?));
        found.sort_by_key(|(_, range)| range.start);
        let (mut parts, mut end) = (Vec::new(), 0);
        for (field, range) in found {
            if end < range.start {
                parts.push(Part::Text(text[end..range.start].to_owned()));
            }
            end = range.end;
            parts.push(Part::Field(field, [text[range].to_owned()].into()));
        }
        if end < text.len() {
            parts.push(Part::Text(text[end..].to_owned()));
        }
        Some(Self(parts))
    }

    /// Reads a form that was written by hand: a line in which names in braces stand for its fields.
    ///
    /// # Errors
    ///
    /// `Invalid` for an unknown or repeated name, or without `{message}`.
    pub fn written(form: &str) -> Result<Self, PortError> {
        let mut parts = Vec::new();
        let mut rest = form;
        while let Some(open) = rest.find('{') {
            let Some(length) = rest[open..].find('}') else { break };
            let name = &rest[open + 1..open + length];
            let part = match Field::ALL.iter().find(|field| field.name() == name) {
                Some(field) => Part::Field(*field, BTreeSet::new()),
                None if name == "*" => Part::Anything,
                None => {
                    let names: Vec<_> =
                        Field::ALL.iter().map(|field| format!("{{{}}}", field.name())).collect();
                    return Err(invalid(format!(
                        "{{{name}}} is no field; there are {}, and {{*}} for any text",
                        names.join(", ")
                    )));
                }
            };
            if let Part::Field(field, _) = &part
                && parts.iter().any(|part| matches!(part, Part::Field(other, _) if other == field))
            {
                return Err(invalid(format!("{{{name}}} stands in it twice")));
            }
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            parts.push(part);
            rest = &rest[open + length + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let form = Self(parts);
        if form.fields().any(|field| field == Field::Message) {
            return Ok(form);
        }
        Err(invalid("it has no {message}: put it where the error's words are"))
    }

    fn fields(&self) -> impl Iterator<Item = Field> {
        self.0.iter().filter_map(|part| match part {
            Part::Field(field, _) => Some(*field),
            Part::Text(_) | Part::Anything => None,
        })
    }

    /// The tool's name, if the line begins with one: `kettle: …`.
    pub fn tool(&self) -> Option<String> {
        let Some(Part::Text(text)) = self.0.first() else { return None };
        let name: String = text
            .trim_start_matches(['[', ' '])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        (name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic())).then(|| name.to_lowercase())
    }

    /// What its lines begin with: the first word, and the sign after it.
    fn beginning(&self) -> Option<&str> {
        let Some(Part::Text(text)) = self.0.first() else { return None };
        let text = text.trim_start_matches(['[', ' ']);
        let word = text.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(text.len());
        let sign = text[word..].chars().next().filter(|c| !c.is_whitespace()).map_or(0, char::len_utf8);
        Some(&text[..word + sign]).filter(|_| word > 1)
    }

    /// One form for both, if they have the same fields in the same order.
    fn with(&self, other: &Self) -> Option<Self> {
        if self.0.len() != other.0.len() {
            return None;
        }
        let parts = self.0.iter().zip(&other.0).map(|pair| match pair {
            (Part::Field(one, texts), Part::Field(two, more)) if one == two => {
                Some(Part::Field(*one, texts | more))
            }
            (Part::Text(one), Part::Text(two)) if one == two => Some(Part::Text(one.clone())),
            (Part::Text(_) | Part::Anything, Part::Text(_) | Part::Anything) => Some(Part::Anything),
            _ => None,
        });
        let parts: Vec<Part> = parts.collect::<Option<_>>()?;
        // Without any fixed text every line would do.
        let has_text =
            |form: &Self| form.0.iter().any(|part| matches!(part, Part::Text(text) if has_word(text)));
        let merged = Self(parts);
        (has_text(&merged) || !has_text(self)).then_some(merged)
    }

    /// The expression, with named groups.
    pub fn pattern(&self) -> String {
        let mut pattern = "^".to_owned();
        for (index, part) in self.0.iter().enumerate() {
            let is_last = index + 1 == self.0.len();
            match part {
                Part::Text(text) => pattern.push_str(&patterns::of_text(text)),
                Part::Anything => pattern.push_str(".*?"),
                Part::Field(field, texts) => {
                    let _ = write!(
                        pattern,
                        "(?<{}>{})",
                        field.name(),
                        patterns::of_field(*field, texts, is_last)
                    );
                }
            }
        }
        pattern.push('$');
        pattern
    }
}

fn has_word(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() > 1
}

/// The longest text between the fields: they stand around the message, and punctuation stands around all of them.
fn message(text: &str, found: &[(Field, std::ops::Range<usize>)]) -> Option<std::ops::Range<usize>> {
    let starts = std::iter::once(0).chain(found.iter().map(|(_, range)| range.end));
    let ends = found.iter().map(|(_, range)| range.start).chain([text.len()]);
    let gap = |(start, end): (usize, usize)| {
        let inner = &text[start..end];
        let begin = inner.trim_start_matches([' ', '\t', ':', '-', ']', ')', ',', '"', '>', '|', '–', '—']);
        let mut kept = begin.trim_end_matches([' ', '\t', '[', '(']);
        if end < text.len() {
            let joining = [" at", " in", " on", " from"].iter().find_map(|word| kept.strip_suffix(word));
            kept = joining.unwrap_or(kept);
        }
        let start = end - begin.len();
        start..start + kept.len()
    };
    // What stands before all fields is the tool's name, unless nothing else is left.
    let gaps: Vec<_> = starts.zip(ends).map(gap).collect();
    let longest = |gaps: &[std::ops::Range<usize>]| {
        gaps.iter().filter(|gap| has_word(&text[(*gap).clone()])).max_by_key(|gap| gap.len()).cloned()
    };
    longest(&gaps[1..]).or_else(|| longest(&gaps[..1]))
}

/// The forms of marked lines, those with the same fields merged into one.
///
/// # Errors
///
/// `Invalid` if a line has neither place, severity nor code.
pub fn forms(marked: &[&SampleLine]) -> Result<Vec<Form>, PortError> {
    let mut forms: Vec<Form> = Vec::new();
    for line in marked {
        let Some(form) = Form::of_line(&line.text) else {
            return Err(invalid(format!(
                "line {} has neither a place nor a severity nor a code to know it by: {:?}. Write its form by hand with \
                 --like",
                line.number, line.text
            )));
        };
        match forms.iter_mut().find_map(|known| known.with(&form).map(|merged| (known, merged))) {
            Some((known, merged)) => *known = merged,
            None => forms.push(form),
        }
    }
    Ok(forms)
}

/// The configuration of these forms as JSON, as the plugin gets it.
pub fn as_json(tool: &str, forms: &[Form]) -> String {
    let tools: Vec<_> =
        forms.iter().map(|form| serde_json::json!({ "name": tool, "pattern": form.pattern() })).collect();
    serde_json::json!({ "tool": tools }).to_string()
}

/// The configuration of these forms as TOML, for `grimoire.toml`.
pub fn as_toml(tool: &str, forms: &[Form]) -> String {
    let mut text = String::new();
    for form in forms {
        let pattern = form.pattern();
        // Literal strings need no escapes, which expressions are full of.
        let quoted = if pattern.contains('\'') { format!("'''{pattern}'''") } else { format!("'{pattern}'") };
        let name = toml::Value::from(tool);
        let _ = write!(
            text,
            "{}[[plugins.config.analyzer-patterns.tool]]\nname = {name}\npattern = {quoted}\n",
            if text.is_empty() { "" } else { "\n" }
        );
    }
    text
}

/// Which lines of a sample are found, and which are not although they look like it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tried<'a> {
    /// The found errors with the lines on which they begin.
    pub found: Vec<(u64, Diagnostic)>,
    /// Lines that begin like the marked ones, or have a place and a severity, and are not found.
    pub missed: Vec<&'a SampleLine>,
}

/// Sorts the lines of a sample by what the analyzer has found in it.
pub fn tried<'a>(log: &[u8], lines: &'a [SampleLine], forms: &[Form], found: Vec<Diagnostic>) -> Tried<'a> {
    let line_of = |offset: u64| {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(log.len());
        log[..offset].split(|byte| *byte == b'\n').count() as u64
    };
    let found: Vec<_> = found.into_iter().map(|found| (line_of(found.span.start), found)).collect();
    let hit: BTreeSet<u64> = found.iter().map(|(line, _)| *line).collect();
    // An error that occurs again is reported once.
    let same: BTreeSet<&str> =
        lines.iter().filter(|line| hit.contains(&line.number)).map(|line| line.text.as_str()).collect();
    let words: Vec<&str> = forms.iter().filter_map(Form::beginning).collect();
    let looks_alike = |line: &SampleLine| {
        let text = line.text.trim_start_matches([' ', '[']);
        words.iter().any(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
            || SEVERITY.is_match(text) && PLACES[..3].iter().any(|form| form.is_match(text))
    };
    let missed = lines
        .iter()
        .filter(|line| !hit.contains(&line.number) && !same.contains(line.text.as_str()) && looks_alike(line))
        .collect();
    Tried { found, missed }
}

#[cfg(test)]
mod tests;
