//! The language of a solution, for the syntax highlighting of its code block.

use grimoire_domain::diagnostic::Diagnostic;

/// First words of shell commands.
const COMMANDS: [&str; 44] = [
    "$",
    "apk",
    "apt",
    "apt-get",
    "brew",
    "bundle",
    "cargo",
    "cd",
    "chmod",
    "composer",
    "conda",
    "cp",
    "curl",
    "docker",
    "dotnet",
    "export",
    "flutter",
    "gem",
    "gh",
    "git",
    "go",
    "gradle",
    "helm",
    "kubectl",
    "make",
    "mix",
    "mkdir",
    "mv",
    "mvn",
    "npm",
    "npx",
    "pip",
    "pip3",
    "pnpm",
    "poetry",
    "python",
    "rm",
    "rustup",
    "sudo",
    "terraform",
    "uv",
    "yarn",
    "bun",
    "./gradlew",
];

/// The name of the language for code blocks; `text` if it is unknown.
pub(super) fn of(solution: &str, diagnostic: &Diagnostic) -> &'static str {
    let lines = || solution.lines().map(str::trim_end).filter(|line| !line.trim().is_empty());
    let is_changed = |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("---");
    if lines().any(|line| is_changed(&line)) && lines().all(|line| line.starts_with(['+', '-', ' ', '@'])) {
        return "diff";
    }
    // A script is mostly commands: its other lines are parts of long ones, or programs with names of their own.
    let is_command =
        |line: &&str| line.split_whitespace().next().is_some_and(|word| COMMANDS.contains(&word));
    let (commands, others): (Vec<&str>, Vec<&str>) =
        lines().filter(|line| !line.starts_with('#')).partition(is_command);
    if commands.len() > others.len() {
        return "sh";
    }
    let path = diagnostic.location.as_ref().map(|location| location.path.as_str()).unwrap_or_default();
    by_extension(path.rsplit(['/', '\\']).next().unwrap_or_default())
}

fn by_extension(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, extension)| extension) {
        Some("rs") => "rust",
        Some("py") => "python",
        Some("js" | "mjs" | "cjs") => "js",
        Some("jsx") => "jsx",
        Some("ts" | "mts" | "cts") => "ts",
        Some("tsx") => "tsx",
        Some("go") => "go",
        Some("java") => "java",
        Some("kt" | "kts") => "kotlin",
        Some("scala") => "scala",
        Some("rb") => "ruby",
        Some("php") => "php",
        Some("cs") => "csharp",
        Some("swift") => "swift",
        Some("c" | "h") => "c",
        Some("cc" | "cpp" | "cxx" | "hpp") => "cpp",
        Some("dart") => "dart",
        Some("ex" | "exs") => "elixir",
        Some("hs") => "haskell",
        Some("tf") => "hcl",
        Some("yml" | "yaml") => "yaml",
        Some("json") => "json",
        Some("toml") => "toml",
        Some("xml") => "xml",
        Some("css") => "css",
        Some("sh" | "bash") => "sh",
        _ => "text",
    }
}
