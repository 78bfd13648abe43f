//! npm: a block of lines that begin with `npm ERR!` or `npm error`, with a code, sentences and, if a
//! script failed, the script's output.
//!
//! ```text
//! npm error code ERESOLVE                     npm error code 1
//! npm error ERESOLVE could not resolve        npm error path /app/node_modules/printer
//! npm error While resolving: shop@1.0.0       npm error command failed
//! npm error Found: react@19.0.0               npm error command sh -c node install.js
//! …                                           npm error Error: Cannot find module './lid'
//! ```

use grimoire_plugin_sdk::text::{Characters, Context, Needle, cut, extension};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Role, Span};

use crate::cause::Cause;
use crate::found::{exception, failure, is_own};
use crate::npm_words::{ADVICE, conflict, is_environment, reasons, usage, without_label};
use crate::{kinds, npm_words};

/// Maximum number of bytes kept of a line before npm's.
const LINE: usize = 1024;
/// Maximum number of sentences of one block.
const SENTENCES: usize = 40;

/// npm's lines of one error, as far as read.
#[derive(Default)]
struct Open {
    code: String,
    path: Option<String>,
    command: Option<String>,
    sentences: Vec<String>,
    cause: Cause,
    /// What was printed before npm's lines.
    above: Option<String>,
    context: Context,
    span: Span,
}

/// Recognises npm's errors.
#[derive(Default)]
pub(crate) struct Npm {
    open: Option<Open>,
    /// node-gyp's lines outside of npm's block.
    gyp: Option<Open>,
    /// The package whose archive did not match its checksum.
    corrupted: Option<String>,
    /// The last line's number within npm's own log.
    numbered: Option<u32>,
    /// The last line before npm's, if it is an exception without frames.
    above: Option<String>,
}

/// npm's lines after each failed script, which are not errors of their own.
const GENERIC: &[&str] = &[
    "Lifecycle script",
    "Test failed.",
    "Exit status",
    "Failed at the ",
    "This is probably not a problem with npm",
    "command failed",
];

impl Npm {
    /// Reads a line; returns true if it is npm's.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        static CORRUPTED: Needle = Needle::new(" seems to be corrupted");
        let line = text
            .strip_prefix("npm ERR! ")
            .or_else(|| text.strip_prefix("npm error "))
            .or_else(|| matches!(text, "npm ERR!" | "npm error").then_some(""))
            .or_else(|| self.of_log(text));
        let Some(line) = line else {
            if let Some(rest) = text.strip_prefix("gyp ERR! ") {
                let open = self.gyp.get_or_insert_with(|| Open { span, ..Open::default() });
                open.gyp(rest);
                open.span = open.span.to(span);
                return true;
            }
            // Releases before 5 print blank lines within an error.
            if text.trim().is_empty() {
                return false;
            }
            self.finish(out);
            self.above = exception(text).map(|_| cut(text, LINE).to_owned());
            if let Some((package, _)) = CORRUPTED.split_among(among, text)
                && let Some((_, package)) = package.rsplit_once("data for ")
            {
                self.corrupted = Some(package.split(' ').next().unwrap_or(package).to_owned());
            }
            return false;
        };
        // Old versions print the path on a separate line.
        let is_log = (line.contains("_logs") || line.ends_with("npm-debug.log"))
            && line.strip_suffix(".log").is_some()
            && !line.trim().contains(' ');
        if is_log || line.starts_with("not ok code ") || line.starts_with("A complete log of this run") {
            self.finish(out);
            return true;
        }
        // Workspaces fail one after the other, each with a separate block.
        let begins = line.starts_with("code ") || line.starts_with("Lifecycle script `");
        if begins && self.open.as_ref().is_some_and(|open| !open.code.is_empty() || line.starts_with('L')) {
            self.finish(out);
        }
        let above = &mut self.above;
        let open = self.open.get_or_insert_with(|| Open { span, above: above.take(), ..Open::default() });
        open.line(line);
        open.span = open.span.to(span);
        true
    }

    /// `25 error Missing script: "boil"` of npm's own log.
    fn of_log<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let last = self.numbered.take();
        let (number, level, rest) = npm_words::numbered(text)?;
        let begins = level != "error" || is_environment(rest) || rest.starts_with("code ");
        if begins || last.is_some_and(|last| last <= number) {
            self.numbered = Some(number);
        }
        self.numbered.filter(|_| level == "error").map(|_| rest)
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.gyp.take().and_then(Open::report_gyp));
        if let Some(open) = self.open.take() {
            out.extend(open.report(self.corrupted.take()));
        }
    }
}

