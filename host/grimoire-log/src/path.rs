//! Paths in logs: whether a file is the user's, and its path within the repository.

/// Folders without files of the user: packages, tool caches, standard libraries, toolchains. Compared with whole
/// components.
const FOREIGN_FOLDERS: &[&str] = &[
    "node_modules",
    "(NODE_MODULES)",
    "bower_components",
    "site-packages",
    "dist-packages",
    ".pyenv",
    ".rbenv",
    ".rvm",
    ".nvm",
    ".yarn",
    ".pnpm",
    ".pnpm-store",
    ".cargo",
    ".rustup",
    ".konan",
    ".composer",
    ".conan",
    ".conan2",
    "rustc",
    ".gradle",
    ".m2",
    ".ivy2",
    ".sbt",
    ".nuget",
    ".pub-cache",
    ".stack",
    ".cabal",
    ".opam",
    ".conda",
    "miniconda3",
    "anaconda3",
    ".poetry",
    "pypoetry",
    ".julia",
    ".gem",
    "gems",
    "rubygems",
    "Pods",
    "SourcePackages",
    "vendor",
    "hostedtoolcache",
    "_actions",
    "_tool",
    "goroot",
    "DerivedData",
    "Xcode.app",
    "vcpkg",
    ".platformio",
    ".arduino15",
    "Arduino15",
    "webpack-internal:",
    "jdk.internal",
    ".cache",
    ".venv",
    ".npm",
    ".volta",
    ".asdf",
    ".sdkman",
    ".bun",
    ".deno",
    ".swiftpm",
    ".ghcup",
    ".elan",
    ".luarocks",
    ".cpanm",
    ".nimble",
    ".dub",
    "site-library",
    "miniforge3",
    "mambaforge",
    "micromamba",
    "coursier",
    "_temp",
    ".travis",
];

/// Folders that a build makes anew in the repository: what its tool fetched, unpacked or generated. Compared with whole
/// components.
const GENERATED_FOLDERS: &[&str] = &[
    "buildtrees",
    "CMakeFiles",
    "CMakeScratch",
    "_deps",
    "vcpkg_installed",
    "bazel-out",
    "bazel-bin",
    ".tox",
    ".nox",
    ".eggs",
    "__pypackages__",
    ".stack-work",
    "dist-newstyle",
    ".dart_tool",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".parcel-cache",
    ".vite-temp",
    ".lake",
    "elm-stuff",
    ".spago",
    "zig-cache",
    ".zig-cache",
    ".pio",
    "autom4te.cache",
];

/// Files that a tool generates and no one edits, wherever they are.
const GENERATED_FILES: &[&str] = &[
    "configure",
    "config.status",
    "libtool",
    "ltmain.sh",
    "aclocal.m4",
    "build.ninja",
    "build.make",
    "cmake_install.cmake",
    "CTestTestfile.cmake",
    "CMakeCache.txt",
    "conan_toolchain.cmake",
    "conanbuildinfo.cmake",
    "gradlew",
    "mvnw",
    "_testmain.go",
    "_cgo_gotypes.go",
];

/// Prefixes of paths that belong to the system or a runtime.
const FOREIGN_ROOTS: &[&str] = &[
    "/usr/lib/",
    "/usr/lib64/",
    "/usr/include/",
    "/usr/share/",
    "/usr/libexec/",
    "/usr/local/lib/",
    "/usr/local/include/",
    "/usr/local/go/",
    "/usr/local/share/",
    "/usr/bin/",
    "/usr/sbin/",
    "/bin/",
    "/sbin/",
    "/snap/",
    "/proc/",
    "/tmp/go-build",
    "/opt/homebrew/",
    "/opt/go/",
    "/nix/store/",
    "/lib/",
    "/lib64/",
    "/System/",
    "/Library/",
    "/Applications/",
    "/rustc/",
    "C:/Program Files",
    "C:/hostedtoolcache/",
    "C:/Windows/",
    "node:",
    "<frozen ",
    "<string>",
    "<stdin>",
    "<anonymous>",
    "java.base/",
    "dart:",
    "package:flutter/",
    "package:flutter_test/",
    "package:test_api/",
    "package:matcher/",
    "package:stack_trace/",
    "org/junit/",
    "sun/reflect/",
];

