//! Errors of a compiler driver: wrong options, missing files, a killed back end.
//!
//! ```text
//! cc1plus: error: unrecognized command-line option '-Wlid'
//! clang: error: no such file or directory: 'lid.c'
//! g++: fatal error: Killed signal terminated program cc1plus
//! collect2: error: ld returned 1 exit status
//! nvcc fatal   : Unsupported gpu architecture 'compute_35'
//! ```

use crate::{
    inbox::Inbox,
    names,
    view::View,
    words::{self, Class},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity,
    text::{Beginnings, Needle},
};

/// Beginnings of lines without a level word after a colon.
static STARTS: Beginnings = Beginnings::new(&[
    "nvcc ",
    "ptxas ",
    "nvlink ",
    "fatbinary ",
    "cudafe++ ",
    "fatal error: ",
    "internal compiler error: ",
]);
static OTHERS: [Needle; 4] = [
    Needle::new(": No such file or directory"),
    Needle::new(": ld returned "),
    Needle::new(": out of memory "),
    Needle::new("s being treated as errors"),
];

/// Reads one line.
pub(crate) fn line(view: &View<'_>, inbox: &mut Inbox) {
    let is_word = |class| matches!(class, Class::Message(_) | Class::Capital(_) | Class::Code);
    let wanted = view.word.is_some_and(|word| is_word(word.class))
        || STARTS.begin(view.text)
        || OTHERS.iter().any(|sign| sign.find_among(view.characters, view.text).is_some());
    if !wanted || view.text.len() > 4_000 {
        return;
    }
    if let Some(mut found) = driver(view.text).or_else(|| nvidia(view.text)).or_else(|| header(view.text)) {
        found.span = view.span;
        view.text.clone_into(&mut found.context);
        inbox.push(found);
    }
}

/// `PROGRAM: [fatal ]error: MESSAGE`.
fn driver(text: &str) -> Option<Diagnostic> {
    let (program, rest) = names::program_line(text)?;
    let tool = match program {
        "gcc" | "g++" | "cc" | "c++" | "cpp" | "cc1" | "cc1plus" | "cc1obj" | "lto1" | "lto-wrapper"
        | "collect2" | "as" => "gcc",
        "clang" | "clang++" | "clang-cl" => "clang",
        "gfortran" | "f951" => "gfortran",
        "emcc" | "em++" => "emscripten",
        "nvcc" | "cicc" | "ptxas" => "nvcc",
        "icc" | "icpc" | "icx" | "icpx" | "ifort" | "ifx" | "flang" | "flang-new" | "nvc" | "nvc++"
        | "nvfortran" => program,
        _ => return None,
    };
    if rest.starts_with("out of memory") || rest.starts_with("virtual memory exhausted") {
        return Some(found(tool, rest, Role::Root));
    }
    let message = ["fatal error: ", "internal compiler error: ", "error: ", "Fatal Error: ", "Error: "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        // `ifort: error #10236: File not found:  'x'`
        .or_else(|| rest.strip_prefix("error #").and_then(|rest| Some(rest.split_once(": ")?.1)))
        .or_else(|| (program == "collect2" && rest.starts_with("ld returned ")).then_some(rest))
        .or_else(|| rest.starts_with("all warnings being treated as errors").then_some(rest))
        // A driver that does not find the compiler that it runs, or an old one.
        .or_else(|| (tool == "gcc" && rest.ends_with("No such file or directory")).then_some(rest))
        .or_else(|| in_translation(text, rest))?;
    // It only gives ld's status, in any language; a signal would be a reason.
    let is_status = program == "collect2" && message.starts_with("ld ") && !message.contains('[');
    Some(found(tool, message.trim(), if is_status { Role::Consequence } else { role(message) }))
}

/// `collect2: Fehler: MESSAGE`: the message after the word in any language that directly follows the program.
fn in_translation<'a>(text: &'a str, rest: &str) -> Option<&'a str> {
    let word = words::first(text).filter(|word| word.at + ": ".len() == text.len() - rest.len())?;
    matches!(word.class, Class::Message(Severity::Error)).then(|| &text[word.end..])
}

/// `fatal error: lid.h: No such file or directory`, as people quote it.
fn header(text: &str) -> Option<Diagnostic> {
    if text.starts_with("internal compiler error: ") {
        return Some(Diagnostic { kind: Kind::Crash, ..found("gcc", text, Role::Root) });
    }
    let message = text.strip_prefix("fatal error: ")?;
    let tool = if message.ends_with(": No such file or directory") {
        "gcc"
    } else if message.ends_with("' file not found") {
        "clang"
    } else {
        return None;
    };
    Some(found(tool, message, Role::Root))
}

/// `nvcc fatal   : MESSAGE`, `ptxas error   : MESSAGE`, `nvlink error   : MESSAGE`.
fn nvidia(text: &str) -> Option<Diagnostic> {
    let (program, rest) = text.split_once(' ')?;
    if !matches!(names::program(program), "nvcc" | "ptxas" | "nvlink" | "fatbinary" | "cudafe++") {
        return None;
    }
    let rest = rest.strip_prefix("fatal").or_else(|| rest.strip_prefix("error"))?;
    let message = rest.trim_start().strip_prefix(": ")?.trim();
    (!message.is_empty()).then(|| found("nvcc", message, role(message)))
}

/// The role of a message: some only say that something above failed.
fn role(message: &str) -> Role {
    const FOLLOWS: [&str; 10] = [
        "ld returned ",
        "linker command failed",
        "wasm-ld failed",
        "some warnings being treated as errors",
        "all warnings being treated as errors",
        "Ptx assembly aborted due to errors",
        "linker failed",
        "assembler command failed",
        "clang frontend command failed",
        "ld.lld failed",
    ];
    if FOLLOWS.iter().any(|start| message.starts_with(start)) || message.contains("failed (returned ") {
        Role::Consequence
    } else {
        Role::Root
    }
}

fn found(tool: &str, message: &str, role: Role) -> Diagnostic {
    let killed = message.contains("Killed")
        || message.contains("out of memory")
        || message.contains("memory exhausted")
        || message.contains("signal 9");
    let linking = message.starts_with("ld ") || message.starts_with("linker ");
    Diagnostic {
        tool: tool.to_owned(),
        error_type: if killed {
            "out-of-memory"
        } else if linking {
            "link"
        } else {
            "compile"
        }
        .to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: if killed { Kind::Resource } else { Kind::Compile },
        role,
        ..Diagnostic::default()
    }
}
