//! The result of one task of Ansible on one host.

use crate::{
    kinds,
    output::telling,
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    json::Value,
    text::{Context, Needle, leading_number},
};

/// Maximum length of one field, in bytes.
const FIELD: usize = 16 * 1024;

/// The known facts about a failure.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) host: String,
    pub(crate) span: Span,
    pub(crate) context: Context,
    /// JSON that is not complete yet.
    pub(crate) raw: String,
    /// A blank line followed the complete result.
    pub(crate) is_blank: bool,
    /// Leading blanks of the line that starts the result.
    pub(crate) indent: usize,
    is_unreachable: bool,
    fields: Fields,
    /// The field that the current lines belong to, and its indentation in YAML.
    current: Option<(Field, usize)>,
}

/// The fields that describe the error.
#[derive(Debug, Default)]
struct Fields([String; 6]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Message,
    Stderr,
    ModuleStderr,
    Stdout,
    ModuleStdout,
    Reason,
}

const NAMES: [(&str, Field); 6] = [
    ("msg", Field::Message),
    ("stderr", Field::Stderr),
    ("module_stderr", Field::ModuleStderr),
    ("stdout", Field::Stdout),
    ("module_stdout", Field::ModuleStdout),
    ("reason", Field::Reason),
];

/// The field started by a heading of the debug callback.
pub(crate) fn section(text: &str) -> Option<&str> {
    let name = text.strip_suffix(':')?;
    let good = !name.is_empty()
        && name.len() <= 20
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    good.then_some(name)
}

/// `msg: No package matching 'till'`, which the first versions print below a result instead of in it.
pub(crate) fn field(line: &str) -> Option<(&str, &str)> {
    line.split_once(": ").filter(|(name, _)| matches!(*name, "msg" | "stderr" | "stdout"))
}

/// `The error appears to be in '/src/site.yml': line 12, column 7, but may`.
pub(crate) fn error_place(text: &str) -> Option<Location> {
    static SIGN: Needle = Needle::new("The error appears to ");
    let (_, rest) = SIGN.split(text)?;
    let (path, rest) = rest.split_once("in '")?.1.split_once('\'')?;
    let (line, rest) = leading_number(rest.strip_prefix(": line ")?)?;
    let column = rest.strip_prefix(", column ").and_then(leading_number).map(|(column, _)| column);
    Some(Location::at(path, line, column))
}

impl Outcome {
    pub(crate) fn new(host: &str, is_unreachable: bool, line: &Text<'_>) -> Self {
        Self {
            host: host.split(" -> ").next().unwrap_or(host).to_owned(),
            span: line.span,
            context: Context::default(),
            raw: String::new(),
            is_blank: false,
            indent: line.line.len() - line.line.trim_start().len(),
            is_unreachable,
            fields: Fields::default(),
            current: None,
        }
    }

    /// Reads a complete result; returns false if the text is not one.
    pub(crate) fn json(&mut self, text: &str) -> bool {
        let Some(value) = Value::parse(text) else { return false };
        self.result(&value);
        // Fact gathering runs its own modules, and only reports that they failed.
        if let Some(Value::Object(modules)) = value.get("failed_modules") {
            self.fields = Fields::default();
            for (_, module) in modules {
                self.result(module);
            }
        }
        true
    }

