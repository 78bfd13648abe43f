//! Lines that say that something failed, but not what.

use super::{Beginnings, Characters, Needle, trim};

/// Returns true if a line only closes a failed run, such as `Process completed with exit code 1.`:
/// never a diagnostic of its own if another one explains it.
pub fn is_generic_closing_line(text: &str) -> bool {
    closes_generically(text, Characters::of(text))
}

/// The same as [`is_generic_closing_line`] for a text, or a part of one, whose characters are known.
pub fn closes_generically(text: &str, characters: Characters) -> bool {
    let text = trim(text);
    let text = text.strip_prefix("[ERROR] ").unwrap_or(text).trim_start();
    let bare = ["error: ", "Error: ", "ERROR: ", "fatal: ", "npm ERR! ", "npm error "]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text)
        .trim_start();
    text == "Build failed"
        || STARTS.begin(text)
        || bare.len() < text.len() && STARTS.begin(bare)
        || CONTAINED.iter().any(|part| part.find_among(characters, text).is_some())
        || is_make_failure(text, characters)
        || text.starts_with("The command \"") && text.contains(" exited with ")
        || characters.may_have_digits() && is_count_of_problems(bare)
}

static STARTS: Beginnings = Beginnings::new(&[
    "Process completed with exit code",
    "The process '",
    "The operation was canceled",
    "Command failed with exit code",
    "Command failed:",
    "Process exited with code",
    "Cmd.exe exited with code",
    "Bash exited with code",
    "PowerShell exited with code",
    "exit status ",
    "could not compile `",
    "aborting due to",
    "For more information about this error",
    "Some errors have detailed explanations",
    "test result: ",
    "test failed, to rerun",
    "doctest failed, to rerun",
    "build failed, waiting for other jobs",
    "process didn't exit successfully",
    "script returned exit code",
    "lazy loading failed for package",
    "Build FAILED",
    "BUILD FAILED",
    "BUILD FAILURE",
    "Build failed.",
    "Build failed with",
    "Build failed in",
    "FAILURE: Build failed with an exception",
    "Execution failed for task",
    "Gradle build failed",
    "Compilation failed; see the compiler",
    "Compilation failed to complete",
    "ld invocation reported errors",
    "invocation reported errors",
    "logged 1 error(s)",
    "Failed to execute goal",
    "There are test failures",
    "There was a failing test",
    "There were failing tests",
    "Re-run Maven using",
    "To see the full stack trace",
    "For more information about the errors",
    "After correcting the problems",
    "COMPILATION ERROR",
    "Test Run Failed",
    "code ELIFECYCLE",
    "Test failed.  See above for more details",
    "Test failed. See above for more details",
    "Lifecycle script `",
    "A complete log of this run",
    "Exit status ",
    "command sh -c",
    "recipe for target",
    "ninja: build stopped",
    "subcommand failed",
    "FAIL\t",
    "Found errors",
    "Compilation aborted",
]);

static CONTAINED: [Needle; 12] = [
    Needle::new("The following error occurred while executing this line"),
    Needle::new("[Help 1]"),
    Needle::new("errors compiling module, stopping"),
    Needle::new("compilation errors.  No code generated"),
    Needle::new("ld returned "),
    Needle::new("linker command failed with exit code"),
    Needle::new("failed with exit code "),
    Needle::new("exited with code "),
    Needle::new("returned a non-zero code"),
    Needle::new("did not complete successfully: exit code"),
    Needle::new("ELIFECYCLE"),
    Needle::new("exited with non-zero"),
];

/// `make: *** [Makefile:12: all] Error 2`, `make[1]: *** …`, `gmake: …`.
fn is_make_failure(text: &str, characters: Characters) -> bool {
    static STARS: Needle = Needle::new(": *** ");
    let Some((program, rest)) = STARS.split_among(characters, text) else { return false };
    let program = program.trim_end_matches(|c: char| c == ']' || c.is_ascii_digit()).trim_end_matches('[');
    (program == "make" || program.ends_with("make") || program.ends_with("make.exe"))
        && (rest.contains("] Error ")
            || rest.contains("Waiting for unfinished")
            || rest.contains("] Segmentation"))
}

/// `3 errors`, `1 error generated.`, `2 problems (1 error, 1 warning)`, `Found 3 errors in 2 files`.
fn is_count_of_problems(text: &str) -> bool {
    let mut text = text;
    while let Some(rest) = text.strip_prefix("✖ ").or_else(|| text.strip_prefix("× ")) {
        text = rest;
    }
    let text = text.strip_prefix("Found ").unwrap_or(text);
    let Some((_, rest)) = super::leading_number(text) else { return false };
    let Some(rest) = rest.strip_prefix(' ') else { return false };
    let rest = rest.strip_prefix("previous ").unwrap_or(rest);
    ["error", "warning", "problem", "failure", "fatal error", "Error", "Warning"].iter().any(|word| {
        rest.strip_prefix(word).is_some_and(|after| {
            let after = after.strip_prefix('s').or_else(|| after.strip_prefix("(s)")).unwrap_or(after);
            after.is_empty()
                || [
                    " generated",
                    " emitted",
                    " in ",
                    " and ",
                    " found",
                    " (",
                    ".",
                    ",",
                    " detected",
                    " total",
                ]
                .iter()
                .any(|end| after.starts_with(end))
        })
    })
}
