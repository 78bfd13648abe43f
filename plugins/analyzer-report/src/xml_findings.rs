//! Findings in XML of any schema: elements with a line number and a message.

use crate::place::severity;
use crate::xml::Element;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{looks_like_path, place_in_parentheses},
};

const FILES: &[&str] =
    &["file", "path", "filepath", "filename", "sourcefile", "sourcepath", "name", "id", "href", "source"];
const LINES: &[&str] =
    &["line", "beginline", "linenumber", "startline", "start", "row", "begin", "startlinenumber", "linefrom"];
const COLUMNS: &[&str] =
    &["column", "begincolumn", "columnnumber", "startcolumn", "col", "char", "colnumber", "columnfrom"];
const MESSAGES: &[&str] =
    &["message", "msg", "reason", "description", "text", "title", "summary", "verbose", "desc", "what"];
const CODES: &[&str] = &[
    "id",
    "rule",
    "ruleid",
    "typeid",
    "type",
    "source",
    "check",
    "checkid",
    "code",
    "linter",
    "rulename",
    "kind",
    "problemclass",
    "mutator",
    "defectcode",
];
const SEVERITIES: &[&str] = &["severity", "level", "priority", "type"];

/// Reads every finding of a document.
pub(crate) fn read(root: &Element, span: Span, out: &mut Vec<Diagnostic>) {
    let tool = match root.name.as_str() {
        "results" => "cppcheck",
        "issues" => "lint",
        "BugCollection" => "spotbugs",
        "valgrindoutput" => "valgrind",
        "StyleCopViolations" => "stylecop",
        "FxCopReport" => "fxcop",
        "Report" => "resharper",
        "mutations" => "pitest",
        "errorList" => "klocwork",
        "gendarme-output" => "gendarme",
        "pmd-cpd" => "cpd",
        "DEFECTS" => "prefast",
        name => name,
    };
    let mut grades = Vec::new();
    grades_of_rules(root, &mut grades);
    let report = Report { tool: &tool.to_lowercase(), grades, span };
    walk(root, Enclosing::default(), &report, out);
}

/// The document that contains the findings.
struct Report<'e> {
    tool: &'e str,
    /// The severities of rules, if a list states them and the findings do not.
    grades: Vec<(&'e str, Severity)>,
    span: Span,
}

/// Facts from the elements around a finding.
#[derive(Clone, Copy, Default)]
struct Enclosing<'e> {
    file: Option<&'e str>,
    code: Option<&'e str>,
    /// The problem at all locations that follow.
    problem: Option<&'e str>,
}

fn grades_of_rules<'e>(element: &'e Element, grades: &mut Vec<(&'e str, Severity)>) {
    if element.name == "IssueType"
        && let Some(id) = element.get("id")
        && let Some(grade) = element.get("severity").and_then(severity)
    {
        grades.push((id, grade));
    }
    element.children.iter().for_each(|child| grades_of_rules(child, grades));
}

fn walk<'e>(element: &'e Element, around: Enclosing<'e>, report: &Report<'e>, out: &mut Vec<Diagnostic>) {
    let file = file_of(element, around.file).or(around.file);
    let found =
        finding(element, Enclosing { file, ..around }, report).or_else(|| defect(element, around, report));
    if let Some(found) = found {
        out.push(found);
        return;
    }
    if copies(element, report, out) {
        return;
    }
    let inner = Enclosing {
        file,
        code: element
            .first(&["checkid", "ruleid"])
            .or_else(|| element.get("name").filter(|_| element.name == "rule"))
            .or(around.code),
        problem: element.child_text("problem").or(around.problem),
    };
    for child in &element.children {
        walk(child, inner, report, out);
    }
}

/// Gendarme's defect: `Source="/src/Kettle.cs(≈14)"`, below the rule that names the problem.
fn defect(element: &Element, around: Enclosing<'_>, report: &Report<'_>) -> Option<Diagnostic> {
    let source = element.get("source").filter(|_| element.name == "defect")?.replace('≈', "");
    let place = place_in_parentheses(&source)?;
    let said = Some(element.text.trim()).filter(|text| !text.is_empty());
    let message = around.problem.into_iter().chain(said).collect::<Vec<_>>().join(" ");
    let code = around.code.map(str::to_owned);
    Some(Diagnostic {
        tool: report.tool.to_owned(),
        error_type: code.clone().unwrap_or_else(|| "finding".to_owned()),
        code,
        message,
        severity: element.get("severity").and_then(severity).unwrap_or(Severity::Warning),
        kind: Kind::Lint,
        location: Some(place.location()),
        span: report.span,
        ..Diagnostic::default()
    })
}

