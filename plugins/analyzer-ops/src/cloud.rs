//! Command lines of cloud and hosting providers: aws, az, gcloud, gh, firebase, Heroku, Vercel, Cloudflare, Fly.
//!
//! ```text
//! An error occurred (AccessDenied) when calling the PutObject operation: Access Denied
//! ERROR: (gcloud.run.deploy) PERMISSION_DENIED: Permission 'run.services.get' denied on resource 'till'
//! ERROR: (AuthorizationFailed) The client 'till' does not have authorization to perform action '…'
//! HTTP 403: Resource not accessible by integration (https://api.github.com/repos/till/ledger/issues)
//! GraphQL: Resource not accessible by integration (addComment)
//! ✘ [ERROR] A request to the Cloudflare API (/accounts/…) failed.
//! ```

use crate::{kinds, text::Text};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role,
    text::{Needle, leading_number},
};

const fn row(tool: &'static str, error_type: &'static str, kind: Kind, start: &'static str) -> Phrase {
    Phrase::new(tool, error_type, kind, start)
}

use Kind::{Configuration, Infrastructure, Network, Permission};

pub(crate) const ROWS: &[Phrase] = &[
    // Amazon.
    row("aws", "credentials", Permission, "Unable to locate credentials"),
    row("aws", "credentials", Permission, "Partial credentials found in "),
    row("aws", "credentials", Permission, "Credentials could not be loaded, please check your action inputs"),
    row("aws", "credentials", Permission, "Could not assume role with OIDC: "),
    row("aws", "credentials", Permission, "Could not assume role with "),
    row("aws", "credentials", Permission, "The security token included in the request is "),
    row("aws", "credentials", Permission, "It looks like you might be trying to authenticate with OIDC"),
    row("aws", "config", Configuration, "The config profile (").with(") could not be found"),
    row("aws", "config", Configuration, "You must specify a region"),
    row("aws", "config", Configuration, "Invalid endpoint: "),
    row("aws", "network", Network, "Could not connect to the endpoint URL: "),
    row("aws", "waiter", Kind::Timeout, "Waiter ").with(" failed: "),
    row("aws", "deploy", Configuration, "Failed to create/update the stack"),
    row("aws", "deploy", Configuration, "Failed to create changeset for the stack: "),
    row("aws", "deploy", Configuration, "Failed to create the changeset: "),
    row("aws", "deploy", Configuration, "Security Constraints Not Satisfied!"),
    row("aws", "usage", Configuration, "aws: error: "),
    row("aws", "usage", Configuration, "Error parsing parameter '"),
    row("aws", "usage", Configuration, "Parameter validation failed:"),
    row("aws", "upload", Configuration, "Unable to upload artifact "),
    // Microsoft.
    row("az", "login", Permission, "Please run 'az login'"),
    row("az", "login", Permission, "AADSTS"),
    row("az", "login", Permission, "Az CLI Login failed"),
    row("az", "login", Permission, "Login failed with Error: "),
    row("az", "login", Permission, "No subscription found. "),
    row("az", "login", Permission, "No subscriptions found"),
    row("az", "deploy", Configuration, "Deployment Failed, Error: "),
    row("az", "deploy", Configuration, "Failed to deploy web package to App Service"),
    row("az", "deploy", Configuration, "Deployment Failed with Error: "),
    // Google.
    row("gcloud", "auth", Permission, "google-github-actions/auth failed with: "),
    row("gcloud", "auth", Permission, "google-github-actions/").with(" failed with: "),
    row("gcloud", "auth", Permission, "You do not currently have an active account selected"),
    row("gcloud", "crash", Infrastructure, "gcloud crashed ("),
    row("gcloud", "storage", Permission, "AccessDeniedException: 403 "),
    row("gcloud", "storage", Configuration, "BucketNotFoundException: 404 "),
    row("gcloud", "storage", Configuration, "CommandException: "),
    row("gcloud", "build", Configuration, "build step ").with("failed: ").summary(),
    row("firebase", "auth", Permission, "Failed to authenticate, have you run firebase login?"),
    row("firebase", "deploy", Configuration, "HTTP Error: "),
    row("firebase", "deploy", Configuration, "There was an error deploying functions").summary(),
    row("firebase", "deploy", Configuration, "Functions did not deploy properly.").summary(),
    // GitHub's.
    row("gh", "auth", Permission, "gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN"),
    row("gh", "auth", Permission, "To get started with GitHub CLI, please run:  gh auth login"),
    row("gh", "api", Configuration, "gh: "),
    row("gh", "pr", Configuration, "pull request create failed: "),
    row("gh", "release", Configuration, "a release with the same tag name already exists"),
    row("gh", "api", Configuration, "GraphQL: "),
    row("gh", "api", Configuration, "failed to fetch PR: "),
    row("gh", "usage", Configuration, "none of the git remotes configured for this repository"),
    // Others.
    row("vercel", "auth", Permission, "No existing credentials found. Please run `vercel login`"),
    row("vercel", "auth", Permission, "The specified token is not valid. Use `vercel login`"),
    row("vercel", "deploy", Configuration, "Could not retrieve Project Settings"),
    row("vercel", "build", Configuration, "Command \"").with("\" exited with ").summary(),
    row("netlify", "deploy", Configuration, "Error while running 'netlify").summary(),
    row("netlify", "auth", Permission, "Not authorized to view the currently linked project"),
    row("fly", "deploy", Configuration, "failed to fetch an image or build from source: ").summary(),
    row("fly", "auth", Permission, "No access token available. Please login with 'flyctl auth login'"),
    row("doctl", "api", Permission, "GET https://api.digitalocean.com").with("401"),
    row("doctl", "auth", Permission, "Unable to initialize DigitalOcean API client"),
    row("heroku", "deploy", Configuration, "Push rejected, failed to compile ").summary(),
    row("heroku", "auth", Permission, "Invalid credentials provided.").said_to_be_an_error(),
    row("serverless", "deploy", Configuration, "An error occurred: ").with(" - "),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    operation(line)
        .or_else(|| stack(line))
        .or_else(|| gcloud(line))
        .or_else(|| azure(line))
        .or_else(|| http(line))
        .or_else(|| wrangler(line))
        .or_else(|| heroku(line))
}

