//! Helpers shared by several recognisers: frames, own code, exception lines, code frames, excerpts.

use std::collections::VecDeque;

use grimoire_plugin_sdk::text::{Needle, cut, place_at_end, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Role, Span};

/// Maximum number of lines of an excerpt.
const EXCERPT: usize = 60;
/// Maximum number of bytes of one line of an excerpt.
const EXCERPT_LINE: usize = 1024;

/// The last lines of a record, for the context.
#[derive(Clone, Debug, Default)]
pub(crate) struct Excerpt(VecDeque<String>);

impl Excerpt {
    pub(crate) fn push(&mut self, line: &str) {
        if self.0.len() == EXCERPT {
            self.0.pop_front();
        }
        self.0.push_back(cut(line, EXCERPT_LINE).to_owned());
    }

    pub(crate) fn take(&mut self) -> String {
        let lines = std::mem::take(&mut self.0);
        Vec::from(lines).join("\n").trim_matches('\n').to_owned()
    }
}

/// A finding whose error type is its code, if there is one.
pub(crate) fn finding(
    tool: &str,
    code: &str,
    message: &str,
    location: Option<Location>,
    span: Span,
) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: code.to_owned(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        message: message.trim().to_owned(),
        location: location.filter(|location| !location.path.is_empty()),
        span,
        ..Diagnostic::default()
    }
}

/// A failure without a location.
pub(crate) fn failure(tool: &str, error_type: &str, kind: Kind, message: &str, span: Span) -> Diagnostic {
    let mut found = finding(tool, error_type, message, None, span);
    found.code = None;
    found.kind = kind;
    found
}

/// A line that only says that something failed.
pub(crate) fn summary(tool: &str, kind: Kind, message: &str, span: Span) -> Diagnostic {
    Diagnostic { role: Role::Summary, ..failure(tool, "failed", kind, message, span) }
}

/// The exception at the start of a line: `TypeError: message`, `Error [ERR_X]: message`,
/// `Uncaught TypeError: …`. Returns kind and code.
pub(crate) fn exception(text: &str) -> Option<(&str, Option<&str>)> {
    let text = text.strip_prefix("Uncaught ").unwrap_or(text);
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))).unwrap_or(text.len());
    let (kind, rest) = text.split_at(end);
    // `TypeError [Error]: …` contains a class rather than a code; `SyntaxError[ @file ]: …` the file.
    let bracketed = rest.strip_prefix('[').or_else(|| rest.strip_prefix(" ["));
    let (code, rest) = match bracketed.and_then(|rest| rest.split_once(']')) {
        Some((code, rest)) => (Some(code).filter(|code| is_code(code)), rest),
        None => (None, rest),
    };
    let is_kind = kind.len() <= 100
        && ["Error", "Exception", "Rejection", "ErrorEvent", "Failure"].iter().any(|end| kind.ends_with(end));
    (is_kind && (rest.is_empty() || rest == ":" || rest.starts_with(": ") || rest.starts_with(" {")))
        .then_some((kind, code))
}

