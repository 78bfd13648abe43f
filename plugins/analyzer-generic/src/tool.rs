//! Who printed a line, as far as its place and code tell.

use grimoire_plugin_sdk::text::extension;

/// Whether the files of this extension have an analyzer of their own.
pub(crate) fn is_others(path: &str) -> bool {
    matches!(
        extension(path),
        "rs" | "py"
            | "pyi"
            | "ipynb"
            | "js"
            | "jsx"
            | "ts"
            | "tsx"
            | "mjs"
            | "cjs"
            | "mts"
            | "cts"
            | "vue"
            | "svelte"
    )
}

/// Whether a place with a message is a diagnostic without further words: only for files of source.
pub(crate) fn is_source(path: &str) -> bool {
    matches!(
        extension(path).to_ascii_lowercase().as_str(),
        "go" | "rs"
            | "py"
            | "pyi"
            | "js"
            | "jsx"
            | "ts"
            | "tsx"
            | "mjs"
            | "cjs"
            | "vue"
            | "svelte"
            | "c"
            | "h"
            | "cc"
            | "cpp"
            | "cxx"
            | "hpp"
            | "hh"
            | "m"
            | "mm"
            | "cu"
            | "java"
            | "kt"
            | "kts"
            | "scala"
            | "groovy"
            | "gradle"
            | "cs"
            | "fs"
            | "vb"
            | "swift"
            | "rb"
            | "erb"
            | "rake"
            | "php"
            | "pl"
            | "pm"
            | "lua"
            | "sh"
            | "bash"
            | "zsh"
            | "tf"
            | "hcl"
            | "yml"
            | "yaml"
            | "json"
            | "toml"
            | "xml"
            | "html"
            | "md"
            | "rst"
            | "tex"
            | "proto"
            | "sql"
            | "graphql"
            | "css"
            | "scss"
            | "less"
            | "sass"
            | "ex"
            | "exs"
            | "erl"
            | "hrl"
            | "hs"
            | "ml"
            | "mli"
            | "elm"
            | "dart"
            | "nim"
            | "zig"
            | "d"
            | "f"
            | "f90"
            | "f95"
            | "for"
            | "asm"
            | "s"
            | "pp"
            | "nix"
            | "v"
            | "sv"
            | "vhd"
            | "vhdl"
            | "r"
            | "jl"
            | "in"
            | "txt"
            | "cmake"
            | "mk"
            | "dockerfile"
            | "sol"
            | "cr"
            | "feature"
            | "vim"
            | "ps1"
            | "bzl"
            | "bazel"
            | "ini"
            | "cfg"
            | "properties"
    ) || matches!(
        path.rsplit(['/', '\\']).next().unwrap_or_default(),
        "Makefile"
            | "Dockerfile"
            | "Gemfile"
            | "Rakefile"
            | "CMakeLists.txt"
            | "Vagrantfile"
            | "Podfile"
            | "BUILD"
            | "WORKSPACE"
    )
}

/// The tool's name.
pub(crate) fn name(path: &str, code: Option<&str>) -> &'static str {
    if let Some(code) = code {
        let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
        let numbered = letters < code.len() && code[letters..].bytes().all(|byte| byte.is_ascii_digit());
        if numbered {
            match &code[..letters] {
                "SC" => return "shellcheck",
                "DL" => return "hadolint",
                "CS" | "BC" | "FS" | "CA" | "IDE" | "SA" | "NU" | "MSB" | "NETSDK" => return "dotnet",
                "TS" => return "tsc",
                "C" | "LNK" | "D" if code.len() - letters == 4 => return "msvc",
                _ => {}
            }
        }
    }
    match extension(path).to_ascii_lowercase().as_str() {
        "go" => "go",
        "rs" => "rustc",
        "py" | "pyi" | "ipynb" => "python",
        "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh" | "m" | "mm" | "cu" | "s" => "gcc",
        "f" | "f90" | "f95" | "for" => "gfortran",
        "java" => "javac",
        "kt" | "kts" => "kotlin",
        "scala" => "scala",
        "groovy" | "gradle" => "gradle",
        "cs" | "fs" | "vb" | "csproj" | "fsproj" | "vbproj" | "sln" | "props" | "targets" => "dotnet",
        "vcxproj" => "msvc",
        "swift" => "swift",
        "rb" | "erb" | "rake" => "ruby",
        "php" => "php",
        "pl" | "pm" => "perl",
        "lua" => "lua",
        "sh" | "bash" | "zsh" => "shell",
        "tf" | "hcl" => "terraform",
        "yml" | "yaml" => "yaml",
        "md" => "markdown",
        "proto" => "protobuf",
        "ex" | "exs" => "elixir",
        "cmake" => "cmake",
        "mk" => "make",
        "nix" => "nix",
        "dockerfile" => "docker",
        "tex" | "ltx" | "sty" => "latex",
        "smk" | "snakefile" => "snakemake",
        _ => match path.rsplit(['/', '\\']).next().unwrap_or_default() {
            "Makefile" | "GNUmakefile" => "make",
            "Dockerfile" => "docker",
            "CMakeLists.txt" => "cmake",
            "Gemfile" | "Rakefile" => "ruby",
            "Snakefile" => "snakemake",
            _ => "log",
        },
    }
}
