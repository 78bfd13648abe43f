//! What people add while they look for a fault and forget to remove.

/// A leftover of a line.
pub(crate) struct Leftover {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A piece of code, the files that it is code in, and what it is.
struct Shape {
    text: &'static str,
    extensions: &'static [&'static str],
    code: &'static str,
}

const SCRIPT: &[&str] = &["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"];
const PYTHON: &[&str] = &["py", "pyi", "pyx"];
const RUBY: &[&str] = &["rb", "rake", "erb", "haml"];
const FOCUSED: &str = "focused-test";
const DEBUG: &str = "debug-statement";

const SHAPES: &[Shape] = &[
    Shape { text: "describe.only(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "it.only(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "test.only(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "context.only(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "suite.only(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "describe.only.each", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "it.only.each", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "test.only.each", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "fdescribe(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "fcontext(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "fit(", extensions: SCRIPT, code: FOCUSED },
    Shape { text: "debugger;", extensions: SCRIPT, code: DEBUG },
    Shape { text: "dbg!(", extensions: &["rs"], code: DEBUG },
    Shape { text: "breakpoint()", extensions: PYTHON, code: DEBUG },
    Shape { text: "pdb.set_trace()", extensions: PYTHON, code: DEBUG },
    Shape { text: "binding.pry", extensions: RUBY, code: DEBUG },
    Shape { text: "binding.irb", extensions: RUBY, code: DEBUG },
    Shape { text: "byebug", extensions: RUBY, code: DEBUG },
];

/// The first leftover of an added line of that file.
pub(crate) fn find(path: &str, text: &str) -> Option<Leftover> {
    let extension = path.rsplit_once('.')?.1;
    let code = text.trim();
    let shape =
        SHAPES.iter().find(|shape| shape.extensions.contains(&extension) && stands(code, shape.text))?;
    let shown = shape.text.trim_end_matches(['(', ';', ')']);
    let message = match shape.code {
        FOCUSED => format!("focused test: `{shown}` leaves out every other test"),
        _ => format!("debugging leftover: `{shown}`"),
    };
    Some(Leftover { code: shape.code, message })
}

/// Whether a line has that piece as code: not in a comment, not in quotes, not as the end of a longer
/// name.
fn stands(code: &str, piece: &str) -> bool {
    if ["//", "#", "*", "/*", "<!--"].iter().any(|start| code.starts_with(start)) {
        return false;
    }
    memchr::memmem::find_iter(code.as_bytes(), piece).any(|at| {
        let before = &code[..at];
        let opens_word = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'))
            // `pdb` may be `ipdb`; `x.fit(` is a method of a model, not a focused test.
            && (!before.ends_with('.') || piece.contains('.'));
        let opens_word = opens_word || piece.starts_with("pdb") && before.ends_with('i');
        let after = &code[at + piece.len()..];
        let closes_word =
            piece.ends_with(['(', ';', ')']) || !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let is_quoted = ['"', '\'', '`'].iter().any(|quote| before.matches(*quote).count() % 2 == 1);
        let is_comment = before.contains("//") || before.contains(" #");
        opens_word && closes_word && !is_quoted && !is_comment
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_code_of_their_language() {
        for (path, text) in [
            ("a.test.ts", "  it.only('works', () => {"),
            ("a.spec.js", "fdescribe('x', function () {"),
            ("src/main.rs", "    let x = dbg!(y);"),
            ("a.py", "    breakpoint()"),
            ("a.py", "import ipdb; ipdb.set_trace()"),
            ("a.rb", "binding.pry"),
            ("a.tsx", "debugger;"),
        ] {
            assert!(find(path, text).is_some(), "{text}");
        }
        for (path, text) in [
            ("a.py", "dbg!(x)"),
            ("README.md", "it.only('x')"),
            ("a.js", "// it.only('x')"),
            ("a.js", "const hint = 'use it.only(…) to focus';"),
            ("a.js", "model.fit(data)"),
            ("a.js", "profit(1)"),
            ("a.rs", "my_dbg!(x)"),
            ("a.py", "x = 1  # breakpoint()"),
            ("a.rb", "require 'byebug'"),
        ] {
            assert!(find(path, text).is_none(), "{text}");
        }
    }
}
