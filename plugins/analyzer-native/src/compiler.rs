//! GCC, Clang and compilers with the same format: a location, a severity, a message, and around it the
//! including files, the function, the source, notes.
//!
//! ```text
//! In file included from pot.c:3:
//! lid.h: In function 'boil':
//! lid.h:7:3: error: 'watr' undeclared (first use in this function) [-Werror=x]
//!     7 |   watr++;
//!       |   ^~~~
//! lid.h:2:5: note: …
//! ```

use crate::{
    codes::{code, leading_code, split_codes},
    inbox::Inbox,
    names,
    view::View,
    words::{Class, Word},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Context, Needle, Place, place_at_start, trim_start},
};

/// Maximum number of lines kept below a diagnostic: template backtraces are long.
const LINES: usize = 60;
/// Maximum number of lines kept before a diagnostic.
const PREFACE: usize = 30;

/// Lines that end a diagnostic at once: build tools continue, or stop.
static ENDS: Beginnings = Beginnings::new(&["make", "gmake", "ninja: ", "FAILED: ", "[", "collect2: "]);
static REQUIRED: Needle = Needle::new("required from ");
static GENERATED: Needle = Needle::new(" generated.");

/// Reads the output of C compilers.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    preface: Preface,
    open: Option<Block>,
    /// True if Clang was recognised, so that lines that both could print are Clang's.
    is_clang: bool,
}

/// The text before a diagnostic.
#[derive(Debug, Default)]
struct Preface {
    context: Context,
    span: Option<Span>,
    /// The user's location from which a template was instantiated.
    own: Option<Location>,
    /// The user's file that included the others.
    includer: Option<Location>,
    /// True if the text belongs to a diagnostic's notes, not to the next diagnostic.
    for_notes: bool,
}

/// A diagnostic being read.
#[derive(Debug)]
struct Block {
    found: Diagnostic,
    context: Context,
    own: Option<Location>,
    includer: Option<Location>,
    /// A possible line of source, if carets follow.
    source: Option<(String, Span)>,
    certain_tool: bool,
}

