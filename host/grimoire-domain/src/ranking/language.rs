//! The languages and tools of a diagnostic and a spell, and whether they contradict each other.

use super::tool::{code_of_another_tool, older_version, other_checker};
use crate::diagnostic::Diagnostic;
use crate::spell::SpellFields;

/// How the languages of spell and diagnostic relate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LanguageEvidence {
    /// One of them names no language: a spell without a language among its tags fits all of them.
    #[default]
    Unknown,
    /// They have one in common.
    Same,
    /// They have none in common; the spell's language, languages or tool, by name.
    Other(String),
}

impl LanguageEvidence {
    /// Compares the tags, error type and text of a spell with the tool, the code, the file and the
    /// exception of a diagnostic.
    pub fn of(diagnostic: &Diagnostic, spell: &SpellFields) -> Self {
        let tags = spell.tags.iter().map(String::as_str);
        match Languages::of_diagnostic(diagnostic).compare(Languages::of_tags(tags)) {
            Self::Other(languages) => Self::Other(languages),
            known => other_checker(diagnostic, spell)
                .or_else(|| code_of_another_tool(diagnostic, spell))
                .or_else(|| older_version(diagnostic, spell))
                .map_or(known, Self::Other),
        }
    }
}

/// A set of languages. Languages that share tools and errors count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Languages {
    families: u64,
    /// True if messages of C toolchains belong to the set too, as with extensions that are compiled
    /// while a package is installed.
    native_parts: bool,
}

