//! Releases and reports to services: semantic-release, changesets, GoReleaser, Codecov, SonarQube, Lighthouse CI.
//!
//! ```text
//! [10:00:01] [semantic-release] › ✘  ENOGHTOKEN No GitHub token specified.
//! 🦋  error Some packages have been changed but no changesets were found.
//! ERROR: QUALITY GATE STATUS: FAILED - View details on https://sonar.example.org/dashboard?id=till
//!   ✘  categories.performance failure for minScore assertion
//!         expected: >=0.9
//!            found: 0.62
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{Context, Needle},
};

const fn row(tool: &'static str, error_type: &'static str, kind: Kind, start: &'static str) -> Phrase {
    Phrase::new(tool, error_type, kind, start)
}

use Kind::{Configuration, Lint, Network, Permission};

pub(crate) const ROWS: &[Phrase] = &[
    row("sonarqube", "quality-gate", Lint, "QUALITY GATE STATUS: FAILED"),
    row("sonarqube", "quality-gate", Lint, "Quality Gate has FAILED"),
    row("sonarqube", "scan", Configuration, "Error during SonarScanner ").summary(),
    row("sonarqube", "scan", Configuration, "Failed to upload report - "),
    row("sonarqube", "scan", Permission, "Not authorized. Please check the "),
    row("sonarqube", "scan", Permission, "You're not authorized to "),
    row("sonarqube", "scan", Configuration, "Project not found. Please check the 'sonar.projectKey'"),
    row("sonarqube", "scan", Configuration, "You must define the following mandatory properties for "),
    row(
        "sonarqube",
        "scan",
        Configuration,
        "You are running CI analysis while Automatic Analysis is enabled",
    ),
    row("sonarqube", "scan", Configuration, "Validation of project failed:"),
    row("sonarqube", "scan", Network, "SonarQube server [").with("can not be reached"),
    row("sonarqube", "scan", Configuration, "EXECUTION FAILURE").summary(),
    row("codecov", "upload", Permission, "Codecov token not found"),
    row("codecov", "upload", Configuration, "Codecov: Failed to "),
    row("codecov", "upload", Configuration, "There was an error running the uploader: "),
    row("codecov", "upload", Configuration, "Commit creating failed: "),
    row("codecov", "upload", Configuration, "Report creating failed: "),
    row("codecov", "upload", Configuration, "Upload failed: "),
    row("codecov", "upload", Configuration, "Upload queued for processing failed: "),
    row("coveralls", "upload", Configuration, "Bad response: ").said_to_be_an_error(),
    row("lighthouse", "assert", Lint, "Assertion failed. Exiting with status code ").summary(),
    row("lighthouse", "chrome", Configuration, "Chrome installation not found"),
    row("lighthouse", "healthcheck", Configuration, "Healthcheck failed!"),
    row("lighthouse", "run", Configuration, "Runtime error encountered: "),
    row("semantic-release", "release", Configuration, "Failed step \"").with(" of plugin ").summary(),
    row("semantic-release", "ENOGHTOKEN", Permission, "ENOGHTOKEN "),
    row("semantic-release", "EINVALIDGHTOKEN", Permission, "EINVALIDGHTOKEN "),
    row("semantic-release", "EGHNOPERMISSION", Permission, "EGHNOPERMISSION "),
    row("semantic-release", "ENOGLTOKEN", Permission, "ENOGLTOKEN "),
    row("semantic-release", "EINVALIDGLTOKEN", Permission, "EINVALIDGLTOKEN "),
    row("semantic-release", "ENONPMTOKEN", Permission, "ENONPMTOKEN "),
    row("semantic-release", "EINVALIDNPMTOKEN", Permission, "EINVALIDNPMTOKEN "),
    row("semantic-release", "EGITNOPERMISSION", Permission, "EGITNOPERMISSION "),
    row("semantic-release", "ENOREPOURL", Configuration, "ENOREPOURL "),
    row("semantic-release", "EMISMATCHGITHUBURL", Configuration, "EMISMATCHGITHUBURL "),
    row("semantic-release", "EINVALIDNEXTVERSION", Configuration, "EINVALIDNEXTVERSION "),
    row("release-please", "release", Configuration, "release-please failed: "),
    row("twine", "upload", Permission, "HTTPError: 403 Forbidden from https://upload.pypi.org"),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    semantic(line)
}

