//! The tool that printed a line, as far as location and code tell.

use grimoire_plugin_sdk::text::extension;

/// Returns true if files with this extension have their own analyzer.
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

/// Returns true if a location with a message is a diagnostic without further words: only for source files.
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
            | "adb"
            | "adoc"
            | "ads"
            | "ak"
            | "alex"
            | "asciidoc"
            | "awk"
            | "bicep"
            | "cairo"
            | "cbl"
            | "clj"
            | "cljc"
            | "cljs"
            | "cob"
            | "coffee"
            | "cql"
            | "cue"
            | "cuh"
            | "desktop"
            | "dfy"
            | "dhall"
            | "edn"
            | "el"
            | "fbs"
            | "fish"
            | "frag"
            | "gd"
            | "glsl"
            | "gv"
            | "haml"
            | "hbs"
            | "hlsl"
            | "htm"
            | "icl"
            | "idr"
            | "ino"
            | "j2"
            | "jade"
            | "jinja"
            | "jsonnet"
            | "libsonnet"
            | "lisp"
            | "ll"
            | "lsp"
            | "mdx"
            | "mod"
            | "move"
            | "mustache"
            | "nr"
            | "nu"
            | "odin"
            | "pas"
            | "pde"
            | "po"
            | "pony"
            | "prisma"
            | "pug"
            | "purs"
            | "pwn"
            | "pxd"
            | "pyx"
            | "qml"
            | "raku"
            | "rakumod"
            | "rego"
            | "resource"
            | "rkt"
            | "robot"
            | "rq"
            | "scad"
            | "service"
            | "slim"
            | "sls"
            | "socket"
            | "spec"
            | "styl"
            | "sum"
            | "svg"
            | "sw"
            | "tcl"
            | "tera"
            | "thrift"
            | "timer"
            | "tmpl"
            | "twig"
            | "typ"
            | "vala"
            | "vert"
            | "vy"
            | "wgsl"
            | "wsdl"
            | "xhtml"
            | "xsd"
            | "xsl"
            | "yar"
            | "yara"
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
                "MD" if matches!(extension(path), "md" | "mdx" | "markdown") => return "markdownlint",
                "DL" => return "hadolint",
                "CS" | "BC" | "FS" | "CA" | "IDE" | "SA" | "NU" | "MSB" | "NETSDK" => return "dotnet",
                "TS" => return "tsc",
                "C" | "LNK" | "D" if code.len() - letters == 4 => return "msvc",
                "C" | "R" | "W" | "E" | "F" if code.len() - letters == 4 && extension(path) == "py" => {
                    return "pylint";
                }
                _ => {}
            }
        }
        if matches!(extension(path), "tf" | "hcl")
            && ["terraform_", "aws_", "azurerm_", "google_"].iter().any(|start| code.starts_with(start))
        {
            return "tflint";
        }
        if matches!(extension(path), "yml" | "yaml") && YAMLLINT.contains(&code) {
            return "yamllint";
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
        "adb" | "ads" => "gnat",
        "asm" | "nasm" => "nasm",
        "cfn" => "cfn-lint",
        "clj" | "cljs" | "cljc" | "edn" => "clj-kondo",
        "cr" => "crystal",
        "css" => "css",
        "d" | "di" => "dmd",
        "dart" => "dart",
        "desktop" => "desktop-file-validate",
        "dfy" => "dafny",
        "elm" => "elm",
        "erl" | "hrl" => "erlang",
        "feature" => "cucumber",
        "frag" | "vert" | "glsl" | "comp" | "geom" => "glslang",
        "gd" => "godot",
        "graphql" | "gql" | "graphqls" => "graphql",
        "gv" | "dot" => "graphviz",
        "haml" => "haml-lint",
        "hs" | "lhs" => "ghc",
        "html" | "htm" => "html",
        "inko" => "inko",
        "ispc" => "ispc",
        "jl" => "julia",
        "json" => "json",
        "ml" | "mli" => "ocaml",
        "nim" => "nim",
        "odin" => "odin",
        "pony" => "ponyc",
        "ps1" | "psm1" => "powershell",
        "pug" | "jade" => "pug-lint",
        "pp" => "puppet",
        "qml" => "qmllint",
        "r" | "rmd" => "lintr",
        "raku" | "rakumod" => "raku",
        "rkt" => "racket",
        "robot" | "resource" => "robocop",
        "rst" => "docutils",
        "scad" => "openscad",
        "scss" | "sass" => "sass",
        "service" | "timer" | "socket" => "systemd",
        "sol" => "solc",
        "spec" => "rpmlint",
        "sql" => "sql",
        "sv" | "svh" => "verilog",
        "toml" => "toml",
        "vala" => "valac",
        "vhd" | "vhdl" => "ghdl",
        "vim" => "vint",
        "wgsl" => "naga",
        "xml" | "xsd" | "xsl" => "xmllint",
        "yar" | "yara" => "yara",
        "zig" => "zig",
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

/// The rules of yamllint.
const YAMLLINT: [&str; 23] = [
    "anchors",
    "braces",
    "brackets",
    "colons",
    "commas",
    "comments",
    "comments-indentation",
    "document-end",
    "document-start",
    "empty-lines",
    "empty-values",
    "float-values",
    "hyphens",
    "indentation",
    "key-duplicates",
    "key-ordering",
    "line-length",
    "new-line-at-end-of-file",
    "new-lines",
    "octal-values",
    "quoted-strings",
    "trailing-spaces",
    "truthy",
];
