//! Debugging code that people forget to remove.

use grimoire_plugin_sdk::text::Needle;

/// Maximum number of occurrences of one piece that are examined per line.
const MOST_TIMES: usize = 64;

/// A leftover in a line.
pub(crate) struct Leftover {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A piece of code, and its description.
pub(crate) struct Shape {
    piece: Needle,
    code: &'static str,
}

const fn focused(piece: &'static str) -> Shape {
    Shape { piece: Needle::new(piece), code: "focused-test" }
}

const fn debug(piece: &'static str) -> Shape {
    Shape { piece: Needle::new(piece), code: "debug-statement" }
}

static SCRIPT: [Shape; 12] = [
    focused("describe.only("),
    focused("it.only("),
    focused("test.only("),
    focused("context.only("),
    focused("suite.only("),
    focused("describe.only.each"),
    focused("it.only.each"),
    focused("test.only.each"),
    focused("fdescribe("),
    focused("fcontext("),
    focused("fit("),
    debug("debugger;"),
];
static RUST: [Shape; 1] = [debug("dbg!(")];
static PYTHON: [Shape; 2] = [debug("breakpoint()"), debug("pdb.set_trace()")];
static RUBY: [Shape; 3] = [debug("binding.pry"), debug("binding.irb"), debug("byebug")];

/// The pieces to search for in a file, by its extension.
pub(crate) fn shapes(path: &str) -> &'static [Shape] {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" => &SCRIPT,
        "rs" => &RUST,
        "py" | "pyi" | "pyx" => &PYTHON,
        "rb" | "rake" | "erb" | "haml" => &RUBY,
        _ => &[],
    }
}

/// The first leftover of an added line.
pub(crate) fn find(shapes: &[Shape], text: &str) -> Option<Leftover> {
    let code = text.trim();
    let shape = shapes.iter().find(|shape| stands(code, &shape.piece))?;
    let shown = shape.piece.text().trim_end_matches(['(', ';', ')']);
    let message = match shape.code {
        "focused-test" => format!("focused test: `{shown}` leaves out every other test"),
        _ => format!("debugging leftover: `{shown}`"),
    };
    Some(Leftover { code: shape.code, message })
}

/// Returns true if a line contains the piece as code: not in a comment, not in quotes, not at the end
/// of a longer name.
fn stands(code: &str, needle: &Needle) -> bool {
    let piece = needle.text();
    let is_code = |at: usize| {
        let before = &code[..at];
        let opens_word = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'))
            // `pdb` may be `ipdb`; `x.fit(` calls a method of a model, not a focused test.
            && (!before.ends_with('.') || piece.contains('.'));
        let opens_word = opens_word || piece.starts_with("pdb") && before.ends_with('i');
        let after = &code[at + piece.len()..];
        let closes_word =
            piece.ends_with(['(', ';', ')']) || !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let is_quoted = ['"', '\'', '`'].iter().any(|quote| before.matches(*quote).count() % 2 == 1);
        let is_comment = before.contains("//") || before.contains(" #");
        opens_word && closes_word && !is_quoted && !is_comment
    };
    // Each occurrence is checked against the whole line before it, and a minified line may have very many.
    needle.find_all(code).take(MOST_TIMES).any(is_code)
        && !["//", "#", "*", "/*", "<!--"].iter().any(|start| code.starts_with(start))
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
            assert!(find(shapes(path), text).is_some(), "{text}");
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
            assert!(find(shapes(path), text).is_none(), "{text}");
        }
    }
}
