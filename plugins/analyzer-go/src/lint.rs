//! Linters of Go: golangci-lint in its text formats and with its own errors, staticcheck, gofmt, govulncheck.
//!
//! ```text
//! pkg/pot.go:8:2: ineffectual assignment to err (ineffassign)
//! pkg/pot.go:8:2  ineffassign  ineffectual assignment to err
//! level=error msg="Running error: context loading failed: no go files to analyze"
//! Error: can't load config: unsupported version of the configuration: ""
//! diff pot.go.orig pot.go
//! Vulnerability #1: GO-2023-1840
//! ```

use crate::view::View;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Context, Needle, extension, leading_number, place_at_start, trailing_group},
};

/// Number of lines after a formatter's call in which bare file names are the files to be reformatted.
const NEAR: u64 = 300;
/// Maximum number of lines of a difference or a vulnerability.
const LINES: usize = 60;

static GO: Needle = Needle::new(".go:");
static NAME: Needle = Needle::new("golangci");
static LISTS: [Needle; 3] = [Needle::new("gofmt "), Needle::new("goimports "), Needle::new("gofumpt ")];
static OWN: Beginnings = Beginnings::new(&[
    "level=error msg=\"",
    "ERRO ",
    "Error: can't load config",
    "Error: can't ",
    "Error: you are using a configuration file for golangci-lint",
    "Error: unsupported version of the configuration",
    "Error: build linters",
    "Error: unknown linters",
    "Failed executing command with error: ",
    "The command is terminated due to an error: ",
]);

/// Reads the output of linters.
#[derive(Debug, Default)]
pub(crate) struct Lint {
    /// The formatter that lists files, and the line of its call.
    lists: Option<(&'static str, u64)>,
    open: Option<Open>,
    /// True after its name was seen, so that generic log lines are treated as its own.
    seen: bool,
}

/// The record being read.
#[derive(Debug)]
enum Open {
    Issue(Diagnostic, Context),
    /// golangci-lint's own error, whose reason may be indented below.
    Own(Diagnostic, Context),
    Difference {
        path: String,
        line: u32,
        context: Context,
        span: Span,
    },
    Vulnerability {
        code: String,
        lines: Vec<String>,
        location: Option<Location>,
        context: Context,
        span: Span,
    },
}

impl Lint {
    /// Reads the echo of a command, which may call a formatter.
    pub(crate) fn echo(&mut self, text: &str, number: u64) {
        let Some(needle) = LISTS.iter().find(|needle| needle.is_in(text)) else { return };
        let lists = text.split(' ').any(|word| {
            word.starts_with('-') && !word.starts_with("--") && word.contains('l') && word.len() <= 4
        });
        if lists {
            self.lists = Some((needle.text().trim(), number));
        }
    }

    /// Reads a line; returns whether it was a linter's.
    pub(crate) fn line(&mut self, view: &View<'_>, quiet: bool, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(open) = &mut self.open {
            if open.line(view) {
                return true;
            }
            self.finish(out);
        }
        let text = view.text;
        if !quiet && let Some(found) = issue(view).or_else(|| tabular(view)) {
            let mut context = Context::default();
            context.push(text);
            self.open = Some(Open::Issue(Diagnostic { span: view.span, ..found }, context));
            return true;
        }
        self.seen |= NAME.find_among(view.characters, text).is_some();
        if OWN.begin(text)
            && let Some(message) = own(text, self.seen)
        {
            let mut context = Context::default();
            context.push(text);
            let severity = if is_remark(text) { Severity::Warning } else { Severity::Error };
            let found = match quoted(&message) {
                Some((location, message)) => Diagnostic {
                    kind: Kind::Compile,
                    location: Some(location),
                    ..found("golangci-lint", None, message)
                },
                None => Diagnostic { kind: Kind::Configuration, ..found("golangci-lint", None, &message) },
            };
            let found = Diagnostic { span: view.span, severity, ..found };
            self.open = Some(Open::Own(found, context));
            return true;
        }
        self.echo(text, view.number);
        if let Some(path) = difference(text) {
            let mut context = Context::default();
            context.push(text);
            self.open = Some(Open::Difference { path: path.to_owned(), line: 0, context, span: view.span });
            return true;
        }
        if let Some((_, code)) = text.strip_prefix("Vulnerability #").and_then(|rest| rest.split_once(": ")) {
            let mut context = Context::default();
            context.push(text);
            self.open = Some(Open::Vulnerability {
                code: code.trim().to_owned(),
                lines: Vec::new(),
                location: None,
                context,
                span: view.span,
            });
            return true;
        }
        if let Some((formatter, number)) = self.lists
            && view.number < number + NEAR
            && view.body == text
            && extension(text) == "go"
            && !text.contains([' ', ':', '*', '"'])
        {
            out.push(Diagnostic {
                location: Some(Location::file(text)),
                span: view.span,
                context: text.to_owned(),
                ..found(formatter, None, &format!("the code is not formatted as {formatter} would format it"))
            });
            return true;
        }
        if let Some(found) = summary(view) {
            out.push(found);
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Open::finish));
    }
}

