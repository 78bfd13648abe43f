//! Failures of stacks and releases whose reason is below the line that names them.
//!
//! ```text
//! 2:49:55 PM | CREATE_FAILED | AWS::S3::Bucket | Ledger1234
//! Resource handler returned message: "till already exists" (RequestToken: 0701da14)
//!
//! ❌  TillStack failed: DeploymentError: Resource updates failed:
//! TillStack/Ledger  (AWS::S3::Bucket Ledger1234)
//!   Resource handler returned message: "till already exists"
//!
//! Error: The `brew link` step did not complete successfully
//! The formula built, but is not symlinked into /usr/local
//! Could not symlink bin/till
//!
//!   ⨯ release failed after 2s
//!     │ build failed: till.go does not contain a main function
//!
//! in ./helmfile.yaml: release "till" failed: command "/usr/bin/helm" exited with non-zero status:
//! STDERR:
//!   Error: release: not found
//! ```

use crate::{
    kinds,
    release::goreleaser,
    sink::{Block, Sink},
    stacks::{event, unwrapped},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    text::{Context, Needle},
};

/// Maximum number of lines read below a headline.
const LINES: usize = 40;
/// Maximum length of a message, in bytes.
const LONG: usize = 800;

/// The tool or command of a headline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A CloudFormation event row without a reason.
    Event,
    /// The end of an AWS CDK deployment.
    Deployment,
    /// Homebrew could not link the installed package.
    Link,
    /// A Helm command run by helmfile.
    Release,
    /// GoReleaser's end.
    Goreleaser,
    /// A resource of Serverless: `UPDATE_FAILED: PotLambda (AWS::Lambda::Function)`.
    Resource,
}

/// A headline followed by its reason.
#[derive(Debug)]
pub(crate) struct Reason {
    form: Form,
    error_type: String,
    head: String,
    said: Vec<String>,
    location: Option<Location>,
    /// The relevant lines have started.
    begun: bool,
    over: bool,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block for Reason {
    fn start(line: &Text<'_>) -> Option<Self> {
        let (form, error_type, head, location) = read(line)?;
        let mut context = Context::default();
        context.push(line.line);
        let begun = form != Form::Release;
        Some(Self {
            form,
            error_type,
            head,
            said: Vec::new(),
            location,
            begun,
            over: false,
            lines: 0,
            context,
            span: line.span,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        self.lines += 1;
        if self.over || self.lines > LINES || !self.belongs(line) {
            return false;
        }
        if !line.text.is_empty() {
            self.context.push(line.line);
            self.span = self.span.to(line.span);
        }
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        if self.said.is_empty() && self.form == Form::Event {
            return;
        }
        if self.form == Form::Resource && self.said.is_empty() {
            self.said.push(self.error_type.clone());
        }
        let tool = match self.form {
            Form::Event => "cloudformation",
            Form::Deployment => "cdk",
            Form::Link => "brew",
            Form::Release => "helmfile",
            Form::Goreleaser => "goreleaser",
            Form::Resource => "serverless",
        };
        let said = match self.form {
            Form::Event | Form::Resource => unwrapped(&self.said.join(" ")).to_owned(),
            // The sentence is wrapped.
            Form::Link => self.said.join(" "),
            Form::Deployment | Form::Release | Form::Goreleaser => self.said.join("; "),
        };
        let mut message = match (self.head.trim_end_matches(':'), said.as_str()) {
            (head, "") => head.to_owned(),
            ("", said) => said.to_owned(),
            (head, said) => format!("{head}: {said}"),
        };
        message.truncate(message.floor_char_boundary(LONG));
        let kind =
            kinds::of(&said, if self.form == Form::Link { Kind::Dependency } else { Kind::Configuration });
        let found = found(tool, &self.error_type, kind, &message, &self.context.take(), self.span);
        sink.block(Diagnostic { location: self.location, ..found });
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}

impl Reason {
    /// Returns true if a line belongs to the block, and keeps its message.
    fn belongs(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        match self.form {
            Form::Event => {
                if text.is_empty() || text.contains(" | ") || text.starts_with('❌') {
                    return false;
                }
                self.said.push(text.to_owned());
            }
            Form::Resource => {
                if text.is_empty() || text.starts_with("View the full error") {
                    return false;
                }
                self.said.push(text.to_owned());
            }
            Form::Deployment => {
                // The resource is at the margin, its message indented below it.
                if text.is_empty() {
                    return true;
                }
                if self.lines > 1 && line.indent == 0 {
                    return false;
                }
                if text.starts_with('(') {
                    return true;
                }
                self.said.push(unwrapped(text).trim_end_matches('"').to_owned());
            }
            Form::Link => {
                if text.is_empty() {
                    return false;
                }
                if !text.starts_with("The formula built") {
                    self.said.push(text.to_owned());
                }
                // The text that follows is advice.
                self.over = text.ends_with(':');
            }
            Form::Goreleaser => {
                // Each line follows a bar or a name.
                let whole = line.line.trim();
                let rest = whole.trim_start_matches('│').trim_start();
                let said = rest.strip_prefix("error=").unwrap_or(rest);
                let is_reason = self.head.ends_with(':') && self.lines == 1 && line.indent > 0;
                if !is_reason && (!self.head.is_empty() || said.len() == whole.len()) {
                    return false;
                }
                if !said.is_empty() && !said.ends_with(" occurred:") {
                    self.said.push(said.trim_start_matches("* ").to_owned());
                }
            }
            Form::Release => match text {
                "STDERR:" => self.begun = true,
                // A repetition of earlier output.
                "COMBINED OUTPUT:" => self.begun = false,
                _ if line.indent == 0
                    && !text.is_empty()
                    && text.contains(|c: char| c.is_ascii_lowercase()) =>
                {
                    return false;
                }
                _ if self.begun && !text.is_empty() && self.said.len() < 4 => {
                    self.said.push(line.bare.to_owned());
                }
                _ => {}
            },
        }
        true
    }
}

fn read(line: &Text<'_>) -> Option<(Form, String, String, Option<Location>)> {
    static FAILED: Needle = Needle::new(" failed: ");
    static RELEASE: Needle = Needle::new(": release \"");
    let text = line.text;
    if line.bare.starts_with("The `brew link` step did not complete successfully") {
        return Some((Form::Link, "link".to_owned(), line.bare.to_owned(), None));
    }
    if let Some((status, resource, name, "")) = event(line) {
        return Some((Form::Event, status.to_owned(), format!("{resource} {name}"), None));
    }
    if text.starts_with('❌') && text.ends_with(" failed:") {
        let (stack, _) = FAILED.split(line.bare)?;
        return (!stack.contains(' '))
            .then(|| (Form::Deployment, "deploy".to_owned(), stack.to_owned(), None));
    }
    if let Some((status, resource)) = text.split_once("_FAILED: ")
        && matches!(status, "CREATE" | "UPDATE" | "DELETE")
    {
        return Some((Form::Resource, format!("{status}_FAILED"), resource.to_owned(), None));
    }
    if let Some((what, message)) = goreleaser(line) {
        return Some((Form::Goreleaser, what.to_owned(), message.to_owned(), None));
    }
    let (path, rest) = RELEASE.split_among(line.characters, text)?;
    let (name, rest) = rest.split_once('"')?;
    (rest.starts_with(" failed: ") && rest.ends_with(':')).then(|| {
        let path = path.strip_prefix("in ").unwrap_or(path);
        let head = format!("release \"{name}\" failed");
        (Form::Release, "release".to_owned(), head, Some(Location::file(path)))
    })
}
