//! Markers of GitHub Actions and Azure Pipelines on a line: `##[error]`, `::error file=…::`,
//! `##vso[task.logissue …]`.

use crate::trim_start;
use std::borrow::Cow;

/// The kind of a line according to the CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Marker {
    /// `##[error]`, `::error::`.
    Error,
    /// `##[warning]`, `::warning::`.
    Warning,
    /// `##[notice]`, `::notice::`.
    Notice,
    /// `##[debug]`, `::debug::`.
    Debug,
    /// `##[group]`, `::group::`; the text is the group's title.
    Group,
    /// `##[endgroup]`, `::endgroup::`.
    EndGroup,
    /// `##[command]`, `[command]`, and other commands to the runner, which report nothing.
    Command,
}

/// The decoded fields of a marker. Empty for nearly all lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    /// The value of a field, if present and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The value of a field as a positive number.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.trim().parse().ok().filter(|&number| number > 0)
    }

    /// Returns true if there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Splits a line into its marker, the marker's fields, and the text.
pub(super) fn split(text: &str) -> (Option<Marker>, Properties, Cow<'_, str>) {
    let none = || (None, Properties::default(), Cow::Borrowed(text));
    let start = trim_start(text);
    if !start.starts_with(['#', '[', ':']) {
        return none();
    }
    if let Some(rest) = start.strip_prefix("##[") {
        let Some((name, rest)) = rest.split_once(']') else { return none() };
        return match by_name(name) {
            Some(marker) => (Some(marker), Properties::default(), Cow::Borrowed(rest)),
            None => none(),
        };
    }
    if let Some(rest) = start.strip_prefix("[command]") {
        return (Some(Marker::Command), Properties::default(), Cow::Borrowed(rest));
    }
    if let Some(rest) = start.strip_prefix("::") {
        return workflow_command(rest).unwrap_or_else(none);
    }
    if let Some(rest) = start.strip_prefix("##vso[") {
        return pipeline_command(rest).unwrap_or_else(none);
    }
    none()
}

fn by_name(name: &str) -> Option<Marker> {
    Some(match name {
        "error" => Marker::Error,
        "warning" => Marker::Warning,
        "notice" => Marker::Notice,
        "debug" => Marker::Debug,
        "group" => Marker::Group,
        "endgroup" => Marker::EndGroup,
        "command" | "section" => Marker::Command,
        _ => return None,
    })
}

/// `error file=a.py,line=1::message` after the first `::`.
fn workflow_command(rest: &str) -> Option<(Option<Marker>, Properties, Cow<'_, str>)> {
    // The command's name is short and known: `::std::vector` is not a command.
    let name_length = rest.bytes().take_while(|byte| byte.is_ascii_lowercase() || *byte == b'-').count();
    let (name, rest) = rest.split_at(name_length);
    let marker = match name {
        "add-mask" | "set-output" | "save-state" | "set-env" | "add-path" | "stop-commands"
        | "add-matcher" | "remove-matcher" | "echo" => Marker::Command,
        "command" | "section" => return None,
        _ => by_name(name)?,
    };
    let (fields, message) = match rest.strip_prefix("::") {
        Some(message) => ("", message),
        None => rest.strip_prefix(' ')?.split_once("::")?,
    };
    let properties = fields
        .split(',')
        .filter_map(|field| field.split_once('='))
        .map(|(key, value)| {
            (key.trim().to_owned(), decode(value, &[("%3A", ":"), ("%2C", ","), ("%0A", " "), ("%0D", "")]))
        })
        .collect();
    let message = if message.contains('%') {
        Cow::Owned(decode(message, &[("%0A", "\n"), ("%0D", "")]))
    } else {
        Cow::Borrowed(message)
    };
    Some((Some(marker), Properties(properties), message))
}

/// `task.logissue type=error;sourcepath=a.cs;linenumber=1]message` after `##vso[`.
fn pipeline_command(rest: &str) -> Option<(Option<Marker>, Properties, Cow<'_, str>)> {
    let (command, message) = rest.split_once(']')?;
    let Some(fields) = command.strip_prefix("task.logissue ") else {
        return Some((Some(Marker::Command), Properties::default(), Cow::Borrowed(message)));
    };
    let mut properties = Vec::new();
    let mut marker = Marker::Error;
    for (key, value) in fields.split(';').filter_map(|field| field.split_once('=')) {
        let name = match key.trim() {
            "type" => {
                if value.eq_ignore_ascii_case("warning") {
                    marker = Marker::Warning;
                }
                continue;
            }
            "sourcepath" => "file",
            "linenumber" => "line",
            "columnnumber" => "col",
            other => other,
        };
        properties
            .push((name.to_owned(), decode(value, &[("%3B", ";"), ("%5D", "]"), ("%0A", " "), ("%0D", "")])));
    }
    Some((Some(marker), Properties(properties), Cow::Borrowed(message)))
}

/// Replaces the given escapes, and `%25` by `%`, in one pass.
fn decode(text: &str, escapes: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('%') {
        out.push_str(&rest[..position]);
        rest = &rest[position..];
        let found = escapes.iter().copied().chain([("%25", "%")]).find(|(escape, _)| {
            rest.get(..escape.len()).is_some_and(|start| start.eq_ignore_ascii_case(escape))
        });
        let (length, plain) = found.map_or((1, "%"), |(escape, plain)| (escape.len(), plain));
        out.push_str(plain);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