impl Open {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        match self {
            Self::Issue(found, context) => {
                // The source and a mark below it.
                let mine = view.body.starts_with(['\t', ' '])
                    && !text.is_empty()
                    && context.lines() < 6
                    && !text.starts_with("---");
                if mine {
                    context.push(view.body);
                    found.span = found.span.to(view.span);
                }
                mine
            }
            Self::Own(found, context) => {
                // It prints everything twice, the second time with other words before it.
                let again = text.starts_with("Failed executing command")
                    || text.starts_with("The command is terminated");
                let goes_on = view.body.starts_with(' ') && found.message.ends_with(':');
                let mine = (again || goes_on) && context.lines() < 8;
                if mine {
                    if goes_on {
                        found.message = format!("{} {text}", found.message);
                    }
                    context.push(view.body);
                    found.span = found.span.to(view.span);
                }
                mine
            }
            Self::Difference { line, context, span, .. } => {
                if let Some(rest) = text.strip_prefix("@@ -") {
                    if *line == 0 {
                        *line = leading_number(rest).map_or(0, |(line, _)| line);
                    }
                } else if !(text.starts_with("--- ")
                    || text.starts_with("+++ ")
                    || *line > 0
                        && (view.body.starts_with([' ', '+', '-', '\t', '\\']) || view.body.is_empty()))
                {
                    return false;
                }
                if context.lines() < LINES {
                    context.push(view.body);
                }
                *span = span.to(view.span);
                true
            }
            Self::Vulnerability { lines, location, context, span, .. } => {
                if text.is_empty() || !view.body.starts_with(' ') || context.lines() > LINES {
                    return false;
                }
                if let Some(trace) = text.strip_prefix('#').and_then(|rest| rest.split_once(": ")) {
                    *location =
                        location.take().or_else(|| place_at_start(trace.1).map(|place| place.location()));
                } else if !text.starts_with("More info")
                    && !text.starts_with("Example traces")
                    && lines.len() < 8
                {
                    lines.push(text.to_owned());
                }
                context.push(view.body);
                *span = span.to(view.span);
                true
            }
        }
    }

    fn finish(self) -> Option<Diagnostic> {
        match self {
            Self::Issue(found, mut context) | Self::Own(found, mut context) => {
                Some(Diagnostic { context: context.take(), ..found })
            }
            Self::Difference { path, line, mut context, span } => (line > 0).then(|| Diagnostic {
                location: Some(Location::at(&path, line, None)),
                context: context.take(),
                span,
                ..found("gofmt", None, "the code is not formatted as gofmt would format it")
            }),
            Self::Vulnerability { code, lines, location, mut context, span } => {
                (!lines.is_empty()).then(|| Diagnostic {
                    kind: Kind::Dependency,
                    location,
                    context: context.take(),
                    span,
                    ..found("govulncheck", Some(&code), &lines.join(" "))
                })
            }
        }
    }
}

/// `pkg/pot.go:8:2: message (linter)`.
fn issue(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    GO.find_among(view.characters, text)?;
    let place = place_at_start(text)?;
    let (message, linter) = trailing_group(&text[text.len() - place.rest.len()..], '(', ')')?;
    if extension(place.path) != "go"
        || view.indent() > 3
        || !is_linter(linter)
        || !place.rest.starts_with(' ')
    {
        return None;
    }
    let message = message.trim();
    // staticcheck prints its code in the position of golangci-lint's linter.
    let coded = is_code(linter);
    let leading = message.split_once(": ").map(|(code, _)| code).filter(|code| is_code(code));
    let code = if coded { linter } else { leading.unwrap_or(linter) };
    let tool = if coded || linter == "compile" { "staticcheck" } else { "golangci-lint" };
    let mut found = found(tool, Some(code), message);
    if matches!(linter, "typecheck" | "compile") {
        found.kind = Kind::Compile;
        found.code = None;
        "compile".clone_into(&mut found.error_type);
    }
    (!message.is_empty()).then(|| Diagnostic { location: Some(place.location()), ..found })
}