/// Duplicated code, as reported by CPD and Simian: one finding per location. Returns true if the element is such a
/// report.
fn copies(element: &Element, report: &Report<'_>, out: &mut Vec<Diagnostic>) -> bool {
    if !matches!(element.name.as_str(), "duplication" | "set") {
        return false;
    }
    let places: Vec<Location> = element
        .children
        .iter()
        .filter_map(|place| Some(Location::at(file_of(place, None)?, number(place, LINES)?, None)))
        .collect();
    let lines = element.first(&["lines", "linecount"]).unwrap_or("several");
    for (at, place) in places.iter().enumerate() {
        let Some(other) = places.get(usize::from(at == 0)) else { continue };
        let line = other.line().unwrap_or_default();
        out.push(Diagnostic {
            tool: report.tool.to_owned(),
            error_type: "duplication".to_owned(),
            message: format!("found duplicated code: {lines} lines are in {}:{line}, too", other.path),
            severity: Severity::Warning,
            kind: Kind::Lint,
            location: Some(place.clone()),
            span: report.span,
            ..Diagnostic::default()
        });
    }
    !places.is_empty()
}

fn file_of<'e>(element: &'e Element, enclosing: Option<&str>) -> Option<&'e str> {
    FILES
        .iter()
        // A `source` may be the rule if the file is known from outside.
        .filter(|name| enclosing.is_none() || **name != "source")
        .filter_map(|name| value(element, name))
        .find(|path| looks_like_path(path) || path.contains('/'))
}

/// An attribute, or the text of a child that contains nothing else.
fn value<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    element.get(name).or_else(|| {
        let child = element.child(name).filter(|child| child.children.is_empty())?;
        Some(child.text.trim()).filter(|text| !text.is_empty())
    })
}

/// An element with a line, its own or that of a nested location, and a message.
fn finding(element: &Element, around: Enclosing<'_>, report: &Report<'_>) -> Option<Diagnostic> {
    let at = std::iter::once(element)
        // A nested location without a message.
        .chain(element.children.iter().filter(|child| child.first(MESSAGES).is_none()))
        // Valgrind's frames are inside a stack.
        .chain(
            element
                .children
                .iter()
                .filter(|child| child.name == "stack")
                .flat_map(|stack| &stack.children)
                .filter(|_| element.name == "error"),
        )
        .find(|candidate| number(candidate, LINES).is_some())?;
    let line = number(at, LINES)?;
    // Valgrind reports the amount of leaked memory, too.
    let detail = element.child("xwhat").and_then(|what| what.child_text("text"));
    let says = MESSAGES.iter().any(|name| value(element, name).is_some())
        || !element.text.trim().is_empty()
        || detail.is_some();
    if !std::ptr::eq(at, element) && !says && element.child_text("LongMessage").is_none() {
        return None;
    }
    let words = element
        .first(MESSAGES)
        .or_else(|| {
            ["LongMessage", "Message", "ShortMessage", "message", "description", "desc", "what"]
                .iter()
                .find_map(|name| element.child_text(name))
        })
        .or(detail)
        .or_else(|| at.first(MESSAGES))
        .or_else(|| Some(element.text.trim()).filter(|text| !text.is_empty()))?;
    let file = file_of(at, around.file).or(around.file)?;
    let code = CODES
        .iter()
        .find_map(|name| {
            // `NPD.FUNC.MUST` could be a file name, but not under this attribute.
            let is_code = |code: &&str| {
                !code.contains(' ')
                    && severity(code).is_none()
                    && (matches!(*name, "code" | "ruleid") || !looks_like_path(code))
            };
            value(element, name).filter(is_code)
        })
        .or(around.code)
        // Checkstyle prints the class of the check.
        .map(|code| if code.starts_with("com.puppycrawl.") { last_part(code) } else { code });
    let level = SEVERITIES.iter().find_map(|name| grade(value(element, name)?, name));
    let level = level
        .or_else(|| {
            report
                .grades
                .iter()
                .find(|(rule, _)| element.get("typeid") == Some(rule))
                .map(|(_, grade)| *grade)
        })
        .or_else(|| element.children.iter().find_map(|child| severity(child.get("severity")?)))
        .unwrap_or(Severity::Error);
    Some(Diagnostic {
        tool: report.tool.to_owned(),
        error_type: code.unwrap_or("finding").to_owned(),
        code: code.map(str::to_owned),
        message: words.to_owned(),
        severity: level,
        kind: Kind::Lint,
        location: Some(Location::at(file, line, number(at, COLUMNS))),
        span: report.span,
        ..Diagnostic::default()
    })
}

/// A severity in words; priorities are numbered from 1, the most severe.
fn grade(value: &str, name: &str) -> Option<Severity> {
    if name == "priority" {
        return match value.parse::<u32>().ok()? {
            0..=2 => Some(Severity::Error),
            3 => Some(Severity::Warning),
            _ => Some(Severity::Info),
        };
    }
    severity(value)
}

fn last_part(code: &str) -> &str {
    let name = code.rsplit('.').next().unwrap_or(code);
    name.strip_suffix("Check").unwrap_or(name)
}

fn number(element: &Element, names: &[&str]) -> Option<u32> {
    names.iter().find_map(|name| value(element, name)?.parse().ok()).filter(|&number: &u32| number > 0)
}