impl Open {
    fn line(&mut self, line: &str) {
        self.context.push(line);
        let trimmed = line.trim();
        if let Some(code) = line.strip_prefix("code ") {
            code.trim().clone_into(&mut self.code);
        } else if let Some(path) = line.strip_prefix("path ") {
            self.path = Some(path.trim().to_owned());
        } else if let Some(command) = line.strip_prefix("command ").filter(|_| !is_environment(line)) {
            let command = command.trim();
            if command != "failed" {
                self.command = Some(command.trim_start_matches("sh -c ").to_owned());
            }
        } else if is_environment(line) || line.starts_with("error rolling back") {
            // What ran where, and what could not be undone, in releases before 5.
        } else if [
            "errno ",
            "syscall ",
            "dest ",
            "workspace ",
            "location ",
            "signal ",
            "cwd ",
            "file ",
            "prefix ",
            "lifecycle ",
        ]
        .iter()
        .any(|detail| line.starts_with(detail))
        {
            // A detail rather than the error.
        } else {
            if !self.is_refused() {
                self.cause.line(line);
            }
            if !trimmed.is_empty() && self.sentences.len() < SENTENCES {
                self.sentences.push(line.trim_end().to_owned());
            } else if trimmed.is_empty() && self.sentences.last().is_some_and(|last| !last.is_empty()) {
                self.sentences.push(String::new());
            }
        }
    }

    /// A line of node-gyp's.
    fn gyp(&mut self, line: &str) {
        self.context.push(line);
        if let Some(folder) = line.strip_prefix("cwd ") {
            self.path = Some(folder.trim().to_owned());
        } else {
            self.cause.line(line);
        }
    }

    /// A consequence: the compiler's error was printed before.
    fn report_gyp(mut self) -> Option<Diagnostic> {
        let mut message = self.cause.take()?;
        let follows = message.contains("failed with exit code");
        if let Some((_, package)) = self.path.as_deref().and_then(|path| path.rsplit_once("node_modules/")) {
            message = format!("{message}\nin {package}");
        }
        let mut found = failure("node-gyp", "build", Kind::Dependency, &message, self.span);
        found.role = if follows { Role::Consequence } else { Role::Root };
        found.context = self.context.take();
        Some(found)
    }

    /// Returns true if npm itself failed, rather than a script.
    fn is_refused(&self) -> bool {
        self.code.starts_with('E') && self.code != "ELIFECYCLE"
    }

    fn report(mut self, corrupted: Option<String>) -> Option<Diagnostic> {
        let span = self.span;
        let is_script = !self.code.is_empty() && !self.is_refused()
            || self.code.is_empty() && self.sentences.iter().any(|line| line.starts_with("Failed at the "));
        let mut found = if is_script || self.code.is_empty() && self.command.is_some() {
            self.script()?
        } else {
            self.refusal(corrupted)?
        };
        found.span = span;
        found.context = self.context.take();
        Some(found)
    }