macro_rules! families {
    ($($name:ident $text:literal: $($word:literal)*;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        enum Family { $($name),* }

        impl Family {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];

            /// The family of a tool, a tag, or a file extension.
            fn of(word: &str) -> Option<Self> {
                match word {
                    $($($word)|* => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

// Names of languages, of tools that belong to one language, and their file extensions. Tools that print the output
// of any language (docker, make, bazel, git, junit reports, CI systems) are left out on purpose.
families! {
    Rust "Rust": "rust" "rustc" "cargo" "clippy" "rustfmt" "rustdoc" "rustup" "miri" "tokio" "rs" "nextest";
    Python "Python": "python" "pytest" "pip" "mypy" "ruff" "flake8" "pylint" "black" "isort" "poetry" "uv" "tox" "nox"
        "conda" "django" "celery" "pydantic" "numpy" "pandas" "pyright" "ty" "setuptools" "unittest" "py" "pyi" "ipynb"
        "bandit" "pipenv" "hatch" "flask" "fastapi" "sqlalchemy" "pdm" "autopep8" "yapf" "sphinx";
    JavaScript "JavaScript": "javascript" "typescript" "node" "nodejs" "npm" "yarn" "pnpm" "bun" "eslint" "tsc" "jest"
        "vitest" "mocha" "webpack" "vite" "rollup" "next" "nextjs" "react" "vue" "svelte" "angular" "prettier" "babel"
        "esbuild" "cypress" "stylelint" "biome" "oxlint" "tslint" "jasmine" "karma" "ava" "nuxt" "astro" "lerna" "nx"
        "turbo" "parcel" "prisma" "css" "scss" "sass" "postcss" "swc" "ts-node" "tsx" "js" "jsx" "mjs" "cjs" "ts" "mts" "cts" "node-gyp" "lighthouse";
    Jvm "Java": "java" "kotlin" "scala" "groovy" "jvm" "maven" "gradle" "ant" "javac" "kotlinc" "scalac" "spring"
        "spring-boot" "hibernate" "jpa" "testng" "checkstyle" "spotbugs" "pmd" "detekt" "ktlint" "sbt" "clojure" "jdk"
        "leiningen" "surefire" "kt" "kts" "jacoco" "android" "lombok" "ktor" "errorprone" "spotless";
    Dotnet ".NET": "dotnet" "csharp" "c#" "fsharp" "f#" "visual-basic" "msbuild" "nuget" "xunit" "nunit" "mstest" "csc"
        "roslyn" "cs" "fs" "vb" "csproj" "fsproj" "vbproj" "cshtml" "razor" "aspnet" "vstest" "blazor" "vbc" "fsc" "unity" "maui";
    Native "C and C++": "c" "cpp" "c++" "gcc" "g++" "clang" "clang++" "clang-tidy" "cppcheck" "msvc" "cl" "ld" "lld"
        "cmake" "meson" "ninja" "autotools" "googletest" "gtest" "catch2" "ctest" "h" "cc" "cxx" "hh" "hpp" "hxx"
        "valgrind" "asan" "objective-c";
    Fortran "Fortran": "fortran" "gfortran" "f90" "f95" "f03" "for";
    Go "Go": "go" "golang" "golangci-lint" "gofmt" "staticcheck" "govet" "go-vet" "go-test" "gotestsum" "goimports"
        "ginkgo" "revive" "gosec";
    Ruby "Ruby": "ruby" "rails" "bundler" "rubygems" "gem" "rake" "rspec" "minitest" "rubocop" "cucumber" "rb" "gemspec"
        "jekyll" "sorbet" "erb";
    Php "PHP": "php" "composer" "phpunit" "phpstan" "psalm" "laravel" "symfony" "phpcs" "pest" "php-cs-fixer" "rector";
    Apple "Swift": "swift" "xcode" "xcodebuild" "ios" "swiftlint" "xctest" "codesign" "swiftpm" "swiftc";
    Dart "Dart": "dart" "flutter" "pub";
    Beam "Elixir": "elixir" "mix" "erlang" "exunit" "credo" "dialyzer" "rebar" "rebar3" "ex" "exs" "erl" "phoenix" "hex";
    Haskell "Haskell": "haskell" "ghc" "cabal" "stack" "hlint" "hs";
    Ocaml "OCaml": "ocaml" "dune" "opam" "ml" "mli";
    Perl "Perl": "perl" "cpan" "pl" "pm" "prove";
    R "R": "r" "cran" "testthat" "rcmdcheck" "renv" "r-lang";
    Lua "Lua": "lua" "luacheck" "luarocks" "busted";
    Julia "Julia": "julia" "jl";
    Zig "Zig": "zig";
    Nim "Nim": "nim" "nimble";
    Elm "Elm": "elm";
    Solidity "Solidity": "solidity" "solc" "hardhat" "foundry" "sol";
    Terraform "Terraform": "terraform" "opentofu" "tf" "tfvars" "tflint";
    // Files only: as a tool, Nix prints the output of whatever it builds.
    NixFile "Nix": "nix-file";
    Sql "SQL": "sql" "sqlfluff";
    Latex "LaTeX": "latex" "pdflatex" "tex" "xelatex" "lualatex";
    // A failure in one of these cannot occur in another one, as with languages.
    Apt "apt": "apt" "apt-get" "dpkg";
    Dnf "dnf": "dnf" "yum" "rpm" "microdnf";
    Apk "apk": "apk";
    Brew "Homebrew": "brew" "homebrew";
    Hugo "Hugo": "hugo";
    Helm "Helm": "helm" "helmfile";
}

/// Files that identify the language by their name rather than their extension.
const FILES: &[(&str, Family)] = &[
    ("Cargo.toml", Family::Rust),
    ("Cargo.lock", Family::Rust),
    ("pyproject.toml", Family::Python),
    ("setup.cfg", Family::Python),
    ("requirements.txt", Family::Python),
    ("poetry.lock", Family::Python),
    ("uv.lock", Family::Python),
    ("package.json", Family::JavaScript),
    ("package-lock.json", Family::JavaScript),
    ("yarn.lock", Family::JavaScript),
    ("pnpm-lock.yaml", Family::JavaScript),
    ("tsconfig.json", Family::JavaScript),
    ("pom.xml", Family::Jvm),
    ("go.mod", Family::Go),
    ("go.sum", Family::Go),
    ("Gemfile", Family::Ruby),
    ("Gemfile.lock", Family::Ruby),
    ("Rakefile", Family::Ruby),
    ("composer.json", Family::Php),
    ("composer.lock", Family::Php),
    ("CMakeLists.txt", Family::Native),
    ("pubspec.yaml", Family::Dart),
];

/// Tools between languages, with all languages that their errors may be in.
const BRIDGES: &[(&str, &[Family])] = &[
    ("cocoapods", &[Family::Apple, Family::Ruby]),
    ("fastlane", &[Family::Apple, Family::Ruby]),
    ("flutter", &[Family::Dart, Family::Jvm, Family::Apple]),
    ("react-native", &[Family::JavaScript, Family::Jvm, Family::Apple]),
    ("ndk", &[Family::Native, Family::Jvm]),
    ("jni", &[Family::Native, Family::Jvm]),
    ("cython", &[Family::Python, Family::Native]),
    ("maturin", &[Family::Python, Family::Rust]),
    ("pyo3", &[Family::Python, Family::Rust]),
    ("napi", &[Family::JavaScript, Family::Rust]),
    ("wasm-pack", &[Family::JavaScript, Family::Rust]),
    ("m", &[Family::Apple, Family::Native]),
    ("mm", &[Family::Apple, Family::Native]),
];

/// Tools that may report errors of any language.
const CARRIERS: &[&str] = &[
    "ansible",
    "apk",
    "apt",
    "aws",
    "azure-pipelines",
    "bazel",
    "brew",
    "buildkit",
    "circleci",
    "codecov",
    "compose",
    "curl",
    "dnf",
    "docker",
    "gcloud",
    "git",
    "github-actions",
    "gitlab",
    "gitlab-ci",
    "helm",
    "jenkins",
    "kubectl",
    "kubernetes",
    "make",
    "mongodb",
    "mysql",
    "nix",
    "packer",
    "playwright",
    "podman",
    "postgres",
    "postgresql",
    "pre-commit",
    "redis",
    "rsync",
    "shell",
    "ssh",
    "travis",
    "wget",
];
/// The words of [`Family`] that name languages; all others name tools.
const NAMES: &[&str] = &[
    "c",
    "c++",
    "clojure",
    "cpp",
    "csharp",
    "dart",
    "dotnet",
    "elixir",
    "elm",
    "erlang",
    "fortran",
    "fsharp",
    "go",
    "golang",
    "groovy",
    "haskell",
    "java",
    "javascript",
    "julia",
    "jvm",
    "kotlin",
    "lua",
    "nim",
    "nodejs",
    "ocaml",
    "perl",
    "php",
    "python",
    "r",
    "ruby",
    "rust",
    "scala",
    "solidity",
    "swift",
    "typescript",
    "zig",
];

/// The tool of a spell with these tags: the only tool among them, or else the language, or else a tool
/// that prints the output of any language; `log` if the tags name none.
pub fn tool_of_tags<'t>(tags: impl IntoIterator<Item = &'t str>) -> &'t str {
    let tags: Vec<&str> = tags.into_iter().collect();
    let is_known = |tag: &&&str| {
        !CARRIERS.contains(tag)
            && (Family::of(tag).is_some() || BRIDGES.iter().any(|(name, _)| *name == **tag))
    };
    let (names, tools): (Vec<&str>, Vec<&str>) =
        tags.iter().filter(is_known).copied().partition(|tag| NAMES.contains(tag));
    match (tools.as_slice(), names.first()) {
        ([tool], _) | (_, Some(tool)) | ([tool, ..], None) => tool,
        ([], None) => tags.iter().find(|tag| CARRIERS.contains(tag)).copied().unwrap_or("log"),
    }
}

impl Languages {
    /// The languages among the tags of a spell.
    pub fn of_tags<'t>(tags: impl IntoIterator<Item = &'t str>) -> Self {
        let mut languages = Self::default();
        for tag in tags {
            languages.add(tag);
            let native =
                ["native-extension", "native-dependency", "linker", "cgo", "ffi", "node-gyp", "openssl"];
            languages.native_parts |= native.iter().any(|word| tag.eq_ignore_ascii_case(word));
        }
        languages
    }

    /// The languages of a diagnostic: of its tool, its file, its exception and, where these name
    /// none, the files of its stack trace.
    pub fn of_diagnostic(diagnostic: &Diagnostic) -> Self {
        let mut languages = Self::default();
        languages.add(&diagnostic.tool);
        if let Some(location) = &diagnostic.location {
            languages.add_file(&location.path);
        }
        if languages.families == 0 {
            languages.add(&diagnostic.error_type);
        }
        languages.add_exception(&diagnostic.error_type);
        languages.add_exception(diagnostic.message.split([':', ' ']).next().unwrap_or_default());
        if languages.families == 0 {
            let frames = diagnostic.stack_trace.iter().filter_map(|frame| frame.location.as_ref());
            frames.take(4).for_each(|location| languages.add_file(&location.path));
        }
        languages
    }

    fn add(&mut self, word: &str) {
        let mut lower = [0; 16];
        let Some(lower) = lower.get_mut(..word.len()) else { return };
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        let Ok(word) = std::str::from_utf8(lower) else { return };
        let bridge = BRIDGES.iter().find(|(name, _)| *name == word).map_or(&[][..], |(_, families)| families);
        for family in Family::of(word).iter().chain(bridge) {
            self.families |= 1 << *family as u8;
        }
    }

    fn add_file(&mut self, path: &str) {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        match FILES.iter().find(|(known, _)| *known == name) {
            Some((_, family)) => self.families |= 1 << *family as u8,
            None => {
                if let Some((_, extension)) = name.rsplit_once('.') {
                    self.add(if extension == "nix" { "nix-file" } else { extension });
                }
            }
        }
    }

    /// Adds the language of a name whose namespace only one language has.
    fn add_exception(&mut self, name: &str) {
        const JVM: [&str; 9] = [
            "java.",
            "javax.",
            "jakarta.",
            "kotlin.",
            "kotlinx.",
            "scala.",
            "org.springframework.",
            "org.junit.",
            "org.hibernate.",
        ];
        const RUBY: [&str; 6] =
            ["ActiveRecord::", "ActionView::", "ActionController::", "ActiveModel::", "Bundler::", "Gem::"];
        let of = |known: &[&str]| known.iter().any(|start| name.starts_with(start));
        let family = if of(&JVM) {
            Family::Jvm
        } else if of(&["System.", "Microsoft."]) && name.ends_with("Exception") {
            Family::Dotnet
        } else if of(&["builtins.", "django.", "sqlalchemy."]) {
            Family::Python
        } else if of(&RUBY) {
            Family::Ruby
        } else {
            return;
        };
        self.families |= 1 << family as u8;
    }

    fn has(self, family: Family) -> bool {
        self.families & (1 << family as u8) != 0
    }

    /// Compares the languages of a diagnostic (`self`) with those of a spell.
    pub fn compare(self, spell: Self) -> LanguageEvidence {
        if self.families == 0 || spell.families == 0 {
            return LanguageEvidence::Unknown;
        }
        if self.families & spell.families != 0 {
            return LanguageEvidence::Same;
        }
        // Compilers and linkers of C are run by the package managers of most languages, whose programs load
        // C libraries, so their messages belong to no language alone.
        let carries = |languages: Self| !(languages.has(Family::Jvm) || languages.has(Family::Dotnet));
        let native =
            spell.has(Family::Native) && carries(self) || self.has(Family::Native) && spell.native_parts;
        if native { LanguageEvidence::Unknown } else { LanguageEvidence::Other(spell.names()) }
    }

    /// The display names, joined.
    pub fn names(self) -> String {
        let names = Family::ALL.iter().filter(|(family, _)| self.has(*family)).map(|(_, name)| *name);
        names.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Location;

    fn diagnostic(tool: &str, path: Option<&str>, error_type: &str) -> Diagnostic {
        let location = |path: &str| Location { path: path.to_owned(), start: None, end: None };
        Diagnostic {
            tool: tool.to_owned(),
            location: path.map(location),
            error_type: error_type.to_owned(),
            ..Diagnostic::default()
        }
    }

    #[test]
    fn languages_are_told_by_tool_file_and_exception() {
        let of = |tool: &str, path: Option<&str>, kind: &str| {
            Languages::of_diagnostic(&diagnostic(tool, path, kind)).names()
        };
        assert_eq!(of("rustc", None, ""), "Rust");
        assert_eq!(of("junit", Some("shop/till/DrawerTest.java"), ""), "Java");
        assert_eq!(of("log", None, "java.lang.AssertionError"), "Java");
        assert_eq!(of("docker", Some("Dockerfile"), ""), "");
        assert_eq!(of("playwright", Some("e2e/till.spec.ts"), ""), "JavaScript");
        assert_eq!(of("xunit", None, "System.NullReferenceException"), ".NET");
    }

    #[test]
    fn tags_tell_a_tool() {
        for (tags, tool) in [
            (&["javascript", "lockfile", "npm"][..], "npm"),
            (&["borrow-checker", "rust"], "rust"),
            (&["gradle", "java", "maven"], "java"),
            (&["ci", "disk", "docker"], "docker"),
            (&["disk"], "log"),
            (&[], "log"),
        ] {
            assert_eq!(tool_of_tags(tags.iter().copied()), tool, "{tags:?}");
        }
    }

    fn spell(error_type: &str, tags: &[&str]) -> SpellFields {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        SpellFields { error_type: error_type.to_owned(), tags, ..SpellFields::default() }
    }

    #[test]
    fn contradictions_are_told() {
        let compare =
            |tool: &str, tags: &[&str]| LanguageEvidence::of(&diagnostic(tool, None, ""), &spell("", tags));
        assert_eq!(
            compare("javac", &["typescript", "types"]),
            LanguageEvidence::Other("JavaScript".to_owned())
        );
        assert_eq!(compare("tsc", &["javascript"]), LanguageEvidence::Same);
        assert_eq!(compare("rustc", &["docker", "disk"]), LanguageEvidence::Unknown);
        assert_eq!(compare("log", &["rust"]), LanguageEvidence::Unknown);
        // A header is missing while a package is installed.
        assert_eq!(compare("gcc", &["python", "native-extension"]), LanguageEvidence::Unknown);
        assert_eq!(compare("python", &["c", "cpp", "linux"]), LanguageEvidence::Unknown);
        assert_eq!(compare("javac", &["c", "cpp"]), LanguageEvidence::Other("C and C++".to_owned()));
        assert_eq!(compare("gcc", &["python", "imports"]), LanguageEvidence::Other("Python".to_owned()));
    }

    #[test]
    fn package_managers_and_checkers_do_not_speak_for_one_another() {
        let compare = |tool: &str, kind: &str, tags: &[&str]| {
            LanguageEvidence::of(&diagnostic(tool, None, kind), &spell("", tags))
        };
        let other = |names: &str| LanguageEvidence::Other(names.to_owned());
        assert_eq!(compare("dnf", "packages", &["python", "conda"]), other("Python"));
        assert_eq!(compare("hugo", "build", &["helm", "kubernetes"]), other("Helm"));
        assert_eq!(compare("kubectl", "", &["helm", "kubernetes"]), LanguageEvidence::Unknown);
        assert_eq!(compare("pylint", "", &["python", "ruff"]), other("ruff"));
        assert_eq!(compare("report", "eslint", &["javascript", "stylelint"]), other("stylelint"));
        assert_eq!(compare("report", "eslint", &["python"]), other("Python"));
        assert_eq!(compare("pylint", "", &["python", "pylint", "ruff"]), LanguageEvidence::Same);
        assert_eq!(compare("golangci-lint", "", &["go", "staticcheck"]), LanguageEvidence::Same);
    }
}
