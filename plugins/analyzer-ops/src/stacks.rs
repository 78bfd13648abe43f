//! CloudFormation, AWS CDK, Pulumi.
//!
//! ```text
//! TillStack |  3/10 | 10:00:01 AM | CREATE_FAILED        | AWS::S3::Bucket | Ledger (Ledger1234) till already exists
//! ❌  TillStack failed: Error: The stack named TillStack failed creation, …: ROLLBACK_COMPLETE: till already exists
//! [Error at /TillStack/Ledger] a bucket needs a name
//!
//!   aws:s3:Bucket (ledger):
//!     error: 1 error occurred:
//!         * creating S3 Bucket (till): BucketAlreadyExists
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Role, Span,
    text::{Context, Needle},
};

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    failed_event(line)
        .or_else(|| plain_event(line))
        .or_else(|| deployment(line))
        .or_else(|| annotation(line))
        .or_else(|| pulumi(line))
        .or_else(|| policy(line))
}

/// An event row: `… | CREATE_FAILED | AWS::S3::Bucket | Ledger (Ledger1234) reason`; its status, type and name
/// of the resource, and the reason, which may be below it.
pub(crate) fn event<'a>(line: &Text<'a>) -> Option<(&'a str, &'a str, &'a str, &'a str)> {
    static FAILED: Needle = Needle::new("_FAILED");
    static TYPE: Needle = Needle::new("AWS::");
    FAILED.find_among(line.characters, line.text)?;
    TYPE.find_among(line.characters, line.text)?;
    let mut cells = line.text.split('|').map(str::trim);
    let status = cells.find(|cell| cell.ends_with("_FAILED"))?;
    let resource = cells.next()?;
    let rest = cells.next()?;
    if !resource.contains("::") || rest.is_empty() {
        return None;
    }
    // The name, its logical name in parentheses, then the reason; old versions put the reason in a cell.
    let (name, reason) = match rest.split_once(") ") {
        Some((name, reason)) => (name.split(" (").next().unwrap_or(name), reason),
        None => match rest.split_once(' ') {
            Some((name, reason)) if !reason.trim_start().starts_with('(') => (name, reason),
            _ => (rest, cells.next().unwrap_or_default()),
        },
    };
    Some((status, resource, name, unwrapped(reason.trim())))
}

/// An event row with its reason.
fn failed_event(line: &Text<'_>) -> Option<Diagnostic> {
    let (status, resource, name, reason) = event(line).filter(|(.., reason)| !reason.is_empty())?;
    let cancelled = reason.contains("cancelled") || reason.contains("canceled");
    let message = format!("{resource} {name}: {reason}");
    let kind = kinds::of(reason, Kind::Configuration);
    Some(Diagnostic {
        role: if cancelled { Role::Consequence } else { Role::Root },
        ..line.found("cloudformation", status, kind, &message)
    })
}

/// `CloudFormation - CREATE_FAILED - AWS::S3::Bucket - TeaBucket`, the event format of early Serverless versions;
/// the reason comes at the end.
fn plain_event(line: &Text<'_>) -> Option<Diagnostic> {
    let (status, rest) = line.text.strip_prefix("CloudFormation - ")?.split_once(" - ")?;
    let (resource, name) = rest.split_once(" - ").filter(|_| status.ends_with("_FAILED"))?;
    let message = format!("{resource} {name}: {status}");
    Some(Diagnostic {
        role: Role::Consequence,
        confidence: Confidence::Likely,
        ..line.found("cloudformation", status, Kind::Configuration, &message)
    })
}

/// The message in `Resource handler returned message: "…" (RequestToken: …)`.
pub(crate) fn unwrapped(reason: &str) -> &str {
    static SIGN: Needle = Needle::new("Resource handler returned message: \"");
    match SIGN.split(reason) {
        Some((_, rest)) => rest.split_once("\" (RequestToken").map_or(rest, |(message, _)| message),
        None => reason,
    }
}

/// `❌  TillStack failed: Error: …`, `❌ Deployment failed: …`.
fn deployment(line: &Text<'_>) -> Option<Diagnostic> {
    static FAILED: Needle = Needle::new(" failed: ");
    if !line.text.starts_with('❌') {
        return None;
    }
    let (stack, reason) = FAILED.split(line.bare)?;
    if stack.contains(' ') && !stack.starts_with("Deployment") && !stack.ends_with(')') {
        return None;
    }
    let reason = reason.trim();
    // The error comes after the state in which the stack was left.
    let telling = reason
        .rsplit_once("_COMPLETE: ")
        .or_else(|| reason.rsplit_once("_FAILED: "))
        .map_or(reason, |(_, telling)| telling);
    let telling = unwrapped(telling);
    let telling = ["Error: ", "_ToolkitError: ", "ToolkitError: "]
        .iter()
        .find_map(|name| telling.strip_prefix(name))
        .unwrap_or(telling);
    let role = if stack.starts_with("Deployment") { Role::Summary } else { Role::Root };
    let kind = kinds::of(telling, Kind::Configuration);
    Some(Diagnostic { role, ..line.found("cdk", "deploy", kind, &format!("{stack}: {telling}")) })
}

