//! Errors of two lines: a headline with the failure and its location, and the reason below.
//!
//! ```text
//! MissingInputException in line 4 of /src/Snakefile:
//! Missing input files for rule pour:
//! leaves.txt
//!
//! Error: processing vignette 'pot.Rmd' failed with diagnostics:
//! object 'lid' not found
//!
//! Compilation Error in model pot (models/pot.sql)
//!   Model 'model.tea.pot' depends on a node named 'lid' which was not found
//! ```

use crate::{Step, prefix, prefix::Stripped, tool};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Location, Span,
    text::{Beginnings, Context, Needle, kind_of, leading_number},
};

/// A headline whose reason follows.
#[derive(Debug)]
pub(crate) struct Stated {
    tool: &'static str,
    error_type: String,
    location: Option<Location>,
    test: Option<String>,
    /// True if the reason is indented below the headline.
    indented: bool,
    message: String,
    context: Context,
    span: Span,
}

/// The errors of dbt, each on its own line.
static DBT: Beginnings = Beginnings::new(&[
    "Compilation Error",
    "Database Error",
    "Runtime Error",
    "Parsing Error",
    "Validation Error",
    "Dependency Error",
    "Internal Error",
    "Failure in test ",
]);

impl Stated {
    pub(crate) fn start(line: &Stripped<'_>, span: Span) -> Option<Self> {
        let text = line.text;
        let mut stated =
            if text.ends_with(':') { exception(line).or_else(|| vignette(text)) } else { dbt(text) }?;
        stated.context.push(text);
        stated.span = span;
        Some(stated)
    }

    pub(crate) fn line(&mut self, raw: &str, span: Span) -> Step {
        let line = prefix::strip(raw);
        let text = line.text;
        let announces = self.message.ends_with(':');
        if text.is_empty() || !self.message.is_empty() && !announces || self.indented && line.indent < 2 {
            return Step::Foreign;
        }
        // Fields follow the reason: `output: …`.
        if announces && text.contains(": ") {
            return Step::Foreign;
        }
        if announces {
            self.message.push(' ');
        }
        self.message.push_str(text);
        self.context.push(text);
        self.span = self.span.to(span);
        if self.location.is_none() && self.tool == "dbt" {
            self.location = in_parentheses(text).map(Location::file);
        }
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        if self.message.is_empty() {
            return None;
        }
        Some(Diagnostic {
            tool: self.tool.to_owned(),
            error_type: self.error_type,
            kind: if self.test.is_some() { Kind::Test } else { kind_of(&self.message) },
            test: self.test,
            message: self.message.trim_end_matches(':').to_owned(),
            location: self.location,
            confidence: Confidence::Likely,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// `NameError in line 4 of /src/Snakefile:`, `PotException in rule pour in file /src/pot.smk, line 85:`.
fn exception(line: &Stripped<'_>) -> Option<Stated> {
    static IN: Needle = Needle::new(" in ");
    let (name, place) = IN.split_among(line.characters, line.text)?;
    let is_name = (name.ends_with("Exception") || name.ends_with("Error"))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    if !is_name {
        return None;
    }
    let place = place.strip_suffix(':')?;
    let (path, line) = if let Some(rest) = place.strip_prefix("line ") {
        let (line, rest) = leading_number(rest)?;
        (rest.strip_prefix(" of ")?, line)
    } else {
        let place = place.split_once("file ").map_or(place, |(_, rest)| rest);
        let (path, line) = place.rsplit_once(", line ")?;
        (path.trim_matches('"'), leading_number(line).filter(|(_, rest)| rest.is_empty())?.0)
    };
    let path = path.trim_matches('"');
    let good = !path.is_empty() && !path.contains(": ");
    good.then(|| Stated {
        tool: tool::name(path, None),
        error_type: name.to_owned(),
        location: Some(Location::at(path, line, None)),
        test: None,
        indented: false,
        message: String::new(),
        context: Context::default(),
        span: Span::default(),
    })
}

/// `Error: processing vignette 'pot.Rmd' failed with diagnostics:`, printed by R, with the reason below.
fn vignette(text: &str) -> Option<Stated> {
    let rest = text.strip_suffix("' failed with diagnostics:")?;
    let (_, path) = rest.rsplit_once("processing vignette '")?;
    Some(Stated {
        tool: "r",
        error_type: "vignette".to_owned(),
        location: Some(Location::file(path)),
        test: None,
        indented: false,
        message: String::new(),
        context: Context::default(),
        span: Span::default(),
    })
}

/// `Compilation Error`, `Database Error in model pot (models/pot.sql)`, `Failure in test pot (models/tea.yml)`.
fn dbt(text: &str) -> Option<Stated> {
    if !DBT.begin(text) {
        return None;
    }
    let (what, rest) = text.split_once(" in ").unwrap_or((text, ""));
    let named = in_parentheses(rest).filter(|_| rest.ends_with(')'));
    if !(rest.is_empty() && what.ends_with(" Error") || named.is_some()) || what.split(' ').count() > 2 {
        return None;
    }
    let test = what.eq("Failure").then(|| rest.split(' ').nth(1).unwrap_or_default().to_owned());
    Some(Stated {
        tool: "dbt",
        error_type: what.to_lowercase().replace(' ', "-"),
        location: named.map(Location::file),
        test,
        indented: true,
        message: String::new(),
        context: Context::default(),
        span: Span::default(),
    })
}

/// The file in `model pot (models/pot.sql)`.
fn in_parentheses(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(" (")?;
    let (path, _) = rest.split_once(')')?;
    (path.contains(['/', '\\', '.']) && !path.contains(' ')).then_some(path)
}
