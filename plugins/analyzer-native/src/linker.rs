//! Linkers of the GNU and LLVM families: `ld`, gold, lld, mold, `wasm-ld`, the kernel's modpost.
//!
//! ```text
//! /usr/bin/ld: pot.o: in function `main':
//! pot.c:(.text+0x5): undefined reference to `boil'
//! ld.lld: error: undefined symbol: boil()
//! >>> referenced by pot.cpp:7 (src/pot.cpp:7)
//! >>>               pot.o:(main)
//! ```

mod translated;

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, Needle, extension, leading_number, place_at_start},
};

/// Maximum number of lines kept below an error.
const LINES: usize = 12;

/// Linkers' error messages, with a category.
static SIGNS: [Needle; 6] = [
    Needle::new("undefined reference to "),
    Needle::new("multiple definition of "),
    Needle::new("undefined symbol: "),
    Needle::new("duplicate symbol: "),
    Needle::new("unresolved symbol "),
    Needle::new("\" undefined!"),
];
static FUNCTION: Needle = Needle::new("n function ");
static COLON: Needle = Needle::new(": ");

/// Reads the output of linkers.
#[derive(Debug, Default)]
pub(crate) struct Linker {
    /// The line that names the object and function for the following lines, with its span.
    function: Option<(String, String, Span)>,
    open: Option<Block>,
}

/// An error whose details follow.
#[derive(Debug)]
struct Block {
    found: Diagnostic,
    context: Context,
    /// True for lld and mold, whose details begin with `>>> `.
    arrows: bool,
}

impl Linker {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some(block) = &mut self.open {
            if block.goes_on(view) {
                return;
            }
            self.finish(inbox);
        }
        if !view.characters.may_contain(&COLON) && text.is_ascii() || text.len() > 16_000 {
            return;
        }
        if self.names_function(view) {
            return;
        }
        let symbol = reference(view);
        let translated = if symbol.is_none() { in_translation(view) } else { None };
        let is_translated = translated.is_some();
        let symbol = symbol.or(translated);
        let is_of_function = symbol.is_some();
        let Some(mut found) = symbol.or_else(|| program(text)).or_else(|| modpost(text)) else {
            self.function = None;
            return;
        };
        found.span = view.span;
        let mut context = Context::default();
        if let Some((line, object, span)) = &self.function
            && is_of_function
        {
            context.push(line);
            if span.end <= view.span.start && view.span.start - span.end < 3 {
                found.span = span.to(view.span);
            }
            // `_start` in `crt1.o` means that `main` is missing, in no file of the user's.
            if found.location.is_none() && !names::is_system(object) {
                found.location = Some(Location::file(object));
            }
        }
        context.push(text);
        let is_whole = is_translated
            || text.contains("undefined reference to ") && !text.contains("undefined reference to symbol ");
        let arrows = !is_whole;
        self.open = Some(Block { found, context, arrows });
        if !arrows {
            self.finish(inbox);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        let Some(mut block) = self.open.take() else { return };
        block.found.context = block.context.take();
        inbox.push(block.found);
    }

    /// `/usr/bin/ld: pot.o: in function `main':`, `pot.o: In function `main':`.
    fn names_function(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        let translated;
        let before = if let Some(at) = FUNCTION.find_among(view.characters, text) {
            if !text.ends_with(':') {
                return false;
            }
            text[..at].trim_end_matches(['i', 'I']).trim_end().trim_end_matches(':')
        } else if let Some(object) = translated::object_of_function(view.characters, text) {
            translated = object;
            &translated
        } else {
            return false;
        };
        let object = match names::program_line(before) {
            Some((program, rest)) if is_linker(program) => rest,
            _ => before,
        };
        let is_object =
            is_object(object) || object.contains(".so") || matches!(extension(object), "a" | "lib" | "dll");
        if is_object {
            let object = object.split(['(', ':']).next().unwrap_or(object);
            self.function = Some((text.to_owned(), object.to_owned(), view.span));
        }
        is_object
    }
}

