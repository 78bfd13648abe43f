//! GitHub Actions: runners, workflows, actions, tokens, caches, artifacts, deployments.
//!
//! The same sentences follow `##[error]` in a raw log, `Error: ` on the web page, and neither in tickets.

use crate::text::Text;
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role,
    text::{Needle, leading_number},
};

const fn row(error_type: &'static str, kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("github-actions", error_type, kind, start)
}

use Kind::{Configuration, Dependency, Infrastructure, Network, Permission, Resource, Timeout};

pub(crate) const ROWS: &[Phrase] = &[
    // Runners.
    row("runner-lost", Infrastructure, "The hosted runner").with("lost communication with the server"),
    row("runner-lost", Infrastructure, "The self-hosted runner").with("lost communication with the server"),
    row("runner-lost", Infrastructure, "The hosted runner encountered an error while running your job"),
    row("runner-lost", Infrastructure, "The runner has received a shutdown signal"),
    row("runner-lost", Infrastructure, "The job was not acquired by Runner of type "),
    row("runner-lost", Infrastructure, "Received request to deprovision: "),
    row("service", Infrastructure, "GitHub Actions has encountered an internal error when running your job"),
    row("service", Infrastructure, "GitHub Actions is temporarily unavailable"),
    row("service", Infrastructure, "Internal server error").said_to_be_an_error(),
    row("service", Infrastructure, "This is a scheduled ").with("brownout"),
    row("billing", Resource, "The job was not started because recent account payments have failed"),
    row("billing", Resource, "The job was not started because ").with("spending limit"),
    row("no-runner", Configuration, "No runner matching the specified labels was found"),
    row("timeout", Timeout, "The job running on runner ").with("has exceeded the maximum execution time"),
    row("timeout", Timeout, "The job has exceeded the maximum execution time"),
    row("timeout", Timeout, "The action '").with("has timed out after"),
    row("timeout", Timeout, "The action has timed out"),
    row("timeout", Timeout, "Timeout of ").with("ms hit"),
    row("step", Kind::Unknown, "failed to run script step: ").summary(),
    row("title", Configuration, "No release type found in pull request title "),
    row("title", Configuration, "Unknown release type \"").with("in pull request title"),
    row("retry", Kind::Unknown, "Final attempt failed. ").summary(),
    row("canceled", Infrastructure, "The operation was canceled").summary(),
    row("canceled", Infrastructure, "Canceling since a "),
    row("canceled", Infrastructure, "The strategy configuration was canceled because ").consequence(),
    row("canceled", Infrastructure, "The run was canceled by "),
    row("no-space", Resource, "No space left on device"),
    row("no-space", Resource, "System.IO.IOException: No space left on device"),
    row("no-space", Resource, "You are running out of disk space. The runner will stop working"),
    // Workflows and actions.
    row("action-not-found", Configuration, "Unable to resolve action "),
    row("action-not-found", Configuration, "An action could not be found at the URI "),
    row("action-not-found", Configuration, "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under "),
    row("action-not-found", Network, "Failed to download action "),
    row("action-not-found", Network, "Failed to resolve action download info"),
    row(
        "action-deprecated",
        Configuration,
        "This request has been automatically failed because it uses a deprecated version of ",
    ),
    row("action-deprecated", Configuration, "Missing download info for "),
    row("action-refused", Permission, "The action").with(" not allowed in "),
    row("action-refused", Permission, "The actions").with(" not allowed in "),
    row("container", Configuration, "Container action is only supported on Linux"),
    row("container", Configuration, "Container operations are only supported on Linux runners"),
    row("container", Configuration, "Service containers are only supported on Linux"),
    row("container", Dependency, "Docker pull failed with exit code ").summary(),
    row("container", Kind::Unknown, "Docker build failed with exit code ").summary(),
    row("container", Configuration, "Docker login for ").with("failed with exit code").summary(),
    row("container", Configuration, "Failed to initialize container "),
    row("container", Configuration, "Failed to initialize, One or more containers failed to start").summary(),
    row("container", Configuration, "One or more containers failed to start").summary(),
    row("container", Configuration, "Service container ").with(" failed"),
    row("input", Configuration, "Input required and not supplied: "),
    row("input", Configuration, "Input does not meet YAML 1.2 "),
    row("input", Configuration, "Parameter token or opts.auth is required"),
    row("input", Configuration, "Unexpected input(s) ").warning(),
    row("secret", Configuration, "Secret ").with(" is required, but not provided while calling"),
    row("workflow", Configuration, "Required property is missing: "),
    row("workflow", Configuration, "You have an error in your yaml syntax"),
    // The next line describes the content of the file.
    row("workflow", Configuration, "Unable to process file command '").summary(),
    row("workflow", Configuration, "The `set-env` command is disabled"),
    row("workflow", Configuration, "The `add-path` command is disabled"),
    row("workflow", Configuration, "The `set-output` command is disabled"),
    row("workflow", Configuration, "Matrix vector '").with("does not contain any values"),
    row("workflow", Configuration, "Job depends on unknown job "),
    row("workflow", Configuration, "reusable workflows should be referenced at the top-level"),
    row("deprecation", Configuration, "The `set-output` command is deprecated").warning(),
    row("deprecation", Configuration, "The `save-state` command is deprecated").warning(),
    row("deprecation", Configuration, "The following actions use").with("deprecated").warning(),
    row("deprecation", Configuration, "The following actions uses ").warning(),
    row("deprecation", Configuration, "Node.js ").with(" actions are deprecated").warning(),
    row("deprecation", Configuration, "Node.js ").with(" is deprecated. The following actions").warning(),
    row("executable", Configuration, "Unable to locate executable file: "),
    row("executable", Configuration, "There was an error when attempting to execute the process '"),
    // Tokens.
    row("token", Permission, "Resource not accessible by integration"),
    row("token", Permission, "Resource not accessible by personal access token"),
    row("token", Permission, "Resource protected by organization SAML enforcement"),
    row("token", Permission, "Bad credentials"),
    row("token", Permission, "Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable"),
    row("token", Permission, "Ensure GITHUB_TOKEN has permission "),
    row("token", Permission, "GitHub Actions is not permitted to create or approve pull requests"),
    row("token", Permission, "Branch \"").with(" is not allowed to deploy to "),
    row("token", Permission, "Tag \"").with(" is not allowed to deploy to "),
    row("rate-limit", Resource, "API rate limit exceeded"),
    row("rate-limit", Resource, "You have exceeded a secondary rate limit"),
    // Caches and artifacts.
    row("cache", Configuration, "Failed to restore cache entry. Exiting as fail-on-cache-miss is set"),
    row("cache", Infrastructure, "Cache service responded with "),
    row("cache", Infrastructure, "getCacheEntry failed: "),
    row("cache", Infrastructure, "reserveCache failed: "),
    row("cache", Infrastructure, "Failed to save: ").warning(),
    row("cache", Infrastructure, "Failed to restore: ").warning(),
    row("cache", Configuration, "Some specified paths were not resolved, unable to cache dependencies"),
    row("cache", Configuration, "Dependencies lock file is not found in "),
    row("cache", Configuration, "Dependencies file is not found in "),
    row("cache", Configuration, "No file in ").with(" matched to ["),
    row("cache", Configuration, "Path Validation Error: ").warning(),
    row("artifact", Configuration, "No files were found with the provided path: "),
    row("artifact", Configuration, "Unable to find any artifacts for the associated workflow"),
    row("artifact", Configuration, "Unable to find an artifact with the name: "),
    row("artifact", Configuration, "Unable to download artifact(s): "),
    row("artifact", Infrastructure, "Failed to CreateArtifact: "),
    row("artifact", Infrastructure, "Failed to FinalizeArtifact: "),
    row("artifact", Infrastructure, "Failed to GetSignedArtifactURL: "),
    row("artifact", Infrastructure, "Create Artifact Container failed: "),
    row("artifact", Infrastructure, "Artifact upload failed").said_to_be_an_error(),
    row("artifact", Resource, "Artifact storage quota has been hit"),
    // Setup of languages.
    row("tool-version", Dependency, "Unable to find Node version '"),
    row("tool-version", Dependency, "Unable to find Go version '"),
    row("tool-version", Dependency, "The version '").with("with architecture '"),
    row("tool-version", Dependency, "Version ").with(" not found").said_to_be_an_error(),
    row("tool-version", Dependency, "Could not find satisfied version for "),
    row("tool-version", Dependency, "Unknown version ").with(" for "),
    row("tool-version", Dependency, "No matching version found for ").said_to_be_an_error(),
    row("tool-version", Configuration, "The specified node version file at: "),
    row("tool-version", Configuration, "The specified python version file at: "),
    row("tool-version", Configuration, "The specified go version file at: "),
    // Checkouts, pages.
    row("checkout", Configuration, "A branch or tag with the name '"),
    row("checkout", Permission, "Not Found - https://docs.github.com/rest"),
    row("pages", Configuration, "Get Pages site failed. Please verify"),
    row("pages", Configuration, "Creating Pages deployment failed").summary(),
    row("pages", Configuration, "Failed to create deployment (status: "),
    row("pages", Infrastructure, "Deployment failed, try again later"),
    row("pages", Timeout, "Timeout reached, aborting!").said_to_be_an_error(),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    if line.indent > 8 {
        return None;
    }
    refused(line).or_else(|| process(line)).or_else(|| exit(line))
}

