//! Reads the operator's configuration. Every refusal names the tool, the expression's number and the member.

use grimoire_plugin_sdk::{Kind, Severity, json::Value, limits};

use crate::expression::Expression;
use crate::fields::Field;
use crate::matcher::{Matcher, Pattern};

/// Most expressions of a configuration: each of them is compiled for every log that is read.
const MOST_PATTERNS: usize = 100;
/// Most expressions one after another.
const MOST_LINES: usize = 8;

/// Members that editors know and that change nothing here.
const IGNORED: [&str; 8] =
    ["$schema", "applyTo", "background", "fileLocation", "kind", "label", "name", "source"];

/// A checked configuration.
pub(crate) struct Settings {
    pub(crate) matchers: Vec<Matcher>,
}

impl Settings {
    /// Reads a JSON object.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let Some(Value::Object(members)) = Value::parse(text) else {
            return Err("the configuration is no JSON object".to_owned());
        };
        let mut matchers = Vec::new();
        let mut count = 0;
        for (name, value) in &members {
            let read = match name.as_str() {
                "tool" => tool,
                "problemMatcher" => problem_matcher,
                _ => return Err(format!("{name}: is not known; there are `tool` and `problemMatcher`")),
            };
            let Value::List(items) = value else { return Err(format!("{name}: must be a list of tables")) };
            for (index, item) in items.iter().enumerate() {
                let Read { matcher, patterns } = read(index + 1, item)?;
                count += patterns;
                if count > MOST_PATTERNS {
                    return Err(format!("there are more than {MOST_PATTERNS} expressions"));
                }
                matchers.push(matcher);
            }
        }
        Ok(Self { matchers })
    }
}

/// A matcher with the number of its expressions.
struct Read {
    matcher: Matcher,
    patterns: usize,
}

/// A tool whose expressions have named groups.
fn tool(number: usize, item: &Value) -> Result<Read, String> {
    let Value::Object(members) = item else { return Err(format!("tool {number}: must be a table")) };
    let Some(name) = item.text("name") else {
        return Err(format!("tool {number}: has no `name`, such as \"kettle\""));
    };
    let place = format!("tool {name}");
    check_tool(&place, name)?;
    let (mut severity, mut kind, mut loops) = (Severity::Error, None, false);
    let mut sources = Vec::new();
    for (member, value) in members {
        match (member.as_str(), value) {
            ("name", _) => {}
            ("pattern", Value::Text(source)) => sources.push(source.as_str()),
            ("pattern", Value::List(list)) => {
                let texts: Option<Vec<_>> = list.iter().map(Value::as_text).collect();
                sources = texts
                    .ok_or_else(|| format!("{place}: pattern: must be an expression or a list of them"))?;
            }
            ("pattern", _) => {
                return Err(format!("{place}: pattern: must be an expression or a list of them"));
            }
            ("severity", value) => severity = default_severity(&place, value)?,
            ("kind", value) => kind = Some(kind_named(&place, value)?),
            ("loop", Value::Boolean(value)) => loops = *value,
            ("loop", _) => return Err(format!("{place}: loop: must be true or false")),
            (other, _) => {
                return Err(format!(
                    "{place}: {other}: is not known; there are name, pattern, severity, kind and loop"
                ));
            }
        }
    }
    let mut patterns = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let place = at_pattern(&place, index, sources.len());
        let expression = compile(&place, "pattern", source)?;
        let mut fields = Vec::new();
        for (index, name) in expression.groups.iter().enumerate() {
            let Some(name) = name else { continue };
            let field = Field::of_group(name).ok_or_else(|| {
                format!("{place}: the group {name} is not known; there are {}", Field::groups())
            })?;
            fields.push((field, index + 1));
        }
        patterns.push(Pattern::new(expression, fields));
    }
    finish(&place, name, severity, kind, patterns, loops, "a group named message: (?<message>.*)")
}