impl Compiler {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        if view.is_blank() {
            self.close(inbox);
            self.preface = Preface::default();
            return;
        }
        if self.note(view) || self.headline(view, inbox) || self.before(view) || self.below(view) {
            return;
        }
        self.see_program(view, inbox);
        self.close(inbox);
        self.preface = Preface::default();
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.close(inbox);
        self.preface = Preface::default();
    }

    fn close(&mut self, inbox: &mut Inbox) {
        let Some(mut block) = self.open.take() else { return };
        let path = block.found.location.as_ref().map(|place| place.path.as_str()).unwrap_or_default();
        let is_package = names::is_package(path);
        if is_package || names::is_system(path) {
            let own = block.own.take().or(block.includer.take().filter(|_| is_package));
            block.found.location = own.or(block.found.location.take().filter(|_| !is_package));
        }
        if !block.certain_tool && self.is_clang {
            "clang".clone_into(&mut block.found.tool);
        }
        block.found.context = block.context.take();
        inbox.push(block.found);
    }

    /// `path:3:7: error: message`.
    fn headline(&mut self, view: &View<'_>, inbox: &mut Inbox) -> bool {
        let text = view.text;
        let Some(word @ Word { class: Class::Message(severity) | Class::Capital(severity), .. }) = view.word
        else {
            return false;
        };
        let (at, before, message) = (word.at, &text[..word.at], text[word.end..].trim());
        let start = if text.starts_with("clang-tidy") {
            // It prints its own command on the same line.
            before.rfind(' ').map_or(0, |blank| blank + 1)
        } else {
            0
        };
        let Some(place) = place_before(&text[start..=at], &before[start..]) else { return false };
        if names::is_probe(place.path) || message.is_empty() {
            self.close(inbox);
            return true;
        }
        // gfortran prints it below the source, which another recogniser reads.
        if matches!(word.class, Class::Capital(_)) && names::is_fortran(place.path) {
            return false;
        }
        self.close(inbox);
        let (number, message) = leading_code(message);
        let (message, codes) = split_codes(message);
        let located = place.location();
        // Limits of the compiler say nothing about the code.
        let role = if message.starts_with("too many errors emitted") { Role::Summary } else { Role::Root };
        let (tool, certain_tool) = tool(place.path, message, codes);
        let code = number.map(str::to_owned).or_else(|| codes.and_then(code));
        let mut context = Context::default();
        let preface = std::mem::take(&mut self.preface);
        let mut span = view.span;
        if let Some(before) = preface.span
            && !preface.for_notes
        {
            for line in preface.context.as_str().lines() {
                context.push(line);
            }
            span = before.to(span);
        }
        context.push(text);
        let kind = match tool {
            "clang-tidy" | "cppcheck" | "clang-format" | "cpplint" => Kind::Lint,
            _ => Kind::Compile,
        };
        self.open = Some(Block {
            found: Diagnostic {
                tool: tool.to_owned(),
                error_type: code.clone().unwrap_or_else(|| category(severity).to_owned()),
                code,
                message: if severity == Severity::Fatal {
                    format!("internal compiler error: {message}")
                } else {
                    message.to_owned()
                },
                severity,
                kind,
                role,
                location: Some(located),
                span,
                ..Diagnostic::default()
            },
            context,
            own: preface.own,
            includer: preface.includer,
            source: None,
            certain_tool,
        });
        true
    }

    /// `path:3:7: note: message` belongs to the previous diagnostic.
    fn note(&mut self, view: &View<'_>) -> bool {
        let Some(Word { at, class: Class::Note, .. }) = view.word.filter(|_| self.open.is_some()) else {
            return false;
        };
        let Some(place) = place_before(&view.text[..=at], &view.text[..at]) else { return false };
        let preface = std::mem::take(&mut self.preface);
        let Some(block) = &mut self.open else { return false };
        for line in preface.context.as_str().lines() {
            block.context.push(line);
        }
        let requested = view.text.ends_with(" requested here") || REQUIRED.is_in(&view.text[at..]);
        if requested && block.own.is_none() && !names::is_system(place.path) {
            block.own = Some(place.location());
        }
        // Only Clang uses these words.
        self.is_clang |= view.text.ends_with(" requested here");
        block.take(view)
    }

    /// Including files and the enclosing function, printed before a diagnostic or before its note.
    fn before(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        let is_include = text.starts_with("In file included from ")
            || text.starts_with("In module ")
            || text.starts_with("from ") && text.ends_with([':', ',']);
        let is_context = is_include
            || text.ends_with(':')
                && (text.contains(": In ")
                    || text.contains(": in ")
                    || text.ends_with(": At top level:")
                    || text.ends_with(": At global scope:")
                    || text.ends_with("Assembler messages:"));
        let from = REQUIRED.find_among(view.characters, text);
        if !is_context && from.is_none() || self.preface.context.lines() >= PREFACE {
            return false;
        }
        if from.is_some()
            && let Some(place) = place_at_start(text)
            && !names::is_system(place.path)
        {
            // The last one is the user's code that started it.
            self.preface.own = Some(place.location());
        }
        let includer = text.strip_prefix("In file included ").unwrap_or(text).strip_prefix("from ");
        if let Some(place) = includer.filter(|_| is_include).and_then(place_at_start)
            && !names::is_system(place.path)
            && !names::is_package(place.path)
        {
            self.preface.includer.get_or_insert_with(|| place.location());
        }
        self.preface.for_notes = self.open.is_some() && is_include;
        self.preface.context.push(text);
        self.preface.span = Some(self.preface.span.map_or(view.span, |span| span.to(view.span)));
        true
    }

    /// Source, carets and other lines below a diagnostic.
    fn below(&mut self, view: &View<'_>) -> bool {
        let Some(block) = &mut self.open else { return false };
        let text = view.text;
        if is_margin(text) || text == "compilation terminated." {
            return block.take(view);
        }
        if is_carets(text) {
            if let Some((source, span)) = block.source.take() {
                block.context.push(&source);
                block.found.span = block.found.span.to(span);
            }
            return block.take(view);
        }
        // One line of source without a margin, if carets follow.
        let goes_on = block.source.is_none() && block.context.lines() < LINES;
        if goes_on {
            block.source = Some((view.raw.trim_end().to_owned(), view.span));
        }
        // The line may belong to another recogniser, which then reads it too.
        goes_on && view.word.is_none() && !ENDS.begin(text) && !GENERATED.is_in(text)
    }

    /// Distinguishes GCC from Clang by mentions of the compiler, and reads the lines that count errors.
    fn see_program(&mut self, view: &View<'_>, _inbox: &mut Inbox) {
        static CLANG: Needle = Needle::new("lang");
        static GNU: Needle = Needle::new(" GNU ");
        let text = view.text;
        if text.starts_with(|c: char| c.is_ascii_digit())
            && GENERATED.find_among(view.characters, text).is_some()
            && (text.contains(" error") || text.contains(" warning"))
        {
            self.is_clang = true;
        } else if CLANG.find_among(view.characters, text).is_some() {
            let identified = text.contains("compiler identification is") && text.contains("Clang");
            let ran =
                ["clang ", "clang++ ", "/clang ", "/clang++ "].iter().any(|name| text.starts_with(name))
                    || text.contains("/clang ")
                    || text.contains("/clang++ ")
                    || text.starts_with("clang: ")
                    || text.starts_with("clang++: ");
            self.is_clang |= identified || ran;
        } else if GNU.find_among(view.characters, text).is_some()
            && text.contains("compiler identification is")
        {
            self.is_clang = false;
        }
    }
}

