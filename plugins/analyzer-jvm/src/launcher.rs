//! Fatal messages of the Java launcher, the virtual machine and their start scripts.
//!
//! ```text
//! Error: Could not find or load main class org.example.Main
//! Error: LinkageError occurred while loading main class org.example.Main
//!     java.lang.UnsupportedClassVersionError: org/example/Main has been compiled by a more recent version …
//! Error occurred during initialization of VM
//! Could not reserve enough space for 2097152KB object heap
//! # A fatal error has been detected by the Java Runtime Environment:
//! #  SIGSEGV (0xb) at pc=0x00007f0c, pid=7, tid=8
//! # Problematic frame:
//! # C  [libkettle.so+0x12]  boil+0x2
//! ```

use crate::{Record, Step, session::Session, text::Text, thrown::thrown};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity, Span,
    text::{Beginnings, Context},
};

/// How the message continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The line is complete.
    Line,
    /// A cause may follow.
    Cause,
    /// The message is on the next line.
    Next,
    /// Lines that begin with `#` follow.
    Report,
    /// Only says that something failed.
    Summary,
}

/// A message being read.
#[derive(Debug)]
pub(crate) struct Block {
    form: Form,
    error_type: String,
    message: String,
    kind: Kind,
    lines: usize,
    /// True if the last line was `# Problematic frame:`.
    frame: bool,
    context: Context,
    span: Span,
}

const MESSAGES: [(&str, Form, Kind); 29] = [
    ("Error: Could not find or load main class ", Form::Cause, Kind::Configuration),
    ("Error: Unable to access jarfile ", Form::Line, Kind::Configuration),
    ("Error: Main method ", Form::Line, Kind::Configuration),
    ("Error: LinkageError occurred while loading main class ", Form::Next, Kind::Configuration),
    ("Error: Unable to initialize main class ", Form::Cause, Kind::Configuration),
    ("Error: A JNI error has occurred", Form::Summary, Kind::Crash),
    ("Error: Could not create the Java Virtual Machine", Form::Summary, Kind::Configuration),
    ("Error: A fatal exception has occurred. Program will exit", Form::Summary, Kind::Configuration),
    ("no main manifest attribute, in ", Form::Line, Kind::Configuration),
    ("Unrecognized VM option '", Form::Line, Kind::Configuration),
    ("Unrecognized option: -", Form::Line, Kind::Configuration),
    ("Invalid maximum heap size: ", Form::Line, Kind::Configuration),
    ("Invalid initial heap size: ", Form::Line, Kind::Configuration),
    ("Invalid thread stack size: ", Form::Line, Kind::Configuration),
    ("Error occurred during initialization of ", Form::Next, Kind::Configuration),
    ("Error opening zip file or JAR manifest missing : ", Form::Line, Kind::Configuration),
    ("ERROR: JAVA_HOME is ", Form::Line, Kind::Configuration),
    ("Error: JAVA_HOME is ", Form::Line, Kind::Configuration),
    ("Error: JAVA_HOME not found", Form::Line, Kind::Configuration),
    ("The JAVA_HOME environment variable is not defined correctly", Form::Line, Kind::Configuration),
    ("JAVA_HOME is set to an invalid directory", Form::Line, Kind::Configuration),
    ("# A fatal error has been detected by the Java Runtime Environment", Form::Report, Kind::Crash),
    ("# There is insufficient memory for the Java Runtime Environment", Form::Report, Kind::Resource),
    ("Terminating due to java.lang.OutOfMemoryError", Form::Line, Kind::Resource),
    ("Exception: java.lang.OutOfMemoryError thrown from ", Form::Line, Kind::Resource),
    ("Exception: java.lang.StackOverflowError thrown from ", Form::Line, Kind::Crash),
    // A compiler that is older than the JDK cannot read its classes.
    ("bad constant pool index: ", Form::Line, Kind::Configuration),
    ("bad constant pool tag ", Form::Line, Kind::Configuration),
    ("Error: VM option '", Form::Line, Kind::Configuration),
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
        let (_, form, kind) = MESSAGES[STARTS.position(line)?];
        let message = match form {
            Form::Report => line.trim_start_matches(['#', ' ']).trim_end_matches([':', '.']),
            _ => line.strip_prefix("Error: ").or_else(|| line.strip_prefix("ERROR: ")).unwrap_or(line),
        };
        let mut context = Context::default();
        context.push(text.raw);
        Some(Self {
            form,
            error_type: "launcher".to_owned(),
            message: message.to_owned(),
            kind,
            lines: 0,
            frame: false,
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

    /// A line of the virtual machine's crash report.
    fn report(&mut self, text: &Text<'_>) -> Step {
        let Some(line) = text.words.strip_prefix('#') else { return Step::Over };
        let line = line.trim();
        // Another report.
        if line.starts_with("A fatal error has been") || line.starts_with("There is insufficient memory") {
            return Step::Over;
        }
        let tells = line.starts_with("SIG")
            || line.starts_with("EXCEPTION_")
            || line.starts_with("Internal Error")
            || line.starts_with("Native memory allocation")
            || line.starts_with("Out of Memory Error");
        if tells || self.frame {
            let line = line.split(", pid=").next().unwrap_or(line);
            self.message.push_str(if self.frame { " in " } else { ": " });
            self.message.push_str(line);
        }
        if tells {
            line.split([' ', '(']).next().unwrap_or_default().clone_into(&mut self.error_type);
        }
        self.frame = line.starts_with("Problematic frame:");
        if self.lines > 24 { Step::Over } else { self.take(text) }
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        match self.form {
            Form::Line | Form::Summary => Step::Over,
            Form::Report => self.report(text),
            Form::Cause => {
                let Some(cause) = text.words.strip_prefix("Caused by: ") else { return Step::Over };
                if let Some((name, _)) = thrown(cause, true) {
                    name.rsplit('.').next().unwrap_or_default().clone_into(&mut self.error_type);
                }
                self.take(text);
                Step::Last
            }
            Form::Next => {
                if text.is_blank() {
                    return Step::Over;
                }
                match thrown(text.words, false) {
                    Some((name, message)) => {
                        name.rsplit('.').next().unwrap_or_default().clone_into(&mut self.error_type);
                        if !message.is_empty() {
                            message.clone_into(&mut self.message);
                        }
                    }
                    None => {
                        self.message =
                            format!("{}: {}", self.message.trim_end_matches(['.', ':']), text.words);
                    }
                }
                if text.words.contains("reserve enough space") || text.words.contains("memory") {
                    self.kind = Kind::Resource;
                }
                self.take(text);
                Step::Last
            }
        }
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if block.kind == Kind::Resource && block.error_type == "launcher" {
            "OutOfMemoryError".clone_into(&mut block.error_type);
        }
        let found = Diagnostic {
            tool: "java".to_owned(),
            error_type: block.error_type,
            message: block.message,
            severity: if block.form == Form::Report { Severity::Fatal } else { Severity::Error },
            kind: block.kind,
            role: if block.form == Form::Summary { Role::Summary } else { Role::Root },
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}