/// `ERR_ASSERTION`, `EADDRINUSE`.
pub(crate) fn is_code(word: &str) -> bool {
    word.len() >= 4
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Extensions of files that the tools of this analyzer read.
pub(crate) fn is_script(path: &str) -> bool {
    static QUERY: [Needle; 2] = [Needle::new("?"), Needle::new("#")];
    if !path.contains('.') {
        return false;
    }
    let end = QUERY.iter().filter_map(|sign| sign.find(path)).min().unwrap_or(path.len());
    let Some((_, extension)) = path[..end].rsplit_once('.') else { return false };
    matches!(
        extension,
        "js" | "mjs"
            | "cjs"
            | "jsx"
            | "ts"
            | "mts"
            | "cts"
            | "tsx"
            | "vue"
            | "svelte"
            | "astro"
            | "mdx"
            | "json"
            | "css"
            | "scss"
            | "less"
            | "html"
            | "graphql"
    )
}

/// Parts of paths that only occur in the runtime, installed packages and tools.
const FOREIGN: &[&str] = &[
    "node_modules/",
    "node_modules\\",
    "node:internal",
    "/jest-circus/build/",
    "/jest-runtime/build/",
    "(internal/",
    "/.yarn/",
    "/.pnpm/",
    "/.npm/",
    "/.nvm/",
    "/.volta/",
    "/.deno/",
    "webpack/bootstrap",
    "/.pnp.",
    "/_actions/",
    "\\_actions\\",
    "/hostedtoolcache/",
    "/__cypress/",
    "/cypress/runner/",
    "__webpack_require__",
    ".next/server/",
    "/.vite-temp/",
    "webpack-internal:",
    "-wrapper",
];

/// The runtime's own files, which older versions print without a folder.
const RUNTIME_FILES: &[&str] = &[
    "_http_agent.js",
    "_http_client.js",
    "_http_server.js",
    "_stream_readable.js",
    "_stream_transform.js",
    "_stream_writable.js",
    "assert.js",
    "bootstrap_node.js",
    "child_process.js",
    "cluster.js",
    "dns.js",
    "events.js",
    "fs.js",
    "module.js",
    "net.js",
    "next_tick.js",
    "node.js",
    "timers.js",
    "tls.js",
    "util.js",
    "vm.js",
    "zlib.js",
];

/// Beginnings of such paths.
const FOREIGN_ROOTS: &[&str] = &[
    "node:",
    "internal/",
    "ext:",
    "bun:",
    "deno:",
    "<",
    "[",
    "http:",
    "https:",
    "chrome-extension:",
    "/usr/",
    "evalmachine",
    "native",
];

/// Returns true if a file belongs neither to the runtime nor to an installed package or a test runner.
pub(crate) fn is_own(path: &str) -> bool {
    let root_is_own =
        path.starts_with("/usr/src/") || path.starts_with("/usr/app/") || path.starts_with("[locale]");
    (root_is_own || !FOREIGN_ROOTS.iter().any(|root| path.starts_with(root)))
        && !FOREIGN.iter().any(|part| path.contains(part))
        && !RUNTIME_FILES.contains(&path)
}

/// A line of a stack: `at name (path:1:2)`, `at path:1:2`, `at name (<anonymous>)`; vitest's `❯ name path:1:2`.
pub(crate) fn frame(text: &str) -> Option<Frame> {
    static BUNDLED: Needle = Needle::new("webpack://");
    static SERVED: Needle = Needle::new("/__cypress/tests?p=");
    let trimmed = trim(text);
    // The error's properties follow its last frame in braces.
    let trimmed = trimmed.strip_suffix(" {").unwrap_or(trimmed);
    let rest = trimmed.strip_prefix("at ").or_else(|| trimmed.strip_prefix("❯ "))?;
    let rest = rest.strip_prefix("async ").unwrap_or(rest);
    // `Context.eval (webpack:///./cypress/e2e/lid.cy.js:5:9)`: bundlers add a scheme to their sources.
    let served =
        SERVED.split(rest).map(|(before, path)| (before.rsplit_once('(').map_or("", |(name, _)| name), path));
    let bundled = || {
        BUNDLED
            .split(rest)
            .map(|(before, path)| (before, path.split_once('/').map_or(path, |(_, path)| path)))
    };
    if let Some((before, path)) = served.or_else(bundled) {
        let path = path.trim_end_matches(')');
        let path = path.strip_prefix("./").unwrap_or(path);
        let place = place_at_start(path).filter(|place| place.column.is_some() && place.rest.is_empty())?;
        let name = before.trim_end_matches('(').trim();
        return Some(Frame {
            function: (!name.is_empty()).then(|| name.to_owned()),
            location: Some(place.location()),
            text: trimmed.to_owned(),
        });
    }
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    if trimmed.starts_with('❯') {
        // vitest prints the function before the path, without parentheses.
        let (name, path) = rest.rsplit_once(' ').unwrap_or(("", rest));
        let place =
            place_at_start(path).filter(|place| place.column.is_some() && place.rest.trim().is_empty())?;
        return Some(Frame {
            function: named(name),
            location: Some(place.location()),
            text: trimmed.to_owned(),
        });
    }
    let of_runtime = |name: &str, (path, line, column): (&str, u32, u32)| Frame {
        function: named(name),
        location: Some(Location::at(path, line, Some(column))),
        text: trimmed.to_owned(),
    };
    if rest == "ignore-listed frames" {
        return Some(Frame { text: trimmed.to_owned(), ..Frame::default() });
    }
    if let Some(place) = internal(rest) {
        return Some(of_runtime("", place));
    }
    if let Some(place) = place_at_start(rest)
        .filter(|place| place.column.is_some() && place.rest.trim().is_empty() && !place.path.contains(" ("))
    {
        return Some(Frame { function: None, location: Some(place.location()), text: trimmed.to_owned() });
    }
    if let Some(place) = place_at_end(rest).filter(|place| place.column.is_some()) {
        let name = place.rest.trim();
        return Some(Frame {
            function: named(name),
            location: Some(place.location()),
            text: trimmed.to_owned(),
        });
    }
    let (name, inside) = rest.strip_suffix(')')?.rsplit_once(" (")?;
    if let Some(place) = internal(inside) {
        return Some(of_runtime(name, place));
    }
    matches!(inside, "<anonymous>" | "native" | "native code" | "index 0" | "null").then(|| Frame {
        function: named(name),
        location: None,
        text: trimmed.to_owned(),
    })
}

/// `node:internal/modules/run_main:135:5`, `http://localhost/lid.js:1:2`, which are not paths elsewhere.
fn internal(text: &str) -> Option<(&str, u32, u32)> {
    let (rest, column) = text.rsplit_once(':')?;
    let (path, line) = rest.rsplit_once(':')?;
    let is_internal = path.starts_with("node:")
        || path.starts_with("internal/")
        || path.starts_with("ext:")
        || path.starts_with("bun:")
        || path.starts_with("http://")
        || path.starts_with("https://");
    is_internal.then(|| Some((path, line.parse().ok()?, column.parse().ok()?)))?
}

/// Returns true if a frame is certainly JavaScript, not of another language that prints `at`.
pub(crate) fn is_script_frame(frame: &Frame) -> bool {
    match &frame.location {
        Some(location) => {
            is_script(&location.path) || !is_own(&location.path) || location.path.starts_with("http")
        }
        None => true,
    }
}

/// The location of the first own frame.
pub(crate) fn own_place(frames: &[Frame]) -> Option<Location> {
    let mut places = frames.iter().filter_map(|frame| frame.location.as_ref());
    places.find(|place| is_own(&place.path)).cloned()
}

/// The tool whose package contains the innermost frames of a stack.
pub(crate) fn tool_of(frames: &[Frame]) -> Option<&'static str> {
    /// Packages, most specific first, with the name of their tool.
    const TOOLS: &[(&str, &str)] = &[
        ("/playwright/", "playwright"),
        ("/playwright-core/", "playwright"),
        ("/@playwright/test/", "playwright"),
        ("/eslint/", "eslint"),
        ("/@eslint/", "eslint"),
        ("/stylelint/", "stylelint"),
        ("/prettier/", "prettier"),
        ("/webpack-cli/", "webpack"),
        ("/webpack/", "webpack"),
        ("/vitest/", "vitest"),
        ("/@vitest/", "vitest"),
        ("/jest-", "jest"),
        ("/@jest/", "jest"),
        ("/mocha/", "mocha"),
        ("/next/dist/", "next"),
        ("/vite/dist/", "vite"),
        ("/rollup/", "rollup"),
        ("/esbuild/", "esbuild"),
        ("/typescript/lib/", "tsc"),
        ("/ts-node/", "ts-node"),
        ("/@angular/cli/", "angular"),
        ("/@angular-devkit/", "angular"),
        ("/nuxt/", "nuxt"),
        ("/metro", "metro"),
        ("/@expo/cli/", "expo"),
        ("/gatsby/", "gatsby"),
        ("/cypress/", "cypress"),
        ("/npm/node_modules/", "npm"),
        ("/npm/lib/", "npm"),
    ];
    frames.iter().take(12).filter_map(|frame| frame.location.as_ref()).find_map(|place| {
        let at = place.path.rfind("node_modules")?;
        let inside = &place.path[at..];
        TOOLS.iter().find(|(part, _)| inside.contains(part)).map(|(_, tool)| *tool)
    })
}

