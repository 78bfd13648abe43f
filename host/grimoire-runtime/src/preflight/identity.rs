//! The world that a component implements, and the imports that it may have.

use super::shown;
use crate::rejection::Rejection;

/// A world that the host supports, in its only version so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum World {
    /// `grimoire:analyzer@0.1.0`.
    Analyzer,
    /// `grimoire:matcher@0.1.0`.
    Matcher,
    /// `grimoire:embedder@0.1.0`.
    Embedder,
}

impl World {
    const ALL: [Self; 3] = [Self::Analyzer, Self::Matcher, Self::Embedder];

    /// The package with its version, for display.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Analyzer => "grimoire:analyzer@0.1.0",
            Self::Matcher => "grimoire:matcher@0.1.0",
            Self::Embedder => "grimoire:embedder@0.1.0",
        }
    }

    /// The exported interface, in the version that the host offers.
    pub(crate) fn export(self) -> &'static str {
        match self {
            Self::Analyzer => "grimoire:analyzer/analyze@0.1.0",
            Self::Matcher => "grimoire:matcher/match-spells@0.1.0",
            Self::Embedder => "grimoire:embedder/embed-texts@0.1.0",
        }
    }
}

/// Grimoire's own interfaces that a plugin may import.
const OWN: [&str; 3] =
    ["grimoire:types/types@0.1.0", "grimoire:types/log@0.1.0", "grimoire:types/budget@0.1.0"];

/// The one of them that only analyzers may import: the other worlds' answers must be functions of their arguments.
const BUDGET: &str = "grimoire:types/budget@0.1.0";

/// Packages of WASI that are linked to inert implementations.
const WASI: [&str; 6] =
    ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

/// Checks that the host offers the import with this name.
pub(super) fn check_import(name: &str) -> Result<(), Rejection> {
    let offered = OWN.join(", ");
    let (interface, version) = split(name);
    if let Some(own) = OWN.iter().find(|own| split(own).0 == interface) {
        return check_version("imports", name, version, own);
    }
    let package = interface.split('/').next().unwrap_or_default();
    if WASI.contains(&package) {
        return match version.map(parse) {
            Some(Some((0, 2, _))) => Ok(()),
            _ => Err(Rejection::new(format!("imports {}; this host offers WASI 0.2", shown(name)))),
        };
    }
    Err(Rejection::new(format!(
        "imports {}, which no plugin gets; a plugin may import {offered} and WASI 0.2 without wasi:http",
        shown(name)
    )))
}

/// Checks that a plugin of this world may use the imports.
pub(super) fn check_world(world: World, imports: &[String]) -> Result<(), Rejection> {
    let uses_budget = imports.iter().any(|import| split(import).0 == split(BUDGET).0);
    match world {
        World::Matcher | World::Embedder if uses_budget => Err(Rejection::new(format!(
            "imports {BUDGET}, which only analyzers get: other answers must not depend on time or memory"
        ))),
        World::Analyzer | World::Matcher | World::Embedder => Ok(()),
    }
}

/// The only world whose interface a component exports.
pub(super) fn world(exports: &[String]) -> Result<World, Rejection> {
    let wanted: Vec<_> = World::ALL.iter().map(|world| world.export()).collect();
    let mut found = None;
    for export in exports {
        let (interface, version) = split(export);
        let Some(world) = World::ALL.into_iter().find(|world| split(world.export()).0 == interface) else {
            continue;
        };
        check_version("exports", export, version, world.export())?;
        if found.replace(world).is_some() {
            return Err(Rejection::new("exports several worlds; a plugin has one"));
        }
    }
    found.ok_or_else(|| {
        let exported = if exports.is_empty() {
            "nothing".to_owned()
        } else {
            exports.iter().take(8).map(|name| shown(name)).collect::<Vec<_>>().join(", ")
        };
        Rejection::new(format!(
            "wanted an export of {}; the component exports {exported}",
            wanted.join(" or ")
        ))
    })
}

/// Checks for the same breaking version as offered, and no newer minor version.
fn check_version(verb: &str, name: &str, version: Option<&str>, offered: &str) -> Result<(), Rejection> {
    let parsed = |text: Option<&str>| text.and_then(parse);
    let have = parsed(split(offered).1).unwrap_or_default();
    let remedy = match parsed(version) {
        Some((major, minor, patch)) if (major, minor) == (have.0, have.1) && patch <= have.2 => return Ok(()),
        Some(wanted) if wanted > have => "run a newer Grimoire, or build the plugin against that",
        _ => "build the plugin against that",
    };
    Err(Rejection::new(format!("{verb} {}; this host offers {offered}: {remedy}", shown(name))))
}

fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((interface, version)) => (interface, Some(version)),
        None => (name, None),
    }
}

/// Three plain numbers. Pre-releases are rejected: none was ever frozen.
fn parse(version: &str) -> Option<(u64, u64, u64)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let parsed = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(import: &str) -> String {
        check_import(import).expect_err("refused").0
    }

    #[test]
    fn imports_are_known_by_name_and_version() {
        for import in [
            "grimoire:types/types@0.1.0",
            "grimoire:types/log@0.1.0",
            "grimoire:types/budget@0.1.0",
            "wasi:cli/environment@0.2.0",
            "wasi:io/poll@0.2.12",
        ] {
            assert_eq!(check_import(import), Ok(()), "{import}");
        }
        assert!(refused("wasi:http/outgoing-handler@0.2.0").contains("wasi:http/outgoing-handler@0.2.0"));
        assert!(refused("grimoire:types/secrets@0.1.0").contains("which no plugin gets"));
        assert_eq!(
            refused("grimoire:types/log@0.1.1"),
            "imports grimoire:types/log@0.1.1; this host offers grimoire:types/log@0.1.0: run a newer Grimoire, or build \
             the plugin against that"
        );
        assert!(
            refused("grimoire:types/log")
                .ends_with("this host offers grimoire:types/log@0.1.0: build the plugin against that")
        );
        assert!(refused("wasi:cli/run@0.3.0").contains("WASI 0.2"));
        assert!(refused("wasi:cli/run").contains("WASI 0.2"));
        assert!(refused("wasi:nn/graph@0.2.0").contains("which no plugin gets"));
        assert!(refused("evil\u{202e}\u{1b}[2J").contains("evil[2J"));
    }

    #[test]
    fn only_an_analyzer_learns_what_is_left_of_its_budget() {
        let imports = ["grimoire:types/log@0.1.0".to_owned(), BUDGET.to_owned()];
        assert_eq!(check_world(World::Analyzer, &imports), Ok(()));
        for world in [World::Matcher, World::Embedder] {
            assert_eq!(check_world(world, &imports[..1]), Ok(()));
            let refused = check_world(world, &imports).expect_err("refused").0;
            assert!(
                refused.starts_with("imports grimoire:types/budget@0.1.0, which only analyzers get"),
                "{refused}"
            );
        }
    }

    #[test]
    fn the_world_is_read_from_the_exports() {
        let world_of = |names: &[&str]| world(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(world_of(&["grimoire:matcher/match-spells@0.1.0", "other"]), Ok(World::Matcher));
        assert_eq!(world_of(&["grimoire:analyzer/analyze@0.1.0"]), Ok(World::Analyzer));
        assert_eq!(world_of(&["grimoire:embedder/embed-texts@0.1.0"]), Ok(World::Embedder));
        let newer = world_of(&["grimoire:analyzer/analyze@0.2.0"]).expect_err("refused").0;
        assert_eq!(
            newer,
            "exports grimoire:analyzer/analyze@0.2.0; this host offers grimoire:analyzer/analyze@0.1.0: run a newer \
             Grimoire, or build the plugin against that"
        );
        assert!(world_of(&[]).expect_err("refused").0.contains("exports nothing"));
        assert!(
            world_of(&["wasi:cli/run@0.2.0"]).expect_err("refused").0.contains("exports wasi:cli/run@0.2.0")
        );
        let both = ["grimoire:matcher/match-spells@0.1.0", "grimoire:analyzer/analyze@0.1.0"];
        assert!(world_of(&both).expect_err("refused").0.contains("several worlds"));
    }

    #[test]
    fn a_host_of_a_later_addition_takes_what_was_built_before_and_no_later() {
        let offered = "grimoire:matcher/match-spells@0.1.3";
        let taken = |version| check_version("exports", "x", Some(version), offered);
        for version in ["0.1.0", "0.1.2", "0.1.3"] {
            assert_eq!(taken(version), Ok(()), "{version}");
        }
        for (version, remedy) in [
            ("0.1.4", "run a newer Grimoire, or build the plugin against that"),
            ("0.2.0", "run a newer Grimoire, or build the plugin against that"),
            ("1.0.0", "run a newer Grimoire, or build the plugin against that"),
            ("0.0.9", "build the plugin against that"),
        ] {
            let refused = taken(version).expect_err("refused").0;
            assert_eq!(refused, format!("exports x; this host offers {offered}: {remedy}"));
        }
    }

    #[test]
    fn only_plain_versions_are_versions() {
        assert_eq!(parse("0.1.0"), Some((0, 1, 0)));
        for text in ["0.1", "0.1.0.0", "0.1.0-rc.1", "", "0.1.x", "-1.0.0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
