//! Sentences of the `dotnet` host, the SDK and NuGet: no matching SDK or framework, unknown commands, feeds,
//! and the counts at the end.
//!
//! ```text
//! A compatible .NET SDK was not found.
//!
//! Requested SDK version: 9.0.100
//! global.json file: /src/global.json
//!
//! You must install or update .NET to run this application.
//! Framework: 'Microsoft.NETCore.App', version '6.0.0' (x64)
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Context},
};

/// Maximum number of lines of a message.
const LINES: usize = 24;

/// How a message continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The line is complete.
    Line,
    /// The version and the file are named in lines below.
    Version,
    /// Indented lines give details.
    Indented,
    /// Only says that something failed.
    Summary,
}

/// A message being read.
#[derive(Debug)]
pub(crate) struct Block {
    form: Form,
    kind: Kind,
    error_type: &'static str,
    message: String,
    location: Option<Location>,
    indent: usize,
    lines: usize,
    context: Context,
    span: Span,
}

const MESSAGES: [(&str, Form, Kind, &str); 41] = [
    ("A compatible .NET SDK was not found", Form::Version, Kind::Configuration, "sdk"),
    ("A compatible installed .NET", Form::Version, Kind::Configuration, "sdk"),
    ("A compatible SDK version for global.json", Form::Version, Kind::Configuration, "sdk"),
    ("The SDK specified in global.json", Form::Version, Kind::Configuration, "sdk"),
    (
        "You must install or update .NET to run this application",
        Form::Version,
        Kind::Configuration,
        "framework",
    ),
    ("You must install .NET to run this application", Form::Version, Kind::Configuration, "framework"),
    (
        "It was not possible to find any compatible framework version",
        Form::Version,
        Kind::Configuration,
        "framework",
    ),
    (".NET location: Not found", Form::Line, Kind::Configuration, "host"),
    ("Failed to resolve ", Form::Line, Kind::Configuration, "host"),
    ("It was not possible to find any installed .NET", Form::Line, Kind::Configuration, "sdk"),
    ("No .NET SDKs were found", Form::Line, Kind::Configuration, "sdk"),
    (
        "Could not execute because the specified command or file was not found",
        Form::Indented,
        Kind::Configuration,
        "command",
    ),
    (
        "Could not execute because the application was not found",
        Form::Indented,
        Kind::Configuration,
        "command",
    ),
    ("No executable found matching command", Form::Line, Kind::Configuration, "command"),
    ("Cannot find a tool in the manifest file", Form::Line, Kind::Configuration, "command"),
    ("Cannot find a manifest file", Form::Line, Kind::Configuration, "command"),
    ("Run \"dotnet tool restore\" to make the", Form::Line, Kind::Configuration, "command"),
    ("A fatal error occurred. The required library", Form::Line, Kind::Configuration, "host"),
    ("A fatal error was encountered", Form::Line, Kind::Configuration, "host"),
    ("Couldn't find a valid ICU package", Form::Line, Kind::Configuration, "host"),
    ("Process terminated. Couldn't find a valid ICU package", Form::Line, Kind::Configuration, "host"),
    ("Unable to create a 'DbContext' of type", Form::Line, Kind::Configuration, "ef"),
    ("Unable to create an object of type '", Form::Line, Kind::Configuration, "ef"),
    ("Couldn't find a project to run", Form::Line, Kind::Configuration, "command"),
    ("Unable to find package ", Form::Indented, Kind::Dependency, "nuget"),
    ("error: Unable to find package ", Form::Indented, Kind::Dependency, "nuget"),
    ("error: Unable to resolve '", Form::Line, Kind::Dependency, "nuget"),
    ("error: There are no versions available for the package", Form::Line, Kind::Dependency, "nuget"),
    ("error: Package '", Form::Line, Kind::Dependency, "nuget"),
    ("Unable to resolve dependency '", Form::Line, Kind::Dependency, "nuget"),
    ("error: Unable to load the service index for source", Form::Indented, Kind::Network, "nuget"),
    ("Unable to load the service index for source", Form::Indented, Kind::Network, "nuget"),
    ("error: Response status code does not indicate success", Form::Line, Kind::Network, "nuget"),
    ("The active test run was aborted", Form::Line, Kind::Crash, "testhost"),
    ("Testhost process for source(s)", Form::Line, Kind::Crash, "testhost"),
    ("Build FAILED", Form::Summary, Kind::Unknown, "build"),
    ("Build failed", Form::Summary, Kind::Unknown, "build"),
    ("The build failed. Fix the build errors and run again", Form::Summary, Kind::Unknown, "build"),
    ("Failed!  - Failed:", Form::Summary, Kind::Test, "test"),
    ("Test Run Failed", Form::Summary, Kind::Test, "test"),
    ("Test summary: total:", Form::Summary, Kind::Test, "test"),
];