    /// Reads the fields of a result.
    fn result(&mut self, value: &Value) {
        for (name, field) in NAMES {
            match value.get(name) {
                Some(Value::Text(text)) => self.fields.add(field, text),
                Some(Value::List(parts)) => {
                    for part in parts.iter().filter_map(Value::as_text) {
                        self.fields.add(field, part);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads the fields of an incomplete result in a truncated line.
    pub(crate) fn words(&mut self, text: &str) {
        for (name, field) in NAMES {
            if !self.fields.get(field).is_empty() {
                continue;
            }
            let sign = format!("\"{name}\": \"");
            if let Some((_, rest)) = text.split_once(&sign) {
                self.fields.add(field, &unescaped(rest));
            }
        }
    }

    /// Reads a line of YAML: `msg: text`, `stderr: |-` with indented lines below it.
    pub(crate) fn yaml(&mut self, raw: &str) {
        let text = raw.trim();
        let indent = raw.len() - raw.trim_start().len();
        if let Some((field, depth)) = self.current
            && indent > depth
        {
            self.fields.add(field, text.strip_prefix("- ").unwrap_or(text));
            return;
        }
        self.current = None;
        let Some((name, value)) = text.split_once(':') else { return };
        let Some((_, field)) = NAMES.iter().find(|(known, _)| *known == name) else { return };
        let value = value.trim();
        self.current = Some((*field, indent));
        if !matches!(value, "" | "|-" | "|" | ">-" | ">" | "|+" | "''" | "\"\"") {
            let quoted = value.len() >= 2
                && (value.starts_with('\'') && value.ends_with('\'')
                    || value.starts_with('"') && value.ends_with('"'));
            self.fields.add(*field, if quoted { &value[1..value.len() - 1] } else { value });
        }
    }

    /// Takes a text in place of a result.
    pub(crate) fn said(&mut self, text: &str) {
        self.fields.add(Field::Message, text);
    }

    pub(crate) fn begin_section(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        self.current = NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| (*field, 0));
    }

    pub(crate) fn in_section(&mut self, raw: &str) {
        if let Some((field, _)) = self.current
            && !raw.trim().is_empty()
        {
            self.fields.add(field, raw.trim_end());
        }
    }

    /// Returns true if the result only says that items of a loop failed, which were reported individually.
    pub(crate) fn is_of_items(&self) -> bool {
        let message = self.fields.get(Field::Message);
        message.starts_with("All items completed") || message.starts_with("One or more items failed")
    }

    pub(crate) fn finish(mut self, place: Option<Location>, thrown: Option<&str>) -> Option<Diagnostic> {
        if self.raw.len() > 1 {
            let raw = std::mem::take(&mut self.raw);
            self.words(&raw);
        }
        let text = self.message(thrown)?;
        let location = error_place(&text.replace('\n', " ")).or(place);
        let message = match text.split_once("The error appears to ") {
            Some((message, _)) if !message.trim().is_empty() => message.trim(),
            _ => text.trim(),
        };
        let (error_type, otherwise) = if self.is_unreachable {
            ("unreachable", Kind::Network)
        } else {
            ("failed", Kind::Configuration)
        };
        let kind = kinds::of(message, otherwise);
        Some(Diagnostic {
            location,
            ..found("ansible", error_type, kind, message, &self.context.take(), self.span)
        })
    }

    /// The most informative sentence: `msg`, or the command's output if `msg` is a mere phrase.
    fn message(&self, thrown: Option<&str>) -> Option<String> {
        const PHRASES: [&str; 7] = [
            "Unexpected failure during module execution",
            "non-zero return code",
            "MODULE FAILURE",
            "The module failed to execute correctly",
            "Module failed",
            "Task failed",
            "Module result deserialization failed",
        ];
        let message = self.fields.get(Field::Message).trim();
        let is_phrase = message.is_empty() || PHRASES.iter().any(|phrase| message.starts_with(phrase));
        if is_phrase {
            let order =
                [Field::Stderr, Field::ModuleStderr, Field::Reason, Field::ModuleStdout, Field::Stdout];
            // With a terminal, the program's errors are in its output, and ssh's own words are all that is in the other.
            let said =
                |field: &Field| telling(self.fields.get(*field).lines().filter(|line| !is_goodbye(line)));
            if let Some(said) = order.iter().find_map(said) {
                return Some(said.to_owned());
            }
        }
        if is_phrase && let Some(thrown) = thrown {
            return Some(thrown.to_owned());
        }
        if message.is_empty() {
            // Nothing readable: the line itself, without the name of the host.
            let body = self.context.as_str().lines().last()?.split_once("=> ")?.1.trim();
            return (body.len() > 2).then(|| body.to_owned());
        }
        Some(message.to_owned())
    }
}

impl Fields {
    fn get(&self, field: Field) -> &str {
        &self.0[field as usize]
    }

    fn add(&mut self, field: Field, text: &str) {
        let value = &mut self.0[field as usize];
        if value.len() < FIELD {
            if !value.is_empty() {
                value.push('\n');
            }
            value.push_str(grimoire_plugin_sdk::text::cut(text, FIELD));
        }
    }
}

/// `Shared connection to db-1 closed.`: the last line of every ssh with a terminal.
fn is_goodbye(line: &str) -> bool {
    let line = line.trim();
    line.ends_with(" closed.")
        && (line.starts_with("Shared connection to ") || line.starts_with("Connection to "))
}

/// The text of a JSON string up to its end, or to where it was truncated.
fn unescaped(rest: &str) -> String {
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t' | 'r') => text.push(' '),
                Some('u') => {
                    let digits: String = characters.by_ref().take(4).collect();
                    text.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some(c) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
        if text.len() > FIELD {
            break;
        }
    }
    text
}
