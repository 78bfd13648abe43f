//! Azure Pipelines, Travis, CircleCI, Buildkite, Bitbucket, AppVeyor, Drone, CodeBuild, Netlify, Cirrus, Read the Docs.
//!
//! Sentences that only say that a command failed are summaries.

use crate::text::Text;
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, text::Needle};

use Kind::{Configuration, Infrastructure, Permission, Resource, Timeout, Unknown};

const AZURE: &str = "azure-pipelines";
const TRAVIS: &str = "travis";
const CIRCLE: &str = "circleci";

pub(crate) const ROWS: &[Phrase] = &[
    Phrase::new(AZURE, "agent-lost", Infrastructure, "We stopped hearing from agent "),
    Phrase::new(AZURE, "agent-lost", Infrastructure, "The agent did not connect within the alloted time"),
    Phrase::new(AZURE, "timeout", Timeout, "The job running on agent ")
        .with("ran longer than the maximum time"),
    Phrase::new(AZURE, "timeout", Timeout, "The task has timed out"),
    Phrase::new(AZURE, "billing", Resource, "No hosted parallelism has been purchased or granted"),
    Phrase::new(AZURE, "no-agent", Configuration, "No agent found in pool "),
    Phrase::new(AZURE, "no-agent", Configuration, "No agent could be found with the following capabilities"),
    Phrase::new(AZURE, "no-image", Configuration, "No image label found to route agent pool "),
    Phrase::new(AZURE, "no-space", Resource, "Free disk space on ")
        .with("is lower than")
        .said_to_be_an_error(),
    Phrase::new(AZURE, "task", Configuration, "A task is missing. The pipeline references a task called "),
    Phrase::new(AZURE, "task", Configuration, "No package found with specified pattern: "),
    Phrase::new(AZURE, "task", Configuration, "No files matched the search pattern"),
    Phrase::new(AZURE, "task", Configuration, "Not found SourceFolder: "),
    Phrase::new(AZURE, "task", Configuration, "Not found PathtoPublish: "),
    Phrase::new(AZURE, "task", Configuration, "Path does not exist: ").said_to_be_an_error(),
    Phrase::new(AZURE, "task", Configuration, "There was a resource authorization issue: "),
    Phrase::new(AZURE, "task", Configuration, "The pipeline is not valid. "),
    Phrase::new(AZURE, "task", Configuration, "Not found solution files"),
    Phrase::new(AZURE, "task", Unknown, "Dotnet command failed with non-zero exit code").summary(),
    Phrase::new(AZURE, "task", Unknown, "Packages failed to restore").summary(),
    Phrase::new(AZURE, "task", Unknown, "Npm failed with return code: ").summary(),
    Phrase::new(AZURE, "task", Unknown, "Script failed with exit code: ").summary(),
    Phrase::new(AZURE, "exit", Unknown, "Bash exited with code '").summary(),
    Phrase::new(AZURE, "exit", Unknown, "PowerShell exited with code '").summary(),
    Phrase::new(AZURE, "exit", Unknown, "Cmd.exe exited with code '").summary(),
    Phrase::new(TRAVIS, "no-output", Timeout, "No output has been received in the last "),
    Phrase::new(TRAVIS, "timeout", Timeout, "The job exceeded the maximum time limit for jobs"),
    Phrase::new(TRAVIS, "timeout", Timeout, "Your build exceeded the maximum "),
    // `travis_wait` ends the command.
    Phrase::new(TRAVIS, "timeout", Timeout, "Timeout (").with(" minutes) reached. Terminating \""),
    Phrase::new(TRAVIS, "log", Resource, "The log length has exceeded the limit of "),
    Phrase::new(TRAVIS, "log", Resource, "The job exceeded the maximum log length"),
    Phrase::new(TRAVIS, "terminated", Infrastructure, "The build has been terminated").summary(),
    Phrase::new(TRAVIS, "service", Infrastructure, "An error occurred while generating the build script"),
    Phrase::new(TRAVIS, "service", Infrastructure, "I'm sorry but an error occurred within Travis"),
    Phrase::new(TRAVIS, "config", Configuration, "Could not find .travis.yml"),
    Phrase::new(CIRCLE, "no-output", Timeout, "Too long with no output (exceeded "),
    Phrase::new(CIRCLE, "killed", Resource, "Received \"killed\" signal"),
    Phrase::new(CIRCLE, "killed", Resource, "Received 'killed' signal"),
    Phrase::new(CIRCLE, "exit", Unknown, "Exited with code ").summary(),
    Phrase::new(CIRCLE, "service", Infrastructure, "Unexpected environment preparation error: "),
    Phrase::new(CIRCLE, "service", Infrastructure, "CircleCI was unable to run the job runner"),
    Phrase::new(CIRCLE, "config", Configuration, "Config does not conform to schema: "),
    Phrase::new(CIRCLE, "config", Configuration, "Cannot find a definition for "),
    Phrase::new(CIRCLE, "config", Configuration, "Cannot find orb '"),
    Phrase::new(CIRCLE, "config", Configuration, "Orb ").with("not loaded"),
    Phrase::new(CIRCLE, "config", Configuration, "Error calling workflow: "),
    Phrase::new(CIRCLE, "config", Configuration, "Error calling job: "),
    Phrase::new(CIRCLE, "cache", Configuration, "error computing cache key: "),
    Phrase::new(CIRCLE, "billing", Resource, "This job has been blocked because no credits are available"),
    Phrase::new("buildkite", "pipeline", Configuration, "fatal: Failed to upload and process pipeline: "),
    Phrase::new("buildkite", "pipeline", Configuration, "fatal: Failed to parse pipeline: "),
    Phrase::new("buildkite", "pipeline", Configuration, "Pipeline upload failed"),
    Phrase::new("buildkite", "pipeline", Configuration, "Pipeline upload rejected: "),
    Phrase::new("buildkite", "exit", Unknown, "The command exited with status ").summary(),
    Phrase::new("buildkite", "exit", Unknown, "The plugin ").with("exited with status").summary(),
    Phrase::new("buildkite", "exit", Unknown, "The global ").with("hook exited with status").summary(),
    Phrase::new("bitbucket", "timeout", Timeout, "Exceeded build time limit of "),
    Phrase::new("bitbucket", "timeout", Timeout, "Build exceeded the time limit"),
    Phrase::new("bitbucket", "memory", Resource, "Container '").with("exceeded memory limit"),
    Phrase::new("bitbucket", "config", Configuration, "There is an error in your bitbucket-pipelines.yml"),
    Phrase::new("appveyor", "exit", Unknown, "Command exited with code ").summary(),
    Phrase::new("appveyor", "timeout", Timeout, "Build execution time has reached the maximum allowed time"),
    Phrase::new("appveyor", "config", Configuration, "Error parsing appveyor.yml"),
    Phrase::new(
        "appveyor",
        "config",
        Configuration,
        "The build phase is set to \"MSBuild\" mode (default), but no Visual Studio",
    ),
    Phrase::new("appveyor", "artifact", Infrastructure, "Error uploading artifact the storage"),
    Phrase::new("drone", "config", Permission, "linter: untrusted repositories cannot "),
    Phrase::new("drone", "config", Configuration, "linter: "),
    Phrase::new("netlify", "exit", Unknown, "Build script returned non-zero exit code").summary(),
    Phrase::new("netlify", "timeout", Timeout, "Build exceeded maximum allowed runtime"),
    Phrase::new("readthedocs", "timeout", Timeout, "Build exited due to time out"),
    Phrase::new(
        "readthedocs",
        "killed",
        Resource,
        "Command killed due to timeout or excessive memory consumption",
    ),
    Phrase::new("cirrus", "agent-lost", Infrastructure, "Agent is not responding!"),
    Phrase::new("cirrus", "killed", Resource, "Container errored with 'OOMKilled'"),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    if line.indent > 8 {
        return None;
    }
    command(line).or_else(|| phase(line))
}