/// Parts of paths to packages and toolchains that may lie in any folder: Cargo's and Go's, Swift's checkouts,
/// headers of C++, packages of Erlang and R, tools of a user, Jenkins' own scripts.
const FOREIGN_PARTS: &[&str] = &[
    "/registry/src/",
    "cargo/git/checkouts/",
    "/pkg/mod/",
    ".build/checkouts/",
    "Carthage/Checkouts/",
    "/include/c++/",
    "_build/default/lib/",
    "renv/library/",
    "/R/library/",
    "/.local/share/",
    "/.local/lib/",
    "/.local/pipx/",
    "/pip-build-env-",
    "@tmp/durable-",
];

/// Returns true if the user may have written the file: it does not belong to a package, a tool, a runtime or
/// the system. Unknown paths count as the user's.
pub fn is_own(path: &str) -> bool {
    let path = path.strip_prefix("./").unwrap_or(path);
    let forward = path.replace('\\', "/");
    let folder = forward.rsplit_once('/').map_or("", |(folder, _)| folder);
    // Node's own modules before version 16; in Go, `internal` is a folder of the user's.
    let extension = forward.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_node = forward.starts_with("internal/") && extension == "js";
    let is_mix_package =
        matches!(extension, "ex" | "exs" | "erl" | "hrl") && folder.split('/').any(|name| name == "deps");
    !(FOREIGN_ROOTS.iter().any(|root| forward.starts_with(root))
        || FOREIGN_PARTS.iter().any(|part| forward.contains(part))
        || is_node
        || is_mix_package
        || folder.split('/').any(|name| FOREIGN_FOLDERS.contains(&name))
        || is_generated(&forward))
}

/// Returns true if a build made the file: a tool generated it, or fetched it into the folder of the build. Nobody
/// edits such a file, although its path may begin in the repository.
pub fn is_generated(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']);
    let name = parts.next_back().unwrap_or(path);
    let mut is_bazel = false;
    GENERATED_FILES.contains(&name)
        || parts.any(|folder| {
            // Bazel's folders bear its name, or that of the user or the repository after it; others call a folder
            // `external` too.
            is_bazel |=
                folder.starts_with("bazel-") || folder.starts_with("bazel_") || folder.starts_with("_bazel_");
            is_bazel && folder == "external"
                // What CMake's ExternalProject and FetchContent make.
                || folder.ends_with("-subbuild")
                || folder.ends_with("-stamp")
                || GENERATED_FOLDERS.contains(&folder)
        })
}

/// Returns true if a file belongs to the installed Python package whose test failed: whoever runs the tests of a
/// package works on it, so that its files are the user's although [`is_own`] says otherwise. The test is named as
/// its runner names it: `…/site-packages/pot/tests/test_lid.py::test_x` or `pot.tests.test_lid.Lid.test_x`.
pub fn is_tested(path: &str, test: &str) -> bool {
    let file = test.split("::").next().unwrap_or(test);
    let package = if is_test_file(file) {
        python_package(file)
    } else {
        test.split_once('.').map(|(package, _)| package).filter(|_| !test.contains("::"))
    };
    package.is_some() && python_package(path) == package
}

/// Returns true if pytest collects tests from a file of this name.
pub fn is_test_file(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".py").is_some_and(|name| name.starts_with("test_") || name.ends_with("_test"))
}

/// The top-level package of a file among installed Python packages, also of one in an egg. A module that is a single
/// file is in no package.
fn python_package(path: &str) -> Option<&str> {
    let mut parts = path.split(['/', '\\']);
    parts.find(|part| matches!(*part, "site-packages" | "dist-packages"))?;
    let package = parts.find(|part| part.strip_suffix(".egg").is_none())?;
    parts.next().map(|_| package)
}