impl Block {
    fn goes_on(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        let mine = self.arrows
            && (text.starts_with(">>> ")
                || (text.contains("first defined here")
                    || text.contains("error adding symbols: DSO missing")))
            && self.context.lines() < LINES;
        if !mine {
            return false;
        }
        if self.found.location.is_none()
            || self.found.location.as_ref().is_some_and(|place| place.start.is_none())
        {
            self.found.location = referenced(text).or_else(|| self.found.location.take());
        }
        self.context.push(text);
        self.found.span = self.found.span.to(view.span);
        true
    }
}

/// The source in lld's `>>> referenced by pot.cpp:7 (src/pot.cpp:7)`, `>>> defined at …`.
fn referenced(text: &str) -> Option<Location> {
    let rest = text.strip_prefix(">>> ")?;
    let rest =
        ["referenced by ", "defined at ", "defined in "].iter().find_map(|start| rest.strip_prefix(start))?;
    let whole = rest.split_once(" (").and_then(|(_, inner)| place_at_start(inner.trim_end_matches(')')));
    whole.or_else(|| place_at_start(rest)).map(|place| place.location())
}

/// Returns true if a program is a linker.
fn is_linker(program: &str) -> bool {
    matches!(
        program,
        "ld" | "ld.bfd"
            | "ld.gold"
            | "gold"
            | "ld.lld"
            | "ld64.lld"
            | "lld"
            | "rust-lld"
            | "lld-link"
            | "wasm-ld"
            | "mold"
            | "ld.mold"
            | "ld64"
    )
}

/// `pot.o`, `pot.obj`, `liblid.a(pot.o)`.
fn is_object(name: &str) -> bool {
    matches!(extension(name), "o" | "obj") || name.ends_with(')')
}

/// The linker's common name.
fn tool(program: &str) -> &'static str {
    match program {
        "ld.lld" | "ld64.lld" | "lld" | "rust-lld" | "lld-link" | "wasm-ld" => "lld",
        "mold" | "ld.mold" => "mold",
        _ => "ld",
    }
}

/// A line that names a symbol, whatever precedes it: program, `error:`, object, section, source.
fn reference(view: &View<'_>) -> Option<Diagnostic> {
    let at = SIGNS[..4].iter().filter_map(|sign| sign.find_among(view.characters, view.text)).min()?;
    let (before, message) = view.text.split_at(at);
    // In prose, the sign follows a word; in a linker's line, it is at the start or after a colon.
    if !(before.is_empty() || before.trim_end().ends_with(':'))
        || before.contains(" warning:")
        || before.contains("lookup error")
    {
        return None;
    }
    let (linker, object) = match names::program_line(before) {
        Some((program, rest)) if is_linker(program) => (Some(program), rest),
        _ => (None, before),
    };
    let (object, is_error) = match object.split_once("error: ") {
        // GNU ld prints no such word, gold and LLVM's linkers do.
        Some((start, rest)) => (if rest.trim().is_empty() { start } else { rest }, true),
        None => (object, false),
    };
    // `undefined symbol: x` alone is printed by dynamic loaders, and by Python.
    let is_gnu = message.starts_with("undefined reference") || message.starts_with("multiple definition");
    if linker.is_none() && !is_gnu && !is_error {
        return None;
    }
    Some(Diagnostic {
        tool: linker.map_or("ld", tool).to_owned(),
        error_type: "link".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: Kind::Compile,
        location: place_of(object.trim().trim_end_matches(':')),
        ..Diagnostic::default()
    })
}

/// A line that names a symbol in another language than English.
fn in_translation(view: &View<'_>) -> Option<Diagnostic> {
    let (before, message) = translated::symbol(view.characters, view.text)?;
    let (linker, object) = match names::program_line(&before) {
        Some((program, rest)) if is_linker(program) => (Some(program), rest),
        _ => (None, before.as_str()),
    };
    let linker = linker.or_else(|| Some(names::program(object)).filter(|name| is_linker(name)));
    let is_of_linker = linker.is_some() || object.contains("(.") || is_object(object);
    is_of_linker.then(|| Diagnostic {
        tool: linker.map_or("ld", tool).to_owned(),
        error_type: "link".to_owned(),
        message,
        severity: Severity::Error,
        kind: Kind::Compile,
        location: place_of(object),
        ..Diagnostic::default()
    })
}