/// `[semantic-release] › ✘  ENOGHTOKEN No GitHub token specified.`
fn semantic(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("[semantic-release]");
    let at = SIGN.find_among(line.characters, line.line)?;
    let rest = &line.line[at + SIGN.text().len()..];
    let (_, message) = rest.split_once('✘').or_else(|| rest.split_once('✖'))?;
    let message = message.trim();
    let code = message.split_once(' ').map(|(code, _)| code).filter(|code| {
        code.len() > 4 && code.starts_with('E') && code.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    let text = code.map_or(message, |code| message[code.len()..].trim());
    // A failed plugin is named first; its error follows.
    let role = if message.starts_with("Failed step ") { Role::Summary } else { Role::Root };
    let kind = kinds::of(
        text,
        if code.is_some_and(|code| code.contains("TOKEN")) { Permission } else { Configuration },
    );
    (!text.is_empty()).then(|| Diagnostic {
        code: code.map(str::to_owned),
        role,
        ..line.found("semantic-release", code.unwrap_or("release"), kind, text)
    })
}

/// `  ⨯ release failed after 3s                 error=message`: the failed operation; the message may be below.
pub(crate) fn goreleaser<'a>(line: &Text<'a>) -> Option<(&'a str, &'a str)> {
    static SIGNS: [Needle; 2] = [Needle::new(" failed after "), Needle::new(" failed ")];
    let (what, rest) = SIGNS.iter().find_map(|sign| sign.split_among(line.characters, line.text))?;
    let has_mark = what.starts_with(['⨯', '×']);
    let what = what.trim_start_matches(['⨯', '×', 'x', ' ']);
    let (time, message) = rest.split_once("error=").unwrap_or((rest, ""));
    let is_time = time.trim_end().bytes().all(|byte| byte.is_ascii_digit() || b"msh.".contains(&byte));
    let is_step = matches!(what, "release" | "build" | "command" | "continue" | "publish" | "announce");
    (is_step && is_time && (has_mark || !message.is_empty())).then(|| (what, message.trim()))
}

/// A changesets error, with the lines below it that npm or a stack added.
///
/// ```text
/// 🦋  error an error occurred while publishing @till/pot: E404 Not Found - PUT https://…
/// 🦋  error
/// 🦋  error  '@till/pot@1.0.0' is not in the npm registry.
/// ```
#[derive(Debug)]
pub(crate) struct Changeset {
    message: String,
    context: Context,
    span: Span,
}

impl Changeset {
    fn of<'a>(line: &Text<'a>) -> Option<&'a str> {
        let rest = line.text.strip_prefix('🦋')?.trim_start().strip_prefix("error")?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
    }
}

impl Block for Changeset {
    fn start(line: &Text<'_>) -> Option<Self> {
        let message = Self::of(line).filter(|message| message.len() > 3)?.to_owned();
        let mut context = Context::default();
        context.push(line.line);
        Some(Self { message, context, span: line.span })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let Some(text) = Self::of(line) else { return false };
        if text.starts_with("an error occurred while") || text.starts_with("packages failed to publish") {
            return false;
        }
        if self.message.ends_with(':') && !text.is_empty() {
            self.message = format!("{} {text}", self.message);
        }
        if self.context.lines() < 12 && !text.is_empty() {
            self.context.push(line.line);
        }
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        let role =
            if self.message.starts_with("packages failed to publish") { Role::Summary } else { Role::Root };
        let kind = kinds::of(&self.message, Configuration);
        let context = self.context.take();
        let found = found("changesets", "changeset", kind, &self.message, &context, self.span);
        sink.block(Diagnostic { role, ..found });
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}

/// An assertion of Lighthouse CI, with the expected and found values below it.
#[derive(Debug)]
pub(crate) struct Assertion {
    head: String,
    expected: String,
    actual: String,
    is_warning: bool,
    context: Context,
    span: Span,
}

impl Block for Assertion {
    fn start(line: &Text<'_>) -> Option<Self> {
        static SIGNS: [Needle; 2] = [Needle::new(" failure for "), Needle::new(" warning for ")];
        let text = line.text;
        if !text.ends_with(" assertion") {
            return None;
        }
        let at = SIGNS.iter().position(|sign| sign.find_among(line.characters, text).is_some())?;
        let head = text.trim_start_matches(|c: char| !c.is_alphanumeric());
        let mut context = Context::default();
        context.push(line.line);
        Some(Self {
            head: head.to_owned(),
            expected: String::new(),
            actual: String::new(),
            is_warning: at == 1,
            context,
            span: line.span,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        let is_value = |name: &str| text.strip_prefix(name).map(|value| value.trim().to_owned());
        if let Some(value) = is_value("expected:") {
            // All three may be on one line.
            let (expected, rest) = value.split_once("found:").unwrap_or((&value, ""));
            expected.trim().clone_into(&mut self.expected);
            rest.split("all values").next().unwrap_or(rest).trim().clone_into(&mut self.actual);
        } else if let Some(value) = is_value("found:") {
            self.actual = value;
        } else if !(text.starts_with("all values:") || line.indent > 2 && text.starts_with("http")) {
            // A sentence and a link to the documentation come between.
            let explains = self.expected.is_empty() && line.indent > 4 && self.context.lines() < 6;
            if !explains && !text.is_empty() || self.context.lines() > 8 {
                return false;
            }
        }
        if !text.is_empty() {
            self.context.push(line.line);
            self.span = self.span.to(line.span);
        }
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        if self.expected.is_empty() {
            return;
        }
        let message = format!("{}: expected {}, found {}", self.head, self.expected, self.actual);
        let mut found = found("lighthouse", "assertion", Lint, &message, &self.context.take(), self.span);
        if self.is_warning {
            found.severity = grimoire_plugin_sdk::Severity::Warning;
        }
        sink.block(found);
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