/// `till/action@v1 is not allowed to be used in till/ledger. Actions in this workflow must be: …`.
fn refused(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new(" is not allowed to be used in ");
    let (action, _) = SIGN.split_among(line.characters, line.bare)?;
    action.contains('@').then(|| line.found("github-actions", "action-refused", Permission, line.bare))
}

/// `The process '/usr/bin/till' failed with exit code 1`, alone or after an action's own words: the output of the process
/// gives the reason.
fn process(line: &Text<'_>) -> Option<Diagnostic> {
    static PROCESS: Needle = Needle::new("The process '");
    // A command whose failure an action tolerates.
    if line.is_mild() {
        return None;
    }
    let (words, process) = PROCESS.split(line.bare)?;
    let (process, rest) = process.split_once('\'').filter(|_| words.is_empty() || words.ends_with(": "))?;
    rest.contains(" failed ").then(|| {
        let message = format!("The process '{process}'{rest}");
        let found = line.found("github-actions", "process", Kind::Unknown, &message);
        Diagnostic { role: Role::Summary, ..found }
    })
}

/// `Process completed with exit code 137.`: a signal sent by a runner has a reason outside of the program.
fn exit(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.bare.strip_prefix("Process completed with exit code ")?;
    let (code, _) = leading_number(rest)?;
    let (error_type, kind) = match code {
        137 => ("killed", Resource),
        143 => ("terminated", Infrastructure),
        _ => return None,
    };
    let found = line.found("github-actions", error_type, kind, line.bare);
    Some(Diagnostic { role: Role::Summary, ..found })
}