/// `[Error at /TillStack/Ledger] message` of a synthesis.
fn annotation(line: &Text<'_>) -> Option<Diagnostic> {
    let (path, message) = line.line.trim().strip_prefix("[Error at /")?.split_once("] ")?;
    (!message.is_empty())
        .then(|| line.found("cdk", "annotation", Kind::Configuration, &format!("/{path}: {message}")))
}

/// Pulumi's text after `error: `.
fn pulumi(line: &Text<'_>) -> Option<Diagnostic> {
    let message = line.text.strip_prefix("error: ")?;
    let summary = matches!(message, "update failed" | "preview failed" | "destroy failed");
    let known = summary
        || message.starts_with("no stack selected")
        || message.starts_with("no Pulumi project found")
        || message.starts_with("Running program '")
        || message.starts_with("failed to load checkpoint")
        || message.starts_with("PULUMI_ACCESS_TOKEN")
        || message.starts_with("Missing required configuration variable '")
        || message.starts_with("the current deployment has ")
        || message.starts_with("the stack is currently locked");
    known.then(|| Diagnostic {
        role: if summary { Role::Summary } else { Role::Root },
        ..line.found("pulumi", "pulumi", kinds::of(message, Kind::Configuration), message)
    })
}

/// `[mandatory]  aws v0.0.1  no-public-till (aws:s3:Bucket: ledger)`, with the reason below it.
fn policy(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.line.trim().trim_start_matches(['-', ' ']).strip_prefix("[mandatory]")?;
    let rest = rest.trim();
    let (head, resource) = rest.split_once(" (")?;
    let policy = head.rsplit(' ').next()?;
    let resource = resource.strip_suffix(')')?;
    Some(line.found("pulumi", policy, Kind::Lint, &format!("{resource} violates the policy {policy}")))
}

/// A Pulumi resource with its error below it.
#[derive(Debug)]
pub(crate) struct Resource {
    name: String,
    message: String,
    /// The last line after an error that announces further details.
    last: String,
    context: Context,
    span: Span,
    indent: usize,
}

impl Block for Resource {
    /// `  aws:s3:Bucket (ledger):`
    fn start(line: &Text<'_>) -> Option<Self> {
        let head = line.text.strip_suffix("):")?;
        let (kind, name) = head.split_once(" (")?;
        let parts = kind.split(':').count();
        let good = (2..=4).contains(&parts)
            && kind
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'-' | b'_'))
            && !name.is_empty();
        let mut context = Context::default();
        context.push(line.line);
        good.then(|| Self {
            name: head.trim().to_owned() + ")",
            message: String::new(),
            last: String::new(),
            context,
            span: line.span,
            indent: line.indent,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        if text.is_empty() || line.indent <= self.indent || self.context.lines() > 60 {
            return false;
        }
        if let Some(message) = text.strip_prefix("error: ") {
            // Later errors follow from the first one.
            if self.message.is_empty() {
                message.clone_into(&mut self.message);
            }
        } else if self.message.ends_with(':') && !self.message.ends_with("occurred:") {
            grimoire_plugin_sdk::text::cut(text, 500).clone_into(&mut self.last);
        } else if let Some(cause) = text.strip_prefix("* ")
            && self.message.ends_with("occurred:")
        {
            cause.clone_into(&mut self.message);
        } else if self.message.is_empty() && !text.starts_with("warning: ") && self.context.lines() > 20 {
            return false;
        }
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        if !self.last.is_empty() {
            self.message = format!("{} {}", self.message, self.last);
        }
        let message = self.message.trim();
        if message.is_empty() {
            return;
        }
        let role = match message {
            "update failed" | "preview failed" => Role::Summary,
            _ => Role::Root,
        };
        let kind = kinds::of(message, Kind::Configuration);
        let message = format!("{}: {message}", self.name);
        sink.block(Diagnostic {
            role,
            ..found("pulumi", "resource", kind, &message, &self.context.take(), self.span)
        });
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