/// `pot.c:(.text+0x5)`, `pot.o:pot.c:(.text+0x5)`, `/src/pot.c:7`, `pot.o`.
fn place_of(object: &str) -> Option<Location> {
    if object.is_empty() {
        return None;
    }
    if let Some(place) = place_at_start(object) {
        return Some(place.location());
    }
    // gold: `pot.cc:function main`.
    let object = object.split(":function ").next().unwrap_or(object);
    let object = object.split(":(").next().unwrap_or(object);
    // `pot.o:pot.c` names both, `C:/pot.o` one.
    let name = match object.rsplit_once(':') {
        Some((before, name)) if before.len() > 1 => match place_at_start(object) {
            Some(place) => place.path,
            None => name,
        },
        _ => object,
    };
    if let Some((path, line)) = name.rsplit_once(':')
        && let Some((line, "")) = leading_number(line)
    {
        return Some(Location::at(path, line, None));
    }
    let name = name.split('(').next().unwrap_or(name).trim();
    let good = name.contains('.') && !name.contains(' ') && !names::is_system(name);
    good.then(|| Location::file(name))
}

/// `LINKER: [error: ]MESSAGE` of any other kind.
fn program(text: &str) -> Option<Diagnostic> {
    const NOT_ERRORS: [&str; 12] = [
        "warning",
        "note:",
        "supported targets",
        "supported emulations",
        "emulation specific",
        "mode ",
        "total time",
        "data size",
        "remark:",
        "skipping incompatible",
        "GNU ld",
        "using ",
    ];
    const FOLLOWS: [&str; 8] = [
        "symbol(s) not found",
        "final link failed: bad value",
        "final link failed: nonrepresentable section",
        "failed to set dynamic section sizes",
        "too many errors emitted",
        "link errors found",
        "Not enough room for program headers",
        "failed to convert GOTPCREL",
    ];
    let (program, rest) = names::program_line(text)?;
    if !is_linker(program) {
        return None;
    }
    let message = ["error: ", "fatal error: ", "fatal: "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest)
        .trim();
    if message.len() < 4
        || NOT_ERRORS.iter().chain(&translated::WARNINGS).any(|start| rest.starts_with(start))
        || rest.contains(": warning: ")
    {
        return None;
    }
    let lower_start = message.to_ascii_lowercase();
    let follows = FOLLOWS.iter().any(|start| lower_start.starts_with(&start.to_ascii_lowercase()))
        || message.contains("duplicate symbol for architecture")
        || message.contains("duplicate symbols for architecture")
        || message.contains("ld returned 1 exit status")
        // The region's overflow gives the amount; vendors' scripts use their own words.
        || message.contains("' will not fit in region `")
        || message.ends_with(" segment data does not fit.");
    let full = message.contains("No space left on device")
        || message.contains("memory exhausted")
        || message.contains("Cannot allocate memory");
    // `pot.o: relocation … can not be used`: the object is the location.
    let location = message.split_once(": ").and_then(|(object, _)| {
        (is_object(object) || object.contains(":(")).then(|| place_of(object)).flatten()
    });
    Some(Diagnostic {
        tool: tool(program).to_owned(),
        error_type: "link".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: if full { Kind::Resource } else { Kind::Compile },
        role: if follows { Role::Consequence } else { Role::Root },
        location,
        ..Diagnostic::default()
    })
}

/// The kernel's `ERROR: modpost: "boil" [drivers/pot.ko] undefined!`.
fn modpost(text: &str) -> Option<Diagnostic> {
    let rest = text.strip_prefix("ERROR: ")?;
    let message = rest.strip_prefix("modpost: ").or_else(|| rest.ends_with("undefined!").then_some(rest))?;
    Some(Diagnostic {
        tool: "modpost".to_owned(),
        error_type: "link".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: Kind::Compile,
        ..Diagnostic::default()
    })
}