/// Returns true if a path begins at the root of a file system or a drive.
pub fn is_absolute(path: &str) -> bool {
    path.starts_with('/')
        || matches!(path.as_bytes(), [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
}

/// The path relative to the repository's root, if it is in the workspace of a common runner: GitHub
/// (`/home/runner/work/R/R/`, `/__w/R/R/`, `D:/a/R/R/`, `/github/workspace/`), Travis, CircleCI, Azure
/// (`/home/vsts/work/1/s/`, `D:/a/1/s/`) and Jenkins (`…/workspace/JOB/`). Any other path is returned unchanged,
/// GitLab's too, because the depth of its groups is unknown.
pub fn in_repository(path: &str) -> &str {
    let after = |prefix: &str, components: usize| {
        let mut rest = path.strip_prefix(prefix)?;
        for _ in 0..components {
            rest = rest.split_once('/')?.1;
        }
        (!rest.is_empty()).then_some(rest)
    };
    // The name of the repository occurs twice.
    let doubled = |prefix: &str| {
        let rest = path.strip_prefix(prefix)?;
        let (name, rest) = rest.split_once('/')?;
        let rest = rest.strip_prefix(name)?.strip_prefix('/')?;
        (!rest.is_empty()).then_some(rest)
    };
    [
        "/home/runner/work/",
        "/Users/runner/work/",
        "/runner/_work/",
        "/__w/",
        "D:/a/",
        "C:/a/",
        "/home/runner/_work/",
    ]
    .iter()
    .find_map(|prefix| doubled(prefix))
    .or_else(|| after("/github/workspace/", 0))
    .or_else(|| {
        ["/home/vsts/work/", "/Users/runner/work/", "/__w/", "D:/a/"].iter().find_map(|prefix| {
            // Azure numbers the folders of its agents: `1/s`.
            let (number, rest) = path.strip_prefix(prefix)?.split_once("/s/")?;
            (number.bytes().all(|byte| byte.is_ascii_digit()) && !rest.is_empty()).then_some(rest)
        })
    })
    .or_else(|| after("/home/travis/build/", 2))
    .or_else(|| after("/Users/travis/build/", 2))
    .or_else(|| after("/home/circleci/project/", 0))
    .or_else(|| after("/root/project/", 0))
    .or_else(|| after("/var/lib/jenkins/workspace/", 1))
    .or_else(|| after("/var/jenkins_home/workspace/", 1))
    .or_else(|| after("/home/jenkins/agent/workspace/", 1))
    .or_else(|| after("/home/jenkins/workspace/", 1))
    .or_else(|| after("/codebuild/output/", 2).and_then(|rest| rest.strip_prefix("src/")))
    .or_else(|| after("/drone/src/", 0))
    .or_else(|| after("/vercel/path0/", 0))
    .or_else(|| after("/opt/atlassian/pipelines/agent/build/", 0))
    .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_runners_workspace_begins_at_the_repositorys_root() {
        for (path, expected) in [
            ("/home/runner/work/pot/pot/src/lid.rs", "src/lid.rs"),
            ("/home/runner/work/pot/lid/src/lid.rs", "/home/runner/work/pot/lid/src/lid.rs"),
            ("/__w/pot/pot/lid.c", "lid.c"),
            ("D:/a/pot/pot/src/Lid.cs", "src/Lid.cs"),
            ("/home/vsts/work/1/s/src/Lid.cs", "src/Lid.cs"),
            ("D:/a/1/s/src/Lid.cs", "src/Lid.cs"),
            ("/builds/kitchen/pot/src/lid.go", "/builds/kitchen/pot/src/lid.go"),
            ("/home/travis/build/kitchen/pot/lid.rb", "lid.rb"),
            ("/var/lib/jenkins/workspace/pot-main/src/Lid.java", "src/Lid.java"),
            ("/vercel/path0/pages/lid.tsx", "pages/lid.tsx"),
            ("/srv/pot/lid.py", "/srv/pot/lid.py"),
            ("src/lid.rs", "src/lid.rs"),
        ] {
            assert_eq!(in_repository(path), expected);
        }
    }

    #[test]
    fn packages_tools_and_runtimes_are_nobodys_own() {
        for path in [
            "node_modules/lid/index.js",
            "/opt/hostedtoolcache/Python/3.12.1/x64/lib/python3.12/site-packages/lid/a.py",
            "/home/runner/.cargo/registry/src/index-1/lid-1.0.0/src/lib.rs",
            "/usr/local/cargo/registry/src/index-1/lid-1.0.0/src/lib.rs",
            "/opt/cargo/git/checkouts/lid-1/9f01/src/lib.rs",
            "/src/build/_deps/lid-src/lid.cc",
            "internal/modules/cjs/loader.js",
            "deps/lid/lib/lid.ex",
            "/rustc/abc/library/core/src/option.rs",
            "/usr/lib/python3.12/unittest/case.py",
            "/home/runner/go/pkg/mod/example.org/lid@v1.0.0/lid.go",
            "node:internal/modules/cjs/loader",
            "vendor/bundle/ruby/3.3.0/gems/lid-1.0.0/lib/lid.rb",
            "C:\\Users\\anna\\.platformio\\packages\\framework\\Pot.h",
            "/home/anna/.poetry/lib/poetry/console/application.py",
            "~/.julia/packages/Lids/2xY4z/src/lids.jl",
            "C:\\Program Files\\dotnet\\sdk\\a.targets",
            "/usr/bin/lid",
            "/home/anna/.cache/pre-commit/repo1ab/lid.py",
            "/home/runner/work/_temp/3f1c.sh",
            "/var/lib/jenkins/workspace/pot@tmp/durable-1a/script.sh",
            "_build/default/lib/lid/src/lid.erl",
            "/home/runner/.cache/coursier/v1/lid.scala",
            "/home/runner/work/_actions/actions/cache/v4/dist/index.js",
        ] {
            assert!(!is_own(path), "{path}");
        }
        for path in [
            "src/lid.rs",
            "/home/runner/work/pot/pot/lib/lid.rb",
            "internal/lid.go",
            "deps/lid.c",
            "external/lid/lid.cc",
            "src/external/lid/BUILD",
            "tools/configure.py",
            "configure.ac",
            "build/lid.cc",
            "/usr/local/bin/start.sh",
            "Makefile",
            "gems.rb",
        ] {
            assert!(is_own(path), "{path}");
        }
    }

    #[test]
    fn what_a_build_made_is_nobodys_own() {
        for path in [
            "buildtrees/0.vcpkg_dep_info.cmake",
            "C:\\vcpkg\\buildtrees\\lid\\src\\lid.c",
            "build/CMakeFiles/CMakeScratch/TryCompile-1a/check.c",
            "_deps/lid-src/CMakeLists.txt",
            "lid-subbuild/lid-populate-prefix/tmp/lid-populate-gitclone.cmake",
            "build/lid-prefix/src/lid-stamp/lid-build.cmake",
            "/tmp/bazel_1aBc/out/external/local_config_cc/BUILD",
            "/home/anna/.cache/bazel/_bazel_anna/1f2e/external/lid/BUILD.bazel",
            "bazel-pot/external/lid/lid.bzl",
            "bazel-out/k8-fastbuild/bin/lid.cc",
            "../configure",
            "configure",
            "./gradlew",
            ".stack-work/dist/lid/Paths_lid.hs",
            "dist-newstyle/src/lid-1a/lid.hs",
            ".next/server/app/page.js",
        ] {
            assert!(is_generated(path), "{path}");
            assert!(!is_own(path), "{path}");
        }
        for path in
            ["vendor/lid/lid.go", "external/lid/BUILD", "bazel/external.bzl", "node_modules/lid/a.js", "a.c"]
        {
            assert!(!is_generated(path), "{path}");
        }
    }

    #[test]
    fn the_files_of_an_installed_package_are_its_testers_own() {
        let test = "../env/lib/python3.8/site-packages/pot-1.0-py3.8.egg/pot/tests/test_lid.py::Lid::test_x";
        let named = "pot.tests.test_lid.Lid.test_x";
        for path in [
            "/w/env/lib/python3.8/site-packages/pot/tests/test_lid.py",
            "/w/env/lib/python3.8/site-packages/pot-1.0-py3.8.egg/pot/boil.py",
            "/usr/lib/python3/dist-packages/pot/boil.py",
            "C:\\env\\Lib\\site-packages\\pot\\boil.py",
        ] {
            assert!(is_tested(path, test), "{path}");
            assert!(is_tested(path, named), "{path}");
        }
        for path in [
            "/w/env/lib/python3.8/site-packages/jar/lid.py",
            "/w/env/lib/python3.8/site-packages/pot.py",
            "/w/env/lib/python3.8/site-packages/_pytest/python.py",
            "/usr/lib/python3.8/unittest/case.py",
            "node_modules/pot/lid.js",
        ] {
            assert!(!is_tested(path, test), "{path}");
            assert!(!is_tested(path, named), "{path}");
        }
        let jar = "/w/site-packages/jar/lid.py";
        for test in [
            "tests/test_lid.py::test_x",
            "jar",
            "Lid.test_x",
            "/w/site-packages/jar/plugin.py::test_x",
            "/w/site-packages/test_lid.py::test_x",
        ] {
            assert!(!is_tested(jar, test), "{test}");
        }
    }
}