/// `An error occurred (AccessDenied) when calling the PutObject operation: Access Denied`, anywhere in a line.
fn operation(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("An error occurred (");
    let at = SIGN.find_among(line.characters, line.text)?;
    let rest = &line.text[at + SIGN.text().len()..];
    let (code, rest) = rest.split_once(')')?;
    let (operation, message) = rest.strip_prefix(" when calling the ")?.split_once(" operation")?;
    let message = message.trim_start_matches([':', ' ']);
    if code.is_empty() || code.contains(' ') {
        return None;
    }
    let kind = match code {
        "403" | "401" => Permission,
        _ => kinds::of(code, kinds::of(message, Configuration)),
    };
    // `upload failed: ./a to s3://till/a An error …` names the operation that failed.
    let before = line.text[..at].trim_end();
    let subject = if before.is_empty() || before.ends_with("error:") { operation } else { before };
    Some(Diagnostic {
        code: Some(code.to_owned()),
        ..line.found("aws", code, kind, &format!("{subject}: {message}"))
    })
}

/// `Error: {…,"StackName":"till",…,"StackStatus":"ROLLBACK_FAILED","StackStatusReason":"message",…}`: a stack
/// that an action prints as received.
fn stack(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("\"StackStatusReason\":\"");
    if !line.is_error() || SIGN.find_among(line.characters, line.text).is_none() {
        return None;
    }
    let field = |name: &str| {
        let (_, rest) = line.text.split_once(&format!("\"{name}\":\""))?;
        rest.split('"').next().filter(|value| !value.is_empty())
    };
    let (status, reason) = (field("StackStatus")?, field("StackStatusReason")?);
    let message = format!("{} {status}: {}", field("StackName").unwrap_or("stack"), reason.trim());
    Some(line.found("cloudformation", status, kinds::of(reason, Configuration), &message))
}

/// `ERROR: (gcloud.run.deploy) PERMISSION_DENIED: message`.
fn gcloud(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.bare.strip_prefix("(gcloud.")?;
    let (command, message) = rest.split_once(") ")?;
    if !line.is_error() || command.contains(' ') {
        return None;
    }
    let code = message
        .split_once(": ")
        .map(|(code, _)| code)
        .filter(|code| code.contains('_') && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    let role = if message.contains("completed with status \"FAILURE\"") { Role::Summary } else { Role::Root };
    // The subject of the sentence is in the parentheses.
    let whole = if message.starts_with("This command ") { line.bare } else { message };
    Some(Diagnostic {
        code: code.map(str::to_owned),
        role,
        ..line.found("gcloud", code.unwrap_or(command), kinds::of(message, Configuration), whole)
    })
}

/// `ERROR: (AuthorizationFailed) message` of Azure; the code is one capitalised word.
fn azure(line: &Text<'_>) -> Option<Diagnostic> {
    let (code, message) = line.bare.strip_prefix('(')?.split_once(") ")?;
    let good = line.is_error()
        && code.len() > 4
        && code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && code.bytes().any(|byte| byte.is_ascii_lowercase())
        && !message.trim().is_empty();
    good.then(|| Diagnostic {
        code: Some(code.to_owned()),
        ..line.found("az", code, kinds::of(code, kinds::of(message, Configuration)), message)
    })
}

/// `HTTP 403: Resource not accessible by integration (https://api.github.com/…)`.
fn http(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.bare.strip_prefix("HTTP ")?;
    let (status, rest) = leading_number(rest)?;
    let message = rest.strip_prefix(": ")?;
    if !(400..600).contains(&status) || !message.contains("https://api.github.com/") {
        return None;
    }
    let kind = match status {
        401 | 403 => Permission,
        500.. => Network,
        _ => Configuration,
    };
    Some(Diagnostic { code: Some(status.to_string()), ..line.found("gh", "api", kind, line.bare) })
}

/// `✘ [ERROR] message` of Wrangler; esbuild has the same format, with a location below it.
fn wrangler(line: &Text<'_>) -> Option<Diagnostic> {
    let message = line.line.trim_start().strip_prefix("✘ [ERROR] ")?;
    let known =
        message.contains("Cloudflare API") || message.contains("wrangler") || message.contains("Wrangler");
    known.then(|| line.found("wrangler", "api", kinds::of(message, Configuration), message))
}

/// ` !     message` of Heroku, also after `remote: `.
fn heroku(line: &Text<'_>) -> Option<Diagnostic> {
    let text = line.text.strip_prefix("remote:").map_or(line.text, str::trim_start);
    let message = text.strip_prefix('!')?;
    let blanks = message.len() - message.trim_start().len();
    let message = message.trim();
    let role = if message.starts_with("Push rejected") { Role::Summary } else { Role::Root };
    (blanks >= 4 && message.len() > 8 && !message.starts_with("Warning")).then(|| Diagnostic {
        role,
        ..line.found("heroku", "deploy", kinds::of(message, Configuration), message)
    })
}