/// `The command "npm test" exited with 1.`, `The command "npm test" failed and exited with 1 during .`.
fn command(line: &Text<'_>) -> Option<Diagnostic> {
    static EXITED: Needle = Needle::new("exited with ");
    let rest =
        line.bare.strip_prefix("The command ").or_else(|| line.bare.strip_prefix("Done. Your build "))?;
    let at = EXITED.find_among(line.characters, rest)?;
    let code = rest[at + EXITED.text().len()..].split(['.', ' ']).next()?;
    let failed = !code.is_empty() && code != "0" && code.bytes().all(|byte| byte.is_ascii_digit());
    (rest.starts_with(['"', 'e']) && failed)
        .then(|| Diagnostic { role: Role::Summary, ..line.found(TRAVIS, "exit", Unknown, line.bare) })
}

/// `Phase context status code: YAML_FILE_ERROR Message: reason` of CodeBuild, after its clock.
fn phase(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("Phase context status code: ");
    let (_, rest) = SIGN.split_among(line.characters, line.bare)?;
    let (code, message) = rest.split_once(" Message: ")?;
    let message = message.trim();
    if code.is_empty() || message.is_empty() {
        return None;
    }
    let (kind, role) = match code {
        "COMMAND_EXECUTION_ERROR" => (Unknown, Role::Summary),
        // The build produced no artifacts.
        "CLIENT_ERROR" if message.starts_with("no matching") => (Configuration, Role::Consequence),
        "BUILD_TIMED_OUT" => (Timeout, Role::Root),
        "YAML_FILE_ERROR" => (Configuration, Role::Root),
        _ => (Infrastructure, Role::Root),
    };
    Some(Diagnostic { code: Some(code.to_owned()), role, ..line.found("codebuild", code, kind, message) })
}