/// A problem matcher of GitHub Actions.
fn problem_matcher(number: usize, item: &Value) -> Result<Read, String> {
    let Value::Object(members) = item else {
        return Err(format!("problemMatcher {number}: must be a table"));
    };
    let Some(owner) = item.text("owner") else {
        return Err(format!("problemMatcher {number}: has no `owner`"));
    };
    let place = format!("problemMatcher {owner}");
    check_tool(&place, owner)?;
    let mut severity = Severity::Error;
    let mut items: &[Value] = &[];
    for (member, value) in members {
        match member.as_str() {
            "owner" => {}
            "severity" => severity = default_severity(&place, value)?,
            "pattern" => {
                items = match value {
                    Value::List(list) => list,
                    Value::Object(_) => std::slice::from_ref(value),
                    _ => return Err(format!("{place}: pattern: must be a list of tables")),
                }
            }
            member if IGNORED.contains(&member) => {}
            _ => {
                return Err(format!(
                    "{place}: {member}: is not known; there are owner, severity and pattern"
                ));
            }
        }
    }
    let (mut patterns, mut loops) = (Vec::new(), false);
    for (index, item) in items.iter().enumerate() {
        let place = at_pattern(&place, index, items.len());
        let Value::Object(members) = item else { return Err(format!("{place}: must be a table")) };
        let Some(source) = item.text("regexp") else { return Err(format!("{place}: has no `regexp`")) };
        let expression = compile(&place, "regexp", source)?;
        let mut fields = Vec::new();
        for (member, value) in members {
            match (member.as_str(), Field::of_member(member)) {
                ("regexp", _) => {}
                ("loop", _) => match value {
                    Value::Boolean(true) if index + 1 < items.len() => {
                        return Err(format!("{place}: loop: only the last pattern may repeat"));
                    }
                    Value::Boolean(value) => loops = *value,
                    _ => return Err(format!("{place}: loop: must be true or false")),
                },
                (_, Some(field)) => {
                    let groups = expression.groups.len();
                    let group = value.as_number().and_then(|group| usize::try_from(group).ok());
                    let group = group.filter(|&group| group <= groups).ok_or_else(|| {
                        format!(
                            "{place}: {member}: must be the number of a group; the expression has {groups}"
                        )
                    })?;
                    fields.push((field, group));
                }
                (member, None) if IGNORED.contains(&member) => {}
                _ => {
                    return Err(format!(
                        "{place}: {member}: is not known; there are regexp, file, line, column, endLine, endColumn, \
                         location, severity, code, message, fromPath and loop"
                    ));
                }
            }
        }
        patterns.push(Pattern::new(expression, fields));
    }
    finish(&place, owner, severity, None, patterns, loops, "a `message`")
}

/// Checks what holds for both forms.
fn finish(
    place: &str,
    name: &str,
    severity: Severity,
    kind: Option<Kind>,
    patterns: Vec<Pattern>,
    loops: bool,
    message: &str,
) -> Result<Read, String> {
    if patterns.is_empty() {
        return Err(format!("{place}: has no `pattern`"));
    }
    if patterns.len() > MOST_LINES {
        return Err(format!("{place}: has more than {MOST_LINES} expressions one after another"));
    }
    for (index, pattern) in patterns.iter().enumerate() {
        for field in Field::ALL {
            if pattern.sets(field) && patterns[..index].iter().any(|earlier| earlier.sets(field)) {
                let name = field.group();
                return Err(format!("{place}, pattern {}: {name} is set by an earlier one too", index + 1));
            }
        }
    }
    if !patterns.iter().any(|pattern| pattern.sets(Field::Message)) {
        return Err(format!("{place}: no expression has {message}"));
    }
    if loops && (patterns.len() == 1 || !patterns.last().is_some_and(|last| last.sets(Field::Message))) {
        return Err(format!(
            "{place}: loop: repeats the last of several expressions, which must have the message"
        ));
    }
    let count = patterns.len();
    Ok(Read { matcher: Matcher::new(name, severity, kind, patterns, loops), patterns: count })
}

fn at_pattern(place: &str, index: usize, count: usize) -> String {
    if count == 1 { place.to_owned() } else { format!("{place}, pattern {}", index + 1) }
}

fn compile(place: &str, member: &str, source: &str) -> Result<Expression, String> {
    Expression::compile(source).map_err(|refusal| format!("{place}: {member}: {refusal}"))
}

fn check_tool(place: &str, name: &str) -> Result<(), String> {
    let is_plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if is_plain && name.to_lowercase().len() <= limits::TOOL {
        return Ok(());
    }
    Err(format!("{place}: its name must have from 1 to {} bytes on one line", limits::TOOL))
}

fn default_severity(place: &str, value: &Value) -> Result<Severity, String> {
    match value.as_text().map(str::to_lowercase).as_deref() {
        Some("error" | "") => Ok(Severity::Error),
        Some("warning") => Ok(Severity::Warning),
        Some("notice" | "info") => Ok(Severity::Info),
        _ => Err(format!("{place}: severity: must be \"error\", \"warning\" or \"notice\"")),
    }
}

fn kind_named(place: &str, value: &Value) -> Result<Kind, String> {
    const KINDS: [(&str, Kind); 11] = [
        ("compile", Kind::Compile),
        ("lint", Kind::Lint),
        ("test", Kind::Test),
        ("crash", Kind::Crash),
        ("dependency", Kind::Dependency),
        ("network", Kind::Network),
        ("permission", Kind::Permission),
        ("resource", Kind::Resource),
        ("timeout", Kind::Timeout),
        ("infrastructure", Kind::Infrastructure),
        ("configuration", Kind::Configuration),
    ];
    let named = |name: &str| KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    value.as_text().and_then(named).ok_or_else(|| {
        let names: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
        format!("{place}: kind: must be one of {}", names.join(", "))
    })
}