/// `pkg/pot.go:8:2  ineffassign  ineffectual assignment to err`.
fn tabular(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    GO.find_among(view.characters, text)?;
    let place = place_at_start(text)?;
    place.column?;
    let rest = place.rest.strip_prefix("  ")?.trim_start();
    let (linter, message) = rest.split_once("  ")?;
    (extension(place.path) == "go" && is_linter(linter)).then(|| Diagnostic {
        location: Some(place.location()),
        ..found("golangci-lint", Some(linter), message.trim())
    })
}

/// A linter's name: a word of letters and digits, as printed by golangci-lint and staticcheck.
fn is_linter(name: &str) -> bool {
    (2..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && name.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// `SA4006`, `G104`, `S1000`, `ST1005`.
fn is_code(name: &str) -> bool {
    let letters = name.bytes().take_while(u8::is_ascii_uppercase).count();
    (1..=3).contains(&letters)
        && (letters + 3..=letters + 4).contains(&name.len())
        && name[letters..].bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns true if a logged line is about a setting, and the run continues.
fn is_remark(text: &str) -> bool {
    let logged = text.starts_with("level=error ") || text.starts_with("ERRO ");
    let fatal = ["Running error", "typechecking error", "Timeout exceeded", "can't ", "unknown linters"];
    logged && !fatal.iter().any(|part| text.contains(part))
}

/// golangci-lint's own errors.
fn own(text: &str, seen: bool) -> Option<String> {
    const PARTS: [&str; 5] =
        ["Running error: ", "[linters_context", "[runner", "[config_reader", "Timeout exceeded"];
    let logged = text.starts_with("level=error ") || text.starts_with("ERRO ");
    if logged && !seen && !PARTS.iter().any(|part| text.contains(part)) {
        return None;
    }
    if let Some(rest) = text.strip_prefix("level=error msg=\"") {
        let message = rest.trim_end_matches('"').replace("\\\"", "\"");
        // `[linters_context] typechecking error: …`
        let message = message
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
            .map_or(message.as_str(), |(_, rest)| rest);
        let message = message.strip_prefix("Running error: ").unwrap_or(message);
        return Some(message.to_owned());
    }
    if let Some(rest) = text.strip_prefix("ERRO ") {
        let rest =
            rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(rest, |(_, rest)| rest);
        return Some(rest.strip_prefix("Running error: ").unwrap_or(rest).trim().to_owned());
    }
    let message = text
        .strip_prefix("Failed executing command with error: ")
        .or_else(|| text.strip_prefix("The command is terminated due to an error: "))
        .or_else(|| text.strip_prefix("Error: "))?;
    let ours = ["golangci", "configuration", "load config", "linter", "Go language version"]
        .iter()
        .any(|word| message.contains(word));
    ours.then(|| message.to_owned())
}

/// The location and message of the first compiler error in
/// `buildir: failed prerequisites: [errors in package: [/src/pot.go:3:5: undefined: lid]]`.
fn quoted(message: &str) -> Option<(Location, &str)> {
    static SIGN: Needle = Needle::new("errors in package: [");
    let (_, rest) = SIGN.split(message)?;
    let place = place_at_start(rest).filter(|place| extension(place.path) == "go")?;
    let said = place.rest.split(']').next().unwrap_or(place.rest);
    // A space separates it from the next one, which begins with its path.
    let end = said
        .match_indices(' ')
        .find(|(at, _)| place_at_start(&said[at + 1..]).is_some_and(|next| next.path.starts_with('/')))
        .map_or(said.len(), |(at, _)| at);
    let message = said[..end].trim();
    (!message.is_empty()).then(|| (place.location(), message))
}

/// The file in `diff pot.go.orig pot.go`, `diff -u pot.go.orig pot.go`.
fn difference(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("diff ")?;
    let rest = rest.strip_prefix("-u ").unwrap_or(rest);
    let (before, path) = rest.split_once(' ')?;
    (before.ends_with(".go.orig") && extension(path) == "go").then_some(path)
}

/// `3 issues:`, and govulncheck's final line.
fn summary(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    let (tool, kind) = if text.starts_with("Your code is affected by ")
        && !text.starts_with("Your code is affected by 0 ")
    {
        ("govulncheck", Kind::Dependency)
    } else if leading_number(text).is_some_and(|(count, rest)| count > 0 && rest == " issues:") {
        ("golangci-lint", Kind::Lint)
    } else {
        return None;
    };
    Some(Diagnostic { role: Role::Summary, span: view.span, kind, ..found(tool, None, text) })
}

fn found(tool: &str, code: Option<&str>, message: &str) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: code.unwrap_or("lint").to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: Kind::Lint,
        ..Diagnostic::default()
    }
}
