//! The kind and role of a build tool's reason.

use grimoire_plugin_sdk::{
    Kind, Role,
    text::{Beginnings, Characters, Needle},
};

/// The kind of failure that the words of a reason suggest.
pub(crate) fn kind_of(reason: &str) -> Kind {
    const WORDS: &[(Kind, &[&str])] = &[
        (
            Kind::Resource,
            &[
                "OutOfMemory",
                "Java heap space",
                "Metaspace",
                "No space left",
                "disappeared unexpectedly",
                "GC overhead",
                "insufficient memory",
                "too many open files",
                "Cannot allocate memory",
            ],
        ),
        (
            Kind::Permission,
            &[
                "status code 401",
                "status code 403",
                "status code: 401",
                "status code: 403",
                "Unauthorized",
                "Forbidden (403)",
                "Permission denied",
                "Access denied",
                "authentication failed",
                "Not authorized",
                "not authorized",
                "licences have not been accepted",
                "licenses have not been accepted",
            ],
        ),
        (
            Kind::Network,
            &[
                "status code 5",
                "status code: 5",
                "status code 429",
                "status code: 429",
                "Connection refused",
                "Connection reset",
                "Connection timed out",
                "connect timed out",
                "Connect timed out",
                "Read timed out",
                "Name or service not known",
                "nodename nor servname",
                "No route to host",
                "UnknownHost",
                "Unknown host",
                "Temporary failure in name resolution",
                "Network is unreachable",
                "PKIX path",
                "SSLHandshake",
                "SSL handshake",
                "Premature end of Content-Length",
                "Remote host terminated the handshake",
                "Connection closed",
                "SocketTimeout",
                "Bad Gateway",
                "HTTP response code: 5",
            ],
        ),
        (
            Kind::Dependency,
            &[
                "Could not resolve",
                "Could not find artifact",
                "Could not transfer artifact",
                "Failure to find",
                "Failure to transfer",
                "was not found in",
                "Could not download",
                "No matching variant",
                "No matching configuration",
                "Dependency verification failed",
                "Cannot find a version of",
                "Duplicate class",
                "AAR metadata",
                "could not be resolved",
                "Could not find any version",
                "Could not find any matches",
                "Non-resolvable",
                "Dependency convergence",
                "Banned",
                "Blocked mirror",
                "unresolved dependency",
                "Error downloading",
                "version conflict",
                "No plugin found for prefix",
                "Could not get resource",
                "Could not GET",
                "Could not HEAD",
                "Failed to collect dependencies",
            ],
        ),
        (Kind::Timeout, &["Timeout has been exceeded", "timed out after", "Timeout waiting"]),
    ];
    let characters = Characters::of(reason);
    if find_package(characters, reason) {
        return Kind::Dependency;
    }
    WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| reason.contains(word)))
        .map_or(Kind::Unknown, |(kind, _)| *kind)
}

/// `Could not find org.example:pot:1.0.`, a package with its group and its version.
fn find_package(characters: Characters, reason: &str) -> bool {
    static FIND: Needle = Needle::new("Could not find ");
    FIND.split_among(characters, reason).is_some_and(|(_, rest)| {
        rest.split([' ', '\n']).next().is_some_and(|name| name.matches(':').count() >= 2)
    })
}

/// The kind of failure of a task or goal by its name, if the reason gives none.
pub(crate) fn kind_of_task(task: &str) -> Kind {
    let name = task.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&[
        "checkstyle",
        "spotless",
        "ktlint",
        "detekt",
        "pmd",
        "spotbugs",
        "lint",
        "format",
        "licen",
        "codenarc",
        "errorprone",
        "forbidden",
        "japicmp",
        "animal",
        "apicheck",
    ]) {
        Kind::Lint
    } else if has(&["test", "surefire", "failsafe", "jacoco", "kover"]) {
        Kind::Test
    } else if has(&[
        "compile",
        "kapt",
        "ksp",
        "javac",
        "linkdebug",
        "linkrelease",
        "processdebugresources",
        "processreleaseresources",
        "dex",
        "r8",
        "minify",
    ]) {
        Kind::Compile
    } else {
        Kind::Unknown
    }
}

/// The role of a reason: whether it says what failed, or only that an earlier step did.
pub(crate) fn role_of(reason: &str) -> Role {
    static SUMMARIES: Beginnings = Beginnings::new(&[
        "Compilation failed; see the",
        "Compilation failed. See",
        "Compilation error. See log",
        "Compilation finished with errors",
        "Compilation failure",
        "Compile failed; see the",
        "Internal compiler error. See log",
        "Error occurred in KSP, check log",
        "There were failing tests",
        "There was a failing test",
        "There are test failures",
        "There are failing tests",
        "There are some test failures",
        "Test failures occurred",
        "Tests unsuccessful",
        "TESTS FAILED",
        "Lint found errors in the project",
        "Lint found fatal errors",
        "Lint infrastructure error",
        "Process exited with an error",
        "Command execution failed",
        "Java returned:",
        "Application finished with exit code",
        "Could not exec java: Application finished",
        "Process terminated with exit code",
        "A failure occurred while executing",
        "Some Enforcer rules have failed. Look above",
        "Failed to complete staging: Staging rules failure",
        "Staging rules failure",
        "Could not publish deployment for ",
        "Coverage checks have not been met",
        "Manifest merger failed with multiple errors",
        "Android resource linking failed",
        "Android resource compilation failed",
        "Resource compilation failed",
        "Multiple task action failures occurred",
        "Checkstyle rule violations were found",
        "Failed to run task: '",
        "exec returned:",
        "impossible to resolve dependencies:",
        "Command finished with non-zero exit value",
        "One or more formatting or lint errors found",
        "For more information see",
        "Execution failed for task",
        "Nonzero exit value",
        "failed with exit value",
        "Gradle test run",
        "Error while executing process",
        "Script compilation error",
        "Some problems were encountered while processing the POMs",
        "The build could not read",
        "Build failed",
        "Exit code: ",
        "ninja: Entering directory",
        "startup failed",
        "MojoFailureException",
        "Failed with errors",
        "(Compile / compile",
    ]);
    const CONTAINED: [&str; 13] = [
        "exited with errors (exit code",
        "finished with non-zero exit value",
        "reported by Checkstyle",
        "Checkstyle violation",
        "Checkstyle files with violations",
        "PMD violation",
        "PMD rule violations were found",
        "CPD duplication",
        "KtLint found code style violations",
        "returned a non-zero",
        "Analysis failed with",
        "SpotBugs violations were found",
        "weighted issues",
    ];
    let counts_bugs = reason.starts_with("PMD ") && reason.contains(" violation")
        || reason.starts_with("failed with ") && reason.contains(" bugs");
    if SUMMARIES.begin(reason) || CONTAINED.iter().any(|part| reason.contains(part)) || counts_bugs {
        Role::Summary
    } else {
        Role::Root
    }
}