/// The line number marked by a code frame: `> 12 | code`.
pub(crate) fn pointed_line(text: &str) -> Option<u32> {
    let rest = text.trim_start().strip_prefix('>')?.trim_start();
    let (line, rest) = grimoire_plugin_sdk::text::leading_number(rest)?;
    rest.trim_start().starts_with('|').then_some(line)
}

/// Returns true if a line belongs to a code frame: `  11 | code`, `> 12 | code`, `     |   ^`.
pub(crate) fn is_code_frame(text: &str) -> bool {
    let rest = text.trim_start().trim_start_matches('>').trim_start();
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.trim_start().starts_with(['|', '│'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_forms_are_read() {
        let place = |text: &str| {
            frame(text).and_then(|frame| frame.location).map(|place| (place.path, place.start.unwrap().line))
        };
        assert_eq!(place("    at f (/app/src/a.js:1:2)"), Some(("/app/src/a.js".into(), 1)));
        assert_eq!(place("at async Promise.all (C:\\app\\a.ts:3:4)"), Some(("C:/app/a.ts".into(), 3)));
        assert_eq!(place("at file:///app/a.mjs:5:6"), Some(("/app/a.mjs".into(), 5)));
        assert_eq!(
            place("at Module._compile (node:internal/modules/cjs/loader:1358:14)"),
            Some(("node:internal/modules/cjs/loader".into(), 1358))
        );
        assert_eq!(place("❯ innerCall src/a.test.ts:7:8"), Some(("src/a.test.ts".into(), 7)));
        assert_eq!(place("❯ src/a.test.ts:7:8"), Some(("src/a.test.ts".into(), 7)));
        assert!(frame("at Array.forEach (<anonymous>)").unwrap().location.is_none());
        assert!(frame("at com.example.Main.run(Main.java:12)").is_none());
        assert!(frame("at noon we eat").is_none());
    }

    #[test]
    fn exceptions_are_told_from_prose() {
        assert_eq!(exception("TypeError: x is not a function"), Some(("TypeError", None)));
        assert_eq!(
            exception("Error [ERR_MODULE_NOT_FOUND]: Cannot find"),
            Some(("Error", Some("ERR_MODULE_NOT_FOUND")))
        );
        assert_eq!(exception("Uncaught RangeError: x"), Some(("RangeError", None)));
        assert_eq!(exception("Errors: 3"), None);
        assert_eq!(exception("error: lower"), None);
    }

    #[test]
    fn code_frames_are_seen() {
        assert!(is_code_frame("    > 12 |  x") && is_code_frame("       |   ^") && is_code_frame("  9 | y"));
        assert!(!is_code_frame("at x") && !is_code_frame("12 apples"));
        assert_eq!(pointed_line("  > 12 |  x"), Some(12));
    }
}