impl Block {
    fn take(&mut self, view: &View<'_>) -> bool {
        self.source = None;
        if self.context.lines() < LINES {
            self.context.push(view.body());
        }
        self.found.span = self.found.span.to(view.span);
        true
    }
}

/// The location before `: error:`. `text` ends with the colon.
fn place_before<'a>(text: &'a str, before: &'a str) -> Option<Place<'a>> {
    let start = trim_start(text);
    // Linkers and make print the program first.
    let Some(mut place) = place_at_start(start) else {
        // `<command-line>: error: x`, `lid.h: error: x`.
        let name = before.trim();
        let good = names::is_native_source(name) && !name.contains(' ');
        return good.then_some(Place { path: name, line: 0, column: None, end: None, rest: "" });
    };
    let mut rest = place.rest;
    // Clang prints ranges in braces.
    while let Some((range, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        if !range.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'-')) {
            return None;
        }
        rest = after;
    }
    let good = matches!(rest.trim(), "" | ":") && names::is_native_source(place.path);
    place.rest = "";
    good.then_some(place)
}

/// True for source or a suggestion with a margin: `   14 | x`, `      |  ^~~`, `  +++ |+#include <x>`.
fn is_margin(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '.').trim_start();
    rest.starts_with('|')
}

/// Returns true if a line contains only marks below source.
fn is_carets(text: &str) -> bool {
    text.contains(['^', '~'])
        && text
            .bytes()
            .all(|byte| matches!(byte, b'^' | b'~' | b'-' | b'|' | b' ' | b'\t' | b'.' | b'_' | b'+'))
}

/// The tool that prints such a message, and whether that is certain.
fn tool(path: &str, message: &str, codes: Option<&str>) -> (&'static str, bool) {
    if let Some(codes) = codes {
        if codes == "-Wclang-format-violations" {
            return ("clang-format", true);
        }
        if codes.starts_with("-Werror,-W") {
            return ("clang", true);
        }
        if !codes.starts_with('-') {
            let is_check = codes.contains('-');
            return (if is_check { "clang-tidy" } else { "cppcheck" }, true);
        }
    }
    if names::is_fortran(path) {
        return ("gfortran", true);
    }
    if message.contains(['\u{2018}', '\u{201c}']) || message.ends_with(": No such file or directory") {
        return ("gcc", true);
    }
    let is_clang = message.ends_with("file not found")
        || message.starts_with("use of undeclared identifier")
        || message.starts_with("no member named")
        || message.starts_with("no matching member function")
        || message.starts_with("unknown type name '") && message.contains("; did you mean");
    (if is_clang { "clang" } else { "gcc" }, is_clang)
}

fn category(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal => "internal-compiler-error",
        Severity::Error => "compile",
        _ => "warning",
    }
}
