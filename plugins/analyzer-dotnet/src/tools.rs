//! Paket, and the former `dotnet` command line, which ran the compiler as a program of its own.
//!
//! ```text
//! Paket failed with
//! -> Could not resolve package Kettle:
//!    no version fits
//! Something went wrong while downloading Kettle 0.1.3
//! Message: The archive has no end.
//! /usr/share/dotnet/dotnet compile-csc @/home/anna/pot/obj/dotnet-compile.rsp returned Exit Code 1
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Span,
    text::{Beginnings, Context, Needle},
};

/// Maximum number of lines of a message.
const LINES: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The reason is below the line.
    Failed,
    /// The reason is on the next line.
    Download,
    /// The line is complete.
    Status,
}

/// A message being read.
#[derive(Debug)]
pub(crate) struct Block {
    form: Form,
    said: Vec<String>,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static STARTS: Beginnings =
            Beginnings::new(&["Paket failed with", "Something went wrong while downloading "]);
        static STATUS: Needle = Needle::new(" returned Exit Code ");
        let line = text.words;
        let form = match STARTS.position(line) {
            Some(0) => Form::Failed,
            Some(_) => Form::Download,
            None => {
                let (command, _) = STATUS.split_among(text.characters, line)?;
                let program = command.split(' ').next().unwrap_or_default();
                let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
                matches!(name, "dotnet" | "dotnet.exe").then_some(Form::Status)?
            }
        };
        let mut context = Context::default();
        context.push(text.raw);
        let said = if form == Form::Failed { Vec::new() } else { vec![line.to_owned()] };
        Some(Self { form, said, lines: 0, context, span: text.span })
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        let line = text.words;
        let belongs = match self.form {
            Form::Failed => {
                self.lines < LINES
                    && !text.is_blank()
                    && (self.said.is_empty() || text.indent > 0 || line.starts_with("->"))
            }
            Form::Download => self.said.len() == 1 && line.starts_with("Message: "),
            Form::Status => false,
        };
        if !belongs {
            return Step::Over;
        }
        self.said.push(line.trim_start_matches("->").trim_start().to_owned());
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        // Other programs say so, too, but not whose message it was.
        let is_incomplete = block.form == Form::Download && block.said.len() < 2;
        if block.said.is_empty() || is_incomplete {
            return;
        }
        let (tool, error_type, kind) = match block.form {
            Form::Failed => ("paket", "paket", Kind::Dependency),
            Form::Download => ("paket", "download", Kind::Network),
            Form::Status => ("dotnet", "command", Kind::Compile),
        };
        let found = Diagnostic {
            tool: tool.to_owned(),
            error_type: error_type.to_owned(),
            message: block.said.join("\n"),
            kind,
            // Paket tries a download again; the status says less than the compiler.
            confidence: if block.form == Form::Failed { Confidence::Certain } else { Confidence::Likely },
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report(found, out);
    }
}