    /// A failed script: its output gives the reason, if npm repeats it.
    fn script(&mut self) -> Option<Diagnostic> {
        let code = std::mem::take(&mut self.code);
        let dependency = self.path.as_deref().filter(|path| !is_own(&format!("{path}/")));
        let shown = self.command.clone().unwrap_or_default();
        let package = self.sentences.iter().find_map(|line| line.strip_prefix("Failed at the "));
        let cause = self.cause.take().filter(|cause| !GENERIC.iter().any(|words| cause.starts_with(words)));
        if let Some(cause) = cause {
            let mut message = cause;
            if let Some(path) = dependency {
                let name = path.rsplit("node_modules/").next().unwrap_or(path);
                message = format!("{message}\nin {name}: {shown}");
            }
            let error_type = exception(&message).map_or("script", |(kind, _)| kind).to_owned();
            let kind = kinds::by_words(&message).unwrap_or(Kind::Dependency);
            let mut found = failure("npm", &error_type, kind, &message, Span::default());
            found.code = numbered(&code);
            return Some(found);
        }
        // The output of a package's script; that of a project's own script is read by others.
        if let Some(reason) = self.above.take()
            && let Some(package) = package.filter(|package| package.contains("install script"))
        {
            let message = format!("{reason}\nin {}", package.trim_end_matches('.'));
            let kind = kinds::by_words(&reason).unwrap_or(Kind::Dependency);
            let error_type = exception(&reason).map_or("script", |(kind, _)| kind);
            let mut found = failure("npm", error_type, kind, &message, Span::default());
            found.code = numbered(&code);
            return Some(found);
        }
        let is_progress = |line: &String| {
            ["gyp info ", "gyp verb ", "gyp WARN "].iter().any(|start| line.starts_with(start))
        };
        let first = self.sentences.iter().find(|line| !line.is_empty() && !is_progress(line)).cloned();
        let message = match (package, &first) {
            (Some(package), _) => format!("{} failed", package.trim_end_matches('.')),
            (None, Some(first)) => first.trim_end_matches(" with error:").to_owned(),
            (None, None) if !shown.is_empty() => format!("`{shown}` failed"),
            (None, None) => return None,
        };
        let mut found = failure("npm", "script", Kind::Unknown, &message, Span::default());
        found.code = numbered(&code);
        if dependency.is_some() {
            found.kind = Kind::Dependency;
        } else {
            found.role = Role::Summary;
        }
        Some(found)
    }

    fn refusal(&mut self, corrupted: Option<String>) -> Option<Diagnostic> {
        let code = std::mem::take(&mut self.code);
        // A command that failed says less than the sentences about it.
        let is_command = |line: &&String| line.starts_with("git clone ");
        let is_told = self.sentences.iter().any(|line| !line.is_empty() && !is_command(&line));
        let sentences: Vec<&str> = self
            .sentences
            .iter()
            .filter(|line| !is_told || !is_command(line))
            .map(|line| without_label(line, &code))
            .skip_while(|line| line.is_empty())
            .collect();
        let lines = match code.as_str() {
            "ERESOLVE" => conflict(&sentences),
            "EUSAGE" => usage(&sentences),
            _ => reasons(&sentences),
        };
        // What follows a blank line after the error is boilerplate.
        if code.is_empty()
            && lines.first().is_some_and(|line| ADVICE.iter().any(|start| line.starts_with(start)))
        {
            return None;
        }
        let mut message = lines.join("\n");
        if let Some(package) = corrupted.filter(|_| code == "EINTEGRITY") {
            message.push('\n');
            message.push_str(&package);
        }
        if message.is_empty() || message.starts_with("A complete log") {
            return None;
        }
        let kind = kinds::of_code(&code).or_else(|| kinds::by_words(&message)).unwrap_or(Kind::Configuration);
        let error_type = match code.as_str() {
            "" if message.starts_with("Missing script") => "missing-script",
            "" => "npm-error",
            code => code,
        };
        let mut found = failure("npm", error_type, kind, &message, Span::default());
        if code.is_empty() && GENERIC.iter().any(|start| message.starts_with(start)) {
            found.role = Role::Summary;
            found.message.truncate(found.message.find('\n').unwrap_or(found.message.len()));
        }
        if code.is_empty() && message.starts_with("gyp ") {
            // The compiler's message is better than that of its caller.
            if let Some(cause) = self.cause.take() {
                found.message = cause;
                "node-gyp".clone_into(&mut found.tool);
                found.kind = Kind::Dependency;
            }
        }
        let package_file = self.path.as_deref().filter(|path| extension(path) == "json" && is_own(path));
        found.location = package_file.map(Location::file);
        found.code = Some(code).filter(|code| !code.is_empty());
        Some(found)
    }
}

/// An exit status is not a code to look up, but it is what npm printed.
fn numbered(code: &str) -> Option<String> {
    (!code.is_empty()).then(|| code.to_owned())
}
