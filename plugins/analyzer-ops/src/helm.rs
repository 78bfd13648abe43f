//! Helm, chart-testing and Helm's template errors.
//!
//! ```text
//! Error: UPGRADE FAILED: context deadline exceeded
//! Error: execution error at (till/templates/web.yaml:12:20): a host is required
//! Error: template: till/templates/web.yaml:3:5: executing "till/templates/web.yaml" at <.Values.x>: …
//! Error: YAML parse error on till/templates/web.yaml: error converting YAML to JSON: yaml: line 7: …
//! [ERROR] Chart.yaml: version is required
//!  ✖︎ till => (version: "0.1.0", path: "charts/till") > chart version not ok. Needs a version bump!
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Needle, place_at_start},
};

/// Starts of messages that only Helm prints after `Error: `.
static STARTS: Beginnings = Beginnings::new(&[
    "INSTALLATION FAILED: ",
    "UPGRADE FAILED: ",
    "Kubernetes cluster unreachable: ",
    "YAML parse error on ",
    "another operation (install/upgrade/rollback) is in progress",
    "cannot load Chart.yaml: ",
    "cannot load values.yaml: ",
    "cannot patch \"",
    "cannot re-use a name that is still in use",
    "chart \"",
    "chart requires kubeVersion: ",
    "create: failed to create: ",
    "execution error at (",
    "failed post-install: ",
    "failed post-upgrade: ",
    "failed pre-install: ",
    "failed pre-upgrade: ",
    "failed to download \"",
    "failed to perform \"",
    "failed to parse ",
    "found in Chart.yaml, but missing in charts/ directory: ",
    "looks like \"",
    "no cached repository for ",
    "no cached repo found",
    "no repository definition for ",
    "non-absolute URLs should be in form of ",
    "parse error at (",
    "post-install hooks failed: ",
    "post-upgrade hooks failed: ",
    "pre-install hooks failed: ",
    "pre-upgrade hooks failed: ",
    "query: failed to query with labels: ",
    "release ",
    "release: not found",
    "rendered manifests contain a resource that already exists",
    "repo ",
    "template: ",
    "unable to build kubernetes objects from ",
    "values don't meet the specifications of the schema(s)",
    "wasn't able to find a chart ",
]);

/// Words that must follow if the start is not unique to Helm.
fn is_helms(start: usize, rest: &str) -> bool {
    match start {
        // chart "…" version "…" not found in … repository
        9 => rest.contains("\" not found") || rest.contains("\" matching ") || rest.contains("\" version "),
        18 => rest.contains("FetchReference") || rest.contains("\" on source"),
        19 => rest.contains(".yaml") && rest.contains("yaml: "),
        21 => rest.contains("chart repository"),
        32 => rest.contains(" failed, and has been ") || rest.contains(": not found"),
        35 => rest.ends_with(" not found"),
        36 => rest.contains(": executing \"") || rest.contains(": function \"") || rest.contains(".yaml"),
        _ => true,
    }
}

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    lint(line).or_else(|| testing(line)).or_else(|| error(line)).or_else(|| closing(line))
}

fn error(line: &Text<'_>) -> Option<Diagnostic> {
    if !line.is_error() {
        return None;
    }
    let start = STARTS.position(line.bare)?;
    is_helms(start, line.bare).then(|| helm(line.bare, line.line, line.span))
}

fn helm(message: &str, context: &str, span: Span) -> Diagnostic {
    let kind = kinds::of(message, Kind::Configuration);
    Diagnostic { location: place(message), ..found("helm", "helm", kind, message, context, span) }
}

/// The template named by a message.
fn place(message: &str) -> Option<Location> {
    static TEMPLATE: Needle = Needle::new("template: ");
    static AT: Needle = Needle::new("error at (");
    static YAML: Needle = Needle::new("YAML parse error on ");
    if let Some((_, rest)) = AT.split(message) {
        let (inner, _) = rest.split_once(')')?;
        return place_at_start(inner).map(|place| place.location());
    }
    // The last template is the innermost: others include it.
    if let Some(at) = TEMPLATE.find_all(message).last()
        && let Some(place) = place_at_start(&message[at + TEMPLATE.text().len()..])
    {
        return Some(place.location());
    }
    let (_, rest) = YAML.split(message)?;
    // The following line number counts lines of the template's output, and is not a location in the template.
    let (path, _) = rest.split_once(':')?;
    Some(Location::file(path))
}

