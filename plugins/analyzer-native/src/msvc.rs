//! Microsoft's compiler, linker and related tools: errors whose code has letters and four digits.
//!
//! ```text
//! C:\src\pot.cpp(14,9): error C2065: 'watr': undeclared identifier [C:\b\pot.vcxproj]
//! pot.obj : error LNK2019: unresolved external symbol boil referenced in function main
//! LINK : fatal error LNK1104: cannot open file 'lid.lib'
//! cl : Command line error D8021 : invalid numeric argument '/Wx'
//! ```

use crate::{codes, inbox::Inbox, names, view::View, words::Class};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity,
    text::{Context, looks_like_path, place_in_parentheses, trailing_group},
};

/// Maximum number of notes kept with an error.
const LINES: usize = 24;

/// Reads the output of Microsoft's tools.
#[derive(Debug, Default)]
pub(crate) struct Msvc {
    open: Option<(Diagnostic, Context)>,
    /// True after `C2220`: the next warning is the error.
    raised: bool,
}

impl Msvc {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let wanted = view.word.is_some_and(|word| matches!(word.class, Class::Code | Class::Message(_)));
        let found = if wanted { read(view.text) } else { None };
        if let Some(mut found) = found {
            self.finish(inbox);
            match found.code.as_deref() {
                Some("C2220") => {
                    self.raised = true;
                    found.role = Role::Summary;
                }
                Some(code) if code.starts_with('C') && self.raised && found.severity == Severity::Warning => {
                    self.raised = false;
                    found.severity = Severity::Error;
                }
                _ => {}
            }
            found.span = view.span;
            let mut context = Context::default();
            context.push(view.text);
            self.open = Some((found, context));
            return;
        }
        let Some((open, context)) = &mut self.open else { return };
        // Compilers with EDG's front end show the source below.
        let is_source = open.tool != "msvc" && view.indent > 0 && !view.is_blank() && context.lines() < 4;
        if (is_source || is_note(view.text)) && context.lines() < LINES {
            context.push(view.text);
            open.span = open.span.to(view.span);
        } else {
            self.finish(inbox);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        let Some((mut found, mut context)) = self.open.take() else { return };
        found.context = context.take();
        inbox.push(found);
    }
}

/// `path(3): note: see declaration of 'x'`, `path(3): message : …`.
fn is_note(text: &str) -> bool {
    place_in_parentheses(text).is_some_and(|place| {
        let rest = place.rest.trim_start_matches([':', ' ']);
        rest.starts_with("note:") || rest.starts_with("message :") || rest.starts_with("message:")
    })
}

/// A line with a location or a program, a severity and a code.
fn read(text: &str) -> Option<Diagnostic> {
    let (subject, rest, location) = match place_in_parentheses(text) {
        // `lid.lib(lid.obj)` has no line.
        Some(place) => (place.path, place.rest.trim_start_matches([':', ' ']), Some(place.location())),
        None => {
            let (subject, rest) = text.split_once(" : ").or_else(|| text.split_once(": "))?;
            // At most two words: `LINK`, `NMAKE`, `cl`, a path.
            if subject.len() > 500 {
                return None;
            }
            (
                subject,
                rest,
                Some(Location::file(subject)).filter(|_| looks_like_path(subject) && !is_program(subject)),
            )
        }
    };
    let (severity, rest) = severity(rest)?;
    let (code, message) = match rest.split_once(':') {
        Some((code, message)) if !code.trim().is_empty() => (code.trim(), message),
        _ => ("", rest.trim_start_matches([' ', ':'])),
    };
    let location = location.filter(|place| !names::is_probe(&place.path));
    let code = if is_ours(code) {
        Some(code)
    } else if let Some(number) = code.strip_prefix('#').filter(|_| location.is_some() && is_edg(code)) {
        Some(number)
    } else if code.is_empty()
        && location
            .as_ref()
            .is_some_and(|place| place.start.is_some() && names::is_native_source(&place.path))
    {
        // Clang in Visual Studio: `pot.cpp(3,1): error : message`.
        None
    } else {
        return None;
    };
    let message = match trailing_group(message.trim(), '[', ']') {
        Some((message, project)) if project.ends_with("proj") || project.ends_with("proj.metaproj") => {
            message
        }
        _ => message.trim(),
    };
    // Clang in Visual Studio prints its options.
    let (message, option) = match code {
        None => codes::split_codes(message),
        Some(_) => (message, None),
    };
    let option = option.and_then(codes::code);
    if message.is_empty() {
        return None;
    }
    let tool = match subject.rsplit('.').next() {
        Some("cu" | "cuh") => "nvcc",
        _ if names::is_fortran(subject) => "ifort",
        _ if code.is_some_and(|code| code.ends_with("-D")) => "nvcc",
        _ if code.is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit())) => "icc",
        _ => "msvc",
    };
    let is_link = code.is_some_and(|code| code.starts_with("LNK"));
    let role = match code {
        Some("LNK1120" | "U1077" | "LNK1169" | "MSB6006") => Role::Consequence,
        _ => Role::Root,
    };
    let full = message.contains("out of heap space")
        || message.contains("not enough memory")
        || message.contains("No space left");
    Some(Diagnostic {
        tool: tool.to_owned(),
        error_type: code.or(option.as_deref()).unwrap_or(if is_link { "link" } else { "compile" }).to_owned(),
        code: code.map(str::to_owned).or(option),
        message: message.to_owned(),
        severity,
        kind: if full { Kind::Resource } else { Kind::Compile },
        role,
        location,
        ..Diagnostic::default()
    })
}

/// The name of a linker or driver in the position of a file.
fn is_program(subject: &str) -> bool {
    matches!(
        subject.to_ascii_lowercase().as_str(),
        "link"
            | "lib"
            | "cl"
            | "nmake"
            | "rc"
            | "c1"
            | "c1xx"
            | "cvtres"
            | "midl"
            | "ml64"
            | "masm"
            | "mt.exe"
            | "link.exe"
            | "cl.exe"
    )
}

/// `fatal error `, `error `, `Command line error `, `warning ` and what follows.
fn severity(rest: &str) -> Option<(Severity, &str)> {
    for (word, severity) in [
        ("fatal error", Severity::Error),
        ("error", Severity::Error),
        ("Command line error", Severity::Error),
        ("command line error", Severity::Error),
        ("general error", Severity::Error),
        ("Command line warning", Severity::Warning),
        ("command line warning", Severity::Warning),
        ("warning", Severity::Warning),
    ] {
        if let Some(rest) = rest.strip_prefix(word) {
            return rest.starts_with([' ', ':']).then(|| (severity, rest.trim_start_matches(' ')));
        }
    }
    None
}

/// `#177-D`, `#6404`: message numbers of EDG's front end and Intel's compilers.
fn is_edg(code: &str) -> bool {
    let number = code.trim_start_matches('#').trim_end_matches("-D");
    (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// `C2065`, `LNK2019`, `D8021`, `RC2135`, `U1077`, `A2008`, `CVT1107`, `MIDL2009`. The codes of
/// MSBuild and .NET belong to another analyzer.
fn is_ours(code: &str) -> bool {
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = &code[letters..];
    matches!(&code[..letters], "C" | "LNK" | "D" | "RC" | "RW" | "U" | "A" | "CVT" | "MIDL" | "BK" | "PRJ")
        && digits.len() == 4
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        || code.starts_with('c') && code.len() >= 8 && code[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}
