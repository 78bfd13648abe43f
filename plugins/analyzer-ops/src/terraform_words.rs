//! The tool of a diagnostic in Terraform's format, from its words and its file.

use crate::kinds;
use grimoire_plugin_sdk::{
    Kind,
    text::{Beginnings, Needle, extension, trailing_group},
};

/// The tool that uses such files; `title` and `detail` may name it, too.
pub(crate) fn tool(path: &str, title: &str, detail: &str) -> &'static str {
    if path.ends_with(".pkr.hcl") || path.ends_with(".pkr.json") {
        "packer"
    } else if extension(path) == "nomad" || path.ends_with(".nomad.hcl") {
        "nomad"
    } else if path.ends_with("terragrunt.hcl") {
        "terragrunt"
    } else if extension(path) == "tofu" || title.contains("OpenTofu") || detail.contains("OpenTofu") {
        "opentofu"
    } else {
        "terraform"
    }
}

/// TFLint puts its rule in parentheses at the end: `message (terraform_required_version)`.
pub(crate) fn rule(title: &str) -> Option<(&str, &str)> {
    let (title, rule) = trailing_group(title, '(', ')')?;
    let good = rule.contains('_')
        && rule.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (good && !title.is_empty()).then_some((title, rule))
}

/// Returns true for words that only occur in Terraform's messages.
pub(crate) fn is_terraform(text: &str) -> bool {
    static TITLES: Beginnings = Beginnings::new(&[
        "Backend ",
        "Error acquiring the state lock",
        "Error configuring ",
        "Error creating ",
        "Error loading state",
        "Error refreshing state",
        "Failed to get existing workspaces",
        "Failed to install provider",
        "Failed to query available provider packages",
        "Failed to read module directory",
        "Inconsistent dependency lock file",
        "Invalid provider ",
        "Missing required provider",
        "Module not installed",
        "No configuration files",
        "No value for required variable",
        "Provider produced inconsistent",
        "Provider configuration not present",
        "Required plugins are not installed",
        "Saved plan is stale",
        "Unsupported Terraform Core version",
        "Unsupported provider ",
    ]);
    static WORDS: [Needle; 6] = [
        Needle::new("erraform"),
        Needle::new("OpenTofu"),
        Needle::new("registry provider"),
        Needle::new("provider registry"),
        Needle::new("hashicorp/"),
        Needle::new("state lock"),
    ];
    TITLES.begin(text) || WORDS.iter().any(|word| word.is_in(text))
}

pub(crate) fn kind(message: &str) -> Kind {
    static DEPENDENCY: [Needle; 5] = [
        Needle::new("provider packages"),
        Needle::new("nstall provider"),
        Needle::new("dependency lock file"),
        Needle::new("download module"),
        Needle::new("plugins are not installed"),
    ];
    kinds::of(
        message,
        if DEPENDENCY.iter().any(|sign| sign.is_in(message)) {
            Kind::Dependency
        } else {
            Kind::Configuration
        },
    )
}