/// `[ERROR] templates/: …` of `helm lint`.
fn lint(line: &Text<'_>) -> Option<Diagnostic> {
    let start = line.line.trim_start();
    let (severity, rest) = if let Some(rest) = start.strip_prefix("[ERROR] ") {
        (Severity::Error, rest)
    } else {
        (Severity::Warning, start.strip_prefix("[WARNING] ")?)
    };
    let (path, message) = rest.split_once(": ")?;
    let is_chart = path.starts_with("templates/")
        || matches!(path, "Chart.yaml" | "values.yaml" | "templates" | "Chart.lock");
    if !is_chart || message.trim().is_empty() {
        return None;
    }
    let location = place(message).or_else(|| (!path.ends_with('/')).then(|| Location::file(path)));
    Some(Diagnostic { severity, location, ..line.found("helm", "lint", Kind::Lint, message) })
}

/// ` ✖︎ till => (version: "0.1.0", path: "charts/till") > reason`.
fn testing(line: &Text<'_>) -> Option<Diagnostic> {
    static ARROW: Needle = Needle::new(" => (version: \"");
    let (name, rest) = ARROW.split_among(line.characters, line.text)?;
    let (head, reason) = rest.split_once(") > ")?;
    if !name.starts_with('✖') {
        return None;
    }
    let name = name.trim_start_matches(['✖', '\u{fe0e}', '\u{fe0f}', ' ']);
    let location = head
        .split_once("path: \"")
        .and_then(|(_, path)| path.split_once('"'))
        .map(|(path, _)| Location::file(&format!("{path}/Chart.yaml")));
    // The failed command printed the reason.
    let role = if reason.contains("exit status") { Role::Summary } else { Role::Root };
    let message = format!("{name}: {}", reason.trim());
    Some(Diagnostic { location, role, ..line.found("chart-testing", "chart", Kind::Lint, &message) })
}

/// `1 chart(s) linted, 1 chart(s) failed`, `failed linting charts: failed processing charts`.
fn closing(line: &Text<'_>) -> Option<Diagnostic> {
    let bare = line.bare;
    if !line.is_error() {
        return None;
    }
    let is_count = bare.contains(" chart(s) linted, ") && !bare.contains(" 0 chart(s) failed");
    let is_testing =
        bare.starts_with("failed linting charts: ") || bare.starts_with("failed installing charts: ");
    if !(is_count || is_testing && line.is_error()) {
        return None;
    }
    Some(Diagnostic { role: Role::Summary, ..line.found("helm", "lint", Kind::Lint, bare) })
}

/// A message with its causes below it, one per line:
///
/// ```text
/// Error: values don't meet the specifications of the schema(s) in the following chart(s):
/// till:
/// - (root): host is required
///
/// Error: UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:
///         * job till-check failed: BackoffLimitExceeded
/// ```
#[derive(Debug)]
pub(crate) struct Causes {
    head: String,
    said: String,
    is_schema: bool,
    text: String,
    span: Span,
}

impl Block for Causes {
    fn start(line: &Text<'_>) -> Option<Self> {
        static SCHEMA: Needle = Needle::new("values don't meet the specifications of the schema(s)");
        let bare = line.bare;
        if !line.is_error() || !bare.ends_with(':') {
            return None;
        }
        let is_schema = SCHEMA.find_among(line.characters, bare).is_some();
        let is_list = bare.ends_with(" occurred:") && STARTS.begin(bare);
        let head = if is_schema { "values don't meet the schema" } else { without_count(bare) };
        (is_schema || is_list).then(|| Self {
            head: head.to_owned(),
            said: String::new(),
            is_schema,
            text: line.line.to_owned(),
            span: line.span,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        let cause = text.strip_prefix(if self.is_schema { "- " } else { "* " });
        let is_chart = self.is_schema && text.ends_with(':') && !text.contains(' ');
        if cause.is_none() && !is_chart || self.said.len() > 4000 {
            return false;
        }
        if let Some(cause) = cause {
            self.said.push_str(if self.said.is_empty() { "" } else { "; " });
            self.said.push_str(cause);
        }
        self.text.push('\n');
        self.text.push_str(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(self, sink: &mut Sink) {
        if self.said.is_empty() {
            return;
        }
        let message = format!("{}: {}", self.head, self.said);
        let mut diagnostic = helm(&message, &self.text, self.span);
        if self.is_schema {
            "schema".clone_into(&mut diagnostic.error_type);
            diagnostic.location = Some(Location::file("values.yaml"));
        }
        sink.block(diagnostic);
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}

/// `pre-upgrade hooks failed: 1 error occurred:` without the count.
fn without_count(text: &str) -> &str {
    let text = text.trim_end_matches(':');
    text.rsplit_once(": ").map_or(text, |(before, _)| before)
}
