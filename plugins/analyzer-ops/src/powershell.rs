//! PowerShell errors, in the old and the new format.
//!
//! ```text
//! Get-Till : The term 'Get-Till' is not recognized as the name of a cmdlet, function, script file, or
//! operable program.
//! At D:\a\till\build.ps1:12 char:3
//! +   Get-Till
//! +   ~~~~~~~~
//!     + CategoryInfo          : ObjectNotFound: (Get-Till:String) [], CommandNotFoundException
//!     + FullyQualifiedErrorId : CommandNotFoundException
//!
//! Get-Till: D:\a\till\build.ps1:12
//! Line |
//!   12 |  Get-Till
//!      |  ~~~~~~~~
//!      | The term 'Get-Till' is not recognized as a name of a cmdlet, function, script file, or executable program.
//! ```

use crate::{
    kinds,
    sink::{Recogniser, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Span,
    text::{Context, Needle, leading_number, place_at_start},
};
use std::collections::VecDeque;

/// Maximum number of lines of a message before its location.
const BEFORE: usize = 6;
/// Maximum number of lines of one error.
const LINES: usize = 40;

/// Reads PowerShell's errors.
#[derive(Debug, Default)]
pub(crate) struct PowerShell {
    /// The last lines: in the old format the message precedes its location.
    last: VecDeque<(String, Span)>,
    open: Option<Error>,
}

#[derive(Debug)]
struct Error {
    is_new: bool,
    /// The new format starts with a name and a location; the line after it decides.
    is_sure: bool,
    name: String,
    message: String,
    location: Option<Location>,
    context: Context,
    span: Span,
}

impl Recogniser for PowerShell {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        if let Some(error) = &mut self.open {
            if error.line(line) {
                return;
            }
            self.close(sink);
        }
        self.open = self.old(line).or_else(|| new(line));
        if self.open.is_some() || line.text.is_empty() {
            self.last.clear();
        } else if line.text.len() < 1000 && (!self.last.is_empty() || is_head(line.text)) {
            if self.last.len() == BEFORE {
                self.last.pop_front();
            }
            self.last.push_back((line.text.to_owned(), line.span));
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        self.close(sink);
    }

    fn since(&self) -> Option<u64> {
        // A message may still turn out to belong to a location below it.
        self.open.as_ref().map(|error| error.span.start)
    }

    fn is_open(&self) -> bool {
        self.open.is_some() || !self.last.is_empty()
    }
}

impl PowerShell {
    /// `At D:\a\till\build.ps1:12 char:3`.
    fn old(&self, line: &Text<'_>) -> Option<Error> {
        static COLUMN: Needle = Needle::new(" char:");
        let rest = line.text.strip_prefix("At ")?;
        let at = COLUMN.find_among(line.characters, rest)?;
        let (column, _) = leading_number(&rest[at + COLUMN.text().len()..])?;
        let place = &rest[..at];
        let (path, number) = place.rsplit_once(':')?;
        let (number, _) = leading_number(number)?;
        let mut context = Context::default();
        let mut message = String::new();
        let mut span = line.span;
        for (text, of) in &self.last {
            // The line that names the command starts the message.
            if is_head(text) {
                message.clear();
                span = *of;
            }
            if !message.is_empty() {
                message.push(' ');
            }
            message.push_str(text);
            span = span.to(*of);
            context.push(text);
        }
        context.push(line.text);
        let message = match message.split_once(" : ") {
            Some((name, rest)) if !name.contains(' ') => rest.to_owned(),
            _ => message,
        };
        let own = path != "line" && !path.contains("\\_temp\\") && !path.contains("/_temp/");
        Some(Error {
            is_new: false,
            is_sure: true,
            name: String::new(),
            message,
            location: own.then(|| Location::at(path, number, Some(column))),
            context,
            span: span.to(line.span),
        })
    }

    fn close(&mut self, sink: &mut Sink) {
        if let Some(diagnostic) = self.open.take().and_then(Error::finish) {
            sink.block(diagnostic);
        }
    }
}

/// `Get-Till : message`.
pub(crate) fn is_head(text: &str) -> bool {
    let end = text.bytes().take(80).position(|byte| byte == b' ');
    end.is_some_and(|end| end > 0 && text[end..].starts_with(" : "))
}

/// Returns true if a location in a script may start here.
pub(crate) fn is_place(rest: &str) -> bool {
    static SIGNS: [Needle; 2] = [Needle::new(".ps1:"), Needle::new(".psm1:")];
    SIGNS.iter().any(|sign| sign.is_in(rest))
}

/// `Get-Till: D:\a\till\build.ps1:12`, `ParserError: D:\a\till\build.ps1:12`.
fn new(line: &Text<'_>) -> Option<Error> {
    let (name, rest) = line.head?;
    if name.is_empty() || name.contains(' ') || name.len() > 100 || !is_place(rest) {
        return None;
    }
    let place = place_at_start(rest).filter(|place| place.rest.is_empty())?;
    let own = !place.path.contains("\\_temp\\") && !place.path.contains("/_temp/");
    let mut context = Context::default();
    context.push(line.text);
    Some(Error {
        is_new: true,
        is_sure: false,
        name: name.to_owned(),
        message: String::new(),
        location: own.then(|| place.location()),
        context,
        span: line.span,
    })
}

impl Error {
    fn line(&mut self, line: &Text<'_>) -> bool {
        if self.context.lines() >= LINES {
            return false;
        }
        let taken = if self.is_new { self.newer(line.line.trim()) } else { self.older(line.text) };
        if taken {
            self.context.push(line.line);
            self.span = self.span.to(line.span);
        }
        taken
    }

    fn newer(&mut self, text: &str) -> bool {
        if !self.is_sure {
            self.is_sure = text == "Line |";
            return self.is_sure;
        }
        // `  12 |  source`, `     |  ~~~`, `     | message`.
        let margin = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let numbered = margin.len() < text.len();
        let Some(rest) = margin.trim_start().strip_prefix('|') else { return false };
        let rest = rest.trim();
        if numbered {
            return true;
        }
        if !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'~' | b' ')) {
            return true;
        }
        if !rest.is_empty() && self.message.len() < 4000 {
            if !self.message.is_empty() {
                self.message.push(' ');
            }
            self.message.push_str(rest);
        }
        true
    }

    fn older(&mut self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix('+') else { return false };
        let rest = rest.trim();
        if let Some(name) = rest.strip_prefix("FullyQualifiedErrorId") {
            let name = name.trim_start_matches([' ', ':']);
            name.split(',').next().unwrap_or_default().clone_into(&mut self.name);
        }
        true
    }

    fn finish(mut self) -> Option<Diagnostic> {
        let message = self.message.trim();
        if !self.is_sure || message.is_empty() {
            return None;
        }
        let missing = message.contains("is not recognized as");
        let error_type = match self.name.as_str() {
            _ if missing => "command-not-found",
            "" => "error",
            name => name,
        };
        let kind = if error_type.contains("Parser") {
            Kind::Compile
        } else {
            kinds::of(message, Kind::Configuration)
        };
        // The first line that a program wrote to its second stream, which need not be an error.
        let role = if error_type == "NativeCommandError" { Role::Summary } else { Role::Root };
        Some(Diagnostic {
            location: self.location,
            role,
            ..found("powershell", error_type, kind, message, &self.context.take(), self.span)
        })
    }
}