/// How they begin.
const TEXTS: [&str; MESSAGES.len()] = {
    let mut texts = [""; MESSAGES.len()];
    let mut at = 0;
    while at < texts.len() {
        texts[at] = MESSAGES[at].0;
        at += 1;
    }
    texts
};

static STARTS: Beginnings = Beginnings::new(&TEXTS);

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        let line = text.words;
        let (start, form, kind, error_type) = MESSAGES[STARTS.position(line)?];
        let plausible = match start {
            // Other tools print this too, and continue.
            "Build failed" => {
                line.starts_with("Build failed with ") && line.contains("error")
                    || line.starts_with("Build failed. Use dotnet build")
            }
            "Build FAILED" => line == "Build FAILED.",
            "Test summary: total:" => !line.contains("failed: 0"),
            "Failed to resolve " => line.contains("hostfxr") || line.contains("hostpolicy"),
            "error: Package '" => line.contains("is incompatible with"),
            _ => true,
        };
        if !plausible {
            return None;
        }
        let message = line
            .strip_prefix("error: ")
            .or_else(|| line.strip_prefix("Process terminated. "))
            .unwrap_or(line);
        let kind = match () {
            () if ["401", "403"].iter().any(|code| message.contains(code)) && kind == Kind::Network => {
                Kind::Permission
            }
            () => kind,
        };
        let mut context = Context::default();
        context.push(text.raw);
        Some(Self {
            form,
            kind,
            error_type,
            message: message.to_owned(),
            location: None,
            indent: text.indent,
            lines: 0,
            context,
            span: text.span,
        })
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn version(&mut self, text: &Text<'_>) -> Step {
        static WANTED: Beginnings = Beginnings::new(&[
            "Requested SDK version:",
            "Framework: '",
            "The framework '",
            "Install the [",
            "- Version:",
            "global.json file:",
            "App: ",
            "Architecture: ",
            "App host version: ",
            ".NET location: ",
            "The following frameworks were found",
            "Installed SDKs:",
            "The specified framework",
        ]);
        if text.is_blank() {
            return Step::Waits;
        }
        match WANTED.position(text.words) {
            Some(at) => {
                if at < 3 {
                    self.message.push('\n');
                    self.message.push_str(text.words);
                }
                if let Some(file) = text.words.strip_prefix("global.json file:") {
                    self.location = Some(Location::file(file.trim()));
                }
                self.take(text)
            }
            // Installed versions.
            None if text.words.starts_with(|c: char| c.is_ascii_digit()) && text.words.contains('[') => {
                self.take(text)
            }
            None => Step::Over,
        }
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if self.lines >= LINES {
            return Step::Over;
        }
        match self.form {
            Form::Line | Form::Summary => Step::Over,
            Form::Version => self.version(text),
            Form::Indented => {
                let is_more = !text.is_blank()
                    && (text.indent > self.indent
                        || text.words.starts_with("* ")
                        || text.words.starts_with("Possible reasons"));
                if !is_more {
                    return Step::Over;
                }
                // `You intended to execute a .NET program, but dotnet-ef does not exist.`
                let says =
                    text.words.contains("does not exist") || self.error_type == "nuget" && self.lines < 4;
                if says {
                    self.message.push('\n');
                    self.message.push_str(text.words.trim_start_matches("* "));
                }
                self.take(text)
            }
        }
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let found = Diagnostic {
            tool: if block.error_type == "nuget" { "nuget" } else { "dotnet" }.to_owned(),
            error_type: block.error_type.to_owned(),
            message: block.message,
            severity: Severity::Error,
            kind: block.kind,
            role: if block.form == Form::Summary { Role::Summary } else { Role::Root },
            location: block.location,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report(found, out);
    }
}
